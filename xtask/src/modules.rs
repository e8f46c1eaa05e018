//! The modules of a crate: what each defines, brings in and mentions.
//!
//! Read from the source, because cargo knows crates only and the compiler shows nothing of this on
//! a stable toolchain.

mod cycles;
mod read;
mod surface;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub(crate) use self::cycles::check;

/// All modules of a crate; the first is its root. Tests are left out.
pub(crate) struct Modules(Vec<Module>);

/// One module, in a file or inline.
#[derive(Default)]
struct Module {
    name: String,
    parent: Option<usize>,
    file: PathBuf,
    children: BTreeMap<String, usize>,
    /// Names brought in by `use`, with the path as it is written.
    imports: BTreeMap<String, Vec<String>>,
    /// Modules all of whose names are brought in.
    globs: Vec<Vec<String>>,
    /// Names of the items defined here.
    items: BTreeSet<String>,
    /// Paths in the code, as they are written.
    mentions: BTreeSet<Vec<String>>,
    /// What is `pub`: items, children, and names brought in.
    public: BTreeSet<String>,
    /// Those of `globs` that are `pub`.
    public_globs: Vec<Vec<String>>,
    /// Public functions and constants of types: the path of the type, and how many.
    methods: Vec<(Vec<String>, usize)>,
}

impl Modules {
    /// The path of a module from the root, such as `ingest::zip`.
    fn path(&self, module: usize) -> String {
        let mut names: Vec<&str> = Vec::new();
        let mut at = module;
        while let Some(parent) = self.0[at].parent {
            names.push(&self.0[at].name);
            at = parent;
        }
        names.reverse();
        names.join("::")
    }

    /// The module of this crate in which the item of a path is defined, as the path is written in
    /// `module`.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(module, rest, depth),
            "super" => {
                let parent = self.0[module].parent?;
                if rest.first().is_some_and(|next| next == "super") {
                    self.resolve(parent, rest, depth)
                } else {
                    self.descend(parent, rest, depth)
                }
            }
            name => {
                let known = &self.0[module];
                let local = known.children.contains_key(name) || known.imports.contains_key(name);
                if local { self.descend(module, path, depth) } else { None }
            }
        }
    }

    /// Follows the rest of a path from a module of this crate.
    fn descend(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        // An import of a crate's name refers to itself in this view.
        if depth > 16 {
            return None;
        }
        let Some((first, rest)) = path.split_first() else { return Some(module) };
        let known = &self.0[module];
        if let Some(child) = known.children.get(first) {
            return self.descend(*child, rest, depth);
        }
        if let Some(import) = known.imports.get(first) {
            let whole: Vec<String> = import.iter().chain(rest).cloned().collect();
            return self.resolve(module, &whole, depth + 1);
        }
        if known.items.contains(first) {
            return Some(module);
        }
        let from_glob = known.globs.iter().find_map(|glob| {
            let target = self.resolve(module, glob, depth + 1)?;
            self.0[target].has(first).then(|| self.descend(target, path, depth + 1))
        });
        from_glob.unwrap_or(Some(module))
    }
}

impl Module {
    fn has(&self, name: &str) -> bool {
        self.children.contains_key(name) || self.imports.contains_key(name) || self.items.contains(name)
    }
}
