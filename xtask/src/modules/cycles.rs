//! Which modules refer to each other in a cycle.
//!
//! Modules that stand side by side should form an order: one that is read first, one that builds on
//! it, and so on. In a cycle none can be understood, tested or moved without the others, and the
//! compiler does not mind.
//!
//! What is compared are children of one parent. A child that uses its parent and is used by it is
//! no cycle here: that is how a parent shares what its children have in common. Re-exports are
//! followed to where the item is defined, so a name taken from a parent counts for the child that
//! it comes from. Tests are left out; they may look at everything.

use super::Modules;
use crate::{metadata, workspace};
use anyhow::bail;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Modules with one parent, each of which reaches each other.
pub(crate) struct Cycle {
    /// The members, as paths from the root, sorted.
    members: Vec<String>,
    /// What refers to what among them, with one example each.
    edges: Vec<Edge>,
}

struct Edge {
    from: String,
    to: String,
    file: PathBuf,
    mention: String,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.members.join(", "))?;
        for Edge { from, to, file, mention } in &self.edges {
            let file = file.strip_prefix(workspace::root()).unwrap_or(file);
            write!(f, "\n    {from} -> {to}: `{mention}` in {}", file.display())?;
        }
        Ok(())
    }
}

/// Checks all crates of the workspace in a folder.
///
/// # Errors
/// When a crate has cycles; all are named.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    for package in metadata::packages(root)? {
        let cycles = Modules::read(&package.root_file)?.cycles();
        problems.extend(cycles.iter().map(|cycle| format!("{}: {cycle}", package.name)));
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

/// For each pair of siblings of which the first refers to the second: where and how, once.
type Edges<'a> = BTreeMap<(usize, usize), (usize, &'a [String])>;

impl Modules {
    /// The cycles, sorted.
    pub(crate) fn cycles(&self) -> Vec<Cycle> {
        // For each pair of siblings, one example of how the first refers to the second.
        let mut edges: Edges<'_> = BTreeMap::new();
        for (index, module) in self.0.iter().enumerate() {
            for mention in &module.mentions {
                if let Some(target) = self.resolve(index, mention, 0)
                    && let Some(pair) = self.siblings(index, target)
                {
                    edges.entry(pair).or_insert((index, mention));
                }
            }
        }
        let reached: Vec<BTreeSet<usize>> = (0..self.0.len()).map(|start| reach(start, &edges)).collect();
        let mut cycles: Vec<Cycle> = (0..self.0.len())
            .filter_map(|index| {
                let members: Vec<usize> =
                    reached[index].iter().copied().filter(|other| reached[*other].contains(&index)).collect();
                // Each cycle once: at its first member.
                (members.first() == Some(&index) && members.len() > 1).then(|| self.cycle(&members, &edges))
            })
            .collect();
        cycles.sort_by(|a, b| a.members.cmp(&b.members));
        cycles
    }

    fn cycle(&self, members: &[usize], edges: &Edges<'_>) -> Cycle {
        let mut names: Vec<String> = members.iter().map(|member| self.path(*member)).collect();
        names.sort();
        let edges = edges
            .iter()
            .filter(|((from, to), _)| members.contains(from) && members.contains(to))
            .map(|((from, to), (at, mention))| Edge {
                from: self.0[*from].name.clone(),
                to: self.0[*to].name.clone(),
                file: self.0[*at].file.clone(),
                mention: mention.join("::"),
            })
            .collect();
        Cycle { members: names, edges }
    }

    /// A module and everything it is in, from the root down.
    fn ancestors(&self, module: usize) -> Vec<usize> {
        let mut line = vec![module];
        let mut at = module;
        while let Some(parent) = self.0[at].parent {
            line.push(parent);
            at = parent;
        }
        line.reverse();
        line
    }

    /// The children of one parent that two modules are in or are; none when one is inside of the
    /// other.
    fn siblings(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let (from, to) = (self.ancestors(from), self.ancestors(to));
        from.into_iter().zip(to).find(|(a, b)| a != b)
    }
}

/// What can be reached from a module, by at least one step.
fn reach(start: usize, edges: &Edges<'_>) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for (_, to) in edges.keys().filter(|(from, _)| *from == at) {
            if reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members of each cycle of a crate whose modules stand in one text.
    fn cycles(text: &str) -> Vec<String> {
        let modules = Modules::parse(text).unwrap();
        modules.cycles().iter().map(|cycle| cycle.members.join(" ")).collect()
    }

    #[test]
    fn siblings_that_refer_to_each_other() {
        assert_eq!(cycles("mod a { use crate::b::X; } mod b { fn f() { super::a::g(); } }"), ["a b"]);
        assert_eq!(
            cycles("mod a { use crate::b::X; } mod b { pub struct X; } mod c { use super::a; }"),
            [""; 0]
        );
        let three = "mod a { use super::b; } mod b { use super::{c::{self, X}, d}; } mod c { use crate::a::Y; } mod d {}";
        assert_eq!(cycles(three), ["a b c"]);
    }

    #[test]
    fn names_are_followed_to_where_they_are_defined() {
        let through_the_parent =
            "pub use self::a::X; mod a { pub struct X; use crate::b; } mod b { use crate::X; }";
        assert_eq!(cycles(through_the_parent), ["a b"]);
        let through_a_glob =
            "use a::*; mod a { pub fn f() { crate::b::g() } } mod b { fn g() { super::f() } }";
        assert_eq!(cycles(through_a_glob), ["a b"]);
        let through_an_import = "mod a { use crate::b; fn f() { b::g() } } mod b { use super::a as other; fn g() { other::f() } }";
        assert_eq!(cycles(through_an_import), ["a b"]);
        let in_a_macro =
            r#"mod a { fn f() { println!("{}", crate::b::X) } } mod b { const Y: u8 = crate::a::Z; }"#;
        assert_eq!(cycles(in_a_macro), ["a b"]);
    }

    #[test]
    fn nested_modules_count_for_the_level_on_which_they_differ() {
        let nested = "mod p { mod a { use super::b::X; } mod b { use super::a::Y; use crate::q; } } mod q {}";
        assert_eq!(cycles(nested), ["p::a p::b"]);
        let across = "mod p { mod a { use crate::q::X; } } mod q { mod b { use crate::p::a; } }";
        assert_eq!(cycles(across), ["p q"]);
    }

    #[test]
    fn what_is_no_cycle() {
        let parent_and_child = "mod a { pub struct X; pub mod b { use super::X; } use b::Y; }";
        assert_eq!(cycles(parent_and_child), [""; 0]);
        let tests = "mod a { use crate::b; } mod b { #[cfg(test)] mod tests { use crate::a; } }";
        assert_eq!(cycles(tests), [""; 0]);
        let other_crates = "mod a { use b::X; } mod b { use ::a::Y; fn f() { a::g() } }";
        assert_eq!(cycles(other_crates), [""; 0]);
    }

    /// Two files for one name, by a condition, are one module.
    #[test]
    fn alternatives() {
        let text = r"mod a { use super::b; }
            #[cfg(x)] mod b { use super::a; }
            #[cfg(not(x))] mod b {}";
        assert_eq!(cycles(text), ["a b"]);
    }
}
