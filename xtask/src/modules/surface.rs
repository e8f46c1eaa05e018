//! How much of a crate others can see.

use super::Modules;
use std::collections::BTreeSet;

impl Modules {
    /// How many items others can name: those of public modules and those that are re-exported, each
    /// once, with the public functions and constants of types. Modules, fields, variants and what
    /// traits bring are not counted.
    pub(crate) fn public_items(&self) -> usize {
        let mut surface = BTreeSet::new();
        self.visit(0, &mut BTreeSet::new(), &mut surface);
        let methods = self.0.iter().enumerate().flat_map(|(at, module)| {
            let found = module.methods.iter().map(move |(path, count)| (self.item(at, path), *count));
            found.filter_map(|(item, count)| Some((item?, count)))
        });
        let methods: usize = methods.filter(|(item, _)| surface.contains(item)).map(|(_, count)| count).sum();
        surface.len() + methods
    }

    /// Collects the items of a module that others can see, as modules with names.
    fn visit(&self, at: usize, visited: &mut BTreeSet<usize>, surface: &mut BTreeSet<(usize, String)>) {
        if !visited.insert(at) {
            return;
        }
        let module = &self.0[at];
        for name in &module.public {
            if let Some(child) = module.children.get(name) {
                self.visit(*child, visited, surface);
            } else if let Some(path) = module.imports.get(name) {
                match self.resolve(at, path, 0) {
                    Some(target) if path.last() == Some(&self.0[target].name) => {
                        self.visit(target, visited, surface);
                    }
                    Some(target) => surface.extend(path.last().map(|name| (target, name.clone()))),
                    // Of another crate.
                    None => surface.extend([(at, name.clone())]),
                }
            } else {
                surface.insert((at, name.clone()));
            }
        }
        for glob in &module.public_globs {
            if let Some(target) = self.resolve(at, glob, 0) {
                self.visit(target, visited, surface);
            }
        }
    }

    /// The item that a path names, as module and name.
    fn item(&self, at: usize, path: &[String]) -> Option<(usize, String)> {
        let name = path.last()?;
        let local = path.len() == 1 && self.0[at].items.contains(name);
        let module = if local { at } else { self.resolve(at, path, 0)? };
        Some((module, name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_name() {
        let count = |text: &str| Modules::parse(text).unwrap().public_items();
        assert_eq!(count("pub fn f() {} fn g() {} pub(crate) fn h() {}"), 1);
        assert_eq!(
            count("pub struct S; impl S { pub fn a() {} fn b() {} } impl Clone for S { fn clone() {} }"),
            2
        );
        // Private modules show what is re-exported, public ones what is public in them; nothing
        // counts twice.
        assert_eq!(count("mod a { pub struct S; pub struct T; impl S { pub fn f() {} } } pub use a::S;"), 2);
        assert_eq!(count("pub mod a { pub struct S; } pub use a::S; pub use a::*;"), 1);
        assert_eq!(count("pub mod a { pub mod b { pub fn f() {} } mod c { pub fn g() {} } }"), 1);
        assert_eq!(count("pub use serde::Serialize;"), 1);
    }
}
