//! From the source of a crate to its modules.

use super::{Module, Modules};
use anyhow::{Context, bail};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use syn::{
    Attribute, Expr, ExprLit, ImplItem, Item, ItemImpl, ItemMod, Lit, Meta, Type, UseTree, Visibility,
};

impl Modules {
    /// Reads a crate from the file of its root, `lib.rs` or `main.rs`.
    ///
    /// # Errors
    /// When a file cannot be read or is not Rust.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut modules = Self(Vec::new());
        let folder = root.parent().unwrap_or(Path::new(""));
        modules.file("crate".to_owned(), None, root, folder)?;
        Ok(modules)
    }

    /// Reads a crate all of whose modules stand in one text.
    #[cfg(test)]
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut modules = Self(Vec::new());
        let items = syn::parse_file(text)?.items;
        modules.add("crate".to_owned(), None, Path::new("lib.rs"), Path::new(""), items)?;
        Ok(modules)
    }

    /// Adds the module in `file`, whose children are in `folder`.
    fn file(
        &mut self,
        name: String,
        parent: Option<usize>,
        file: &Path,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("{} is not Rust", file.display()))?;
        self.add(name, parent, file, folder, parsed.items)
    }

    /// Adds a module. One that is there already has two files, of which a condition takes one: they
    /// count as one module.
    fn add(
        &mut self,
        name: String,
        parent: Option<usize>,
        file: &Path,
        folder: &Path,
        items: Vec<Item>,
    ) -> anyhow::Result<()> {
        let known = parent.and_then(|parent| self.0[parent].children.get(&name).copied());
        let index = known.unwrap_or(self.0.len());
        if known.is_none() {
            if let Some(parent) = parent {
                self.0[parent].children.insert(name.clone(), index);
            }
            self.0.push(Module { name, parent, file: file.to_owned(), ..Module::default() });
        }
        for item in items.into_iter().filter(|item| !is_test(attributes(item))) {
            let (name, public) = name_and_visibility(&item);
            if public && let Some(name) = &name {
                self.0[index].public.insert(name.clone());
            }
            match item {
                Item::Mod(module) => self.child(index, module, file, folder)?,
                Item::Use(import) => {
                    mentions(import.to_token_stream(), &mut self.0[index].mentions);
                    let public = matches!(import.vis, Visibility::Public(_));
                    self.0[index].import(&mut Vec::new(), &import.tree, public);
                }
                item => {
                    self.0[index].items.extend(name);
                    mentions(item.to_token_stream(), &mut self.0[index].mentions);
                    if let Item::Impl(block) = &item {
                        self.0[index].methods.extend(methods(block));
                    }
                }
            }
        }
        Ok(())
    }

    fn child(&mut self, parent: usize, module: ItemMod, file: &Path, folder: &Path) -> anyhow::Result<()> {
        let name = module.ident.to_string();
        let inner = folder.join(&name);
        let given = module.attrs.iter().find_map(file_attribute);
        if let Some((_, items)) = module.content {
            return self.add(name, Some(parent), file, &inner, items);
        }
        let candidates = match given {
            Some(path) => vec![file.with_file_name(path)],
            None => vec![folder.join(format!("{name}.rs")), inner.join("mod.rs")],
        };
        match candidates.iter().find(|candidate| candidate.is_file()) {
            Some(found) => self.file(name, Some(parent), found, &inner),
            None => bail!("{} declares `mod {name}`, which has no file", file.display()),
        }
    }
}

impl Module {
    /// Notes what a `use` brings in.
    fn import(&mut self, prefix: &mut Vec<String>, tree: &UseTree, public: bool) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(prefix, &path.tree, public);
                prefix.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = prefix.last() {
                    self.import_as(last.clone(), prefix.clone(), public);
                }
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.import_as(name.clone(), [&prefix[..], &[name]].concat(), public);
            }
            UseTree::Rename(rename) => {
                let path = [&prefix[..], &[rename.ident.to_string()]].concat();
                self.import_as(rename.rename.to_string(), path, public);
            }
            UseTree::Glob(_) => {
                self.globs.push(prefix.clone());
                if public {
                    self.public_globs.push(prefix.clone());
                }
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(prefix, tree, public));
            }
        }
    }

    fn import_as(&mut self, name: String, path: Vec<String>, public: bool) {
        if public {
            self.public.insert(name.clone());
        }
        self.imports.insert(name, path);
    }
}

/// The type of an `impl` block without a trait, and how many public functions and constants the
/// block has.
fn methods(block: &ItemImpl) -> Option<(Vec<String>, usize)> {
    let Type::Path(path) = &*block.self_ty else { return None };
    if block.trait_.is_some() {
        return None;
    }
    let public = |item: &&ImplItem| match item {
        ImplItem::Fn(function) => matches!(function.vis, Visibility::Public(_)),
        ImplItem::Const(constant) => matches!(constant.vis, Visibility::Public(_)),
        _ => false,
    };
    let names = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    Some((names, block.items.iter().filter(public).count()))
}

/// The path of `#[path = "…"]`.
fn file_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if pair.path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}

/// Collects the paths (of two names at the least) in code; also in macros, where there is nothing
/// but tokens.
fn mentions(tokens: TokenStream, found: &mut BTreeSet<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) => mentions(group.stream(), found),
            TokenTree::Ident(first) => {
                let mut path = vec![first.to_string()];
                while is_separator(&tokens, at) {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                            // A group of a `use`: each of its paths goes on from this one.
                            for rest in group_paths(group.stream()) {
                                found.insert(path.iter().cloned().chain(rest).collect());
                            }
                        }
                        _ => {}
                    }
                    at += 3;
                }
                if path.len() > 1 {
                    found.insert(path);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The paths in the braces of a `use`.
fn group_paths(tokens: TokenStream) -> BTreeSet<Vec<String>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut paths = BTreeSet::new();
    for part in tokens.split(comma) {
        mentions(part.iter().cloned().collect(), &mut paths);
        match part.first() {
            Some(TokenTree::Ident(name)) if !is_separator(part, 1) && name != "self" => {
                paths.insert(vec![name.to_string()]);
            }
            _ => {}
        }
    }
    paths
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Whether an item exists in tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.replace(' ', "").starts_with("all(test,")
        }
        _ => false,
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name of an item, and whether it is `pub`.
fn name_and_visibility(item: &Item) -> (Option<String>, bool) {
    let (name, visibility) = match item {
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Mod(item) => (&item.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        Item::Macro(item) => return (item.ident.as_ref().map(ToString::to_string), false),
        _ => return (None, false),
    };
    (Some(name.to_string()), matches!(visibility, Visibility::Public(_)))
}
