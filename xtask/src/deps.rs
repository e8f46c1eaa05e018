//! Which crates may know which: the rules of ARCHITECTURE.md as a table, held against what cargo
//! resolves.

use crate::metadata::{self, Package};
use crate::workspace;
use anyhow::bail;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The crates of the workspace that a crate may link. Arrows go down: a crate stands below all that
/// may name it. What only tests use is free.
///
/// Every crate has a line here, so a new one has to say where it stands.
const ARROWS: &[(&str, &[&str])] = &[
    // Ground.
    ("files", &[]),
    ("terminal", &[]),
    ("http-client", &["files"]),
    ("nix-formats", &["files"]),
    ("vulnerability", &[]),
    // The tracker's wing.
    ("vulnerability-db", &["files", "http-client", "terminal", "vulnerability"]),
    ("matching", &["vulnerability"]),
    ("scanner", &["files", "matching", "nix-formats", "terminal", "vulnerability", "vulnerability-db"]),
    (
        "tracker",
        &[
            "files",
            "http-client",
            "matching",
            "nix-formats",
            "scanner",
            "terminal",
            "vulnerability",
            "vulnerability-db",
        ],
    ),
    // The boot wing.
    ("authenticode", &["files"]),
    ("secure-boot", &["authenticode", "files"]),
    // The bootstrap wing.
    ("bootstrap", &["files", "http-client", "nix-formats", "terminal"]),
    // Programs.
    (
        "cli",
        &[
            "authenticode",
            "bootstrap",
            "files",
            "http-client",
            "matching",
            "nix-formats",
            "scanner",
            "secure-boot",
            "terminal",
            "tracker",
            "vulnerability",
            "vulnerability-db",
        ],
    ),
    ("xtask", &["authenticode", "files", "matching", "nix-formats", "vulnerability", "vulnerability-db"]),
    // Only tests use it, and it uses nobody.
    ("test-support", &[]),
];

/// What a crate must not link, however far down.
struct Forbidden {
    package: &'static str,
    /// The features that the rule is about.
    features: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const SQLITE: &[&str] = &["rusqlite", "libsqlite3-sys"];
const NETWORK: &[&str] = &["ureq", "rustls", "ring", "http"];
const COMPRESSION: &[&str] = &["flate2", "zstd", "zstd-sys", "zip"];
const FILES: &[&str] = &["files", "tempfile"];
const SYSTEM: &[&str] = &["libc", "rustix", "nix", "getrandom", "tempfile", "files", "ring", "cryptoki"];

const FORBIDDEN: &[Forbidden] = &[
    rule("vulnerability", &["default"], SQLITE, "it is pure"),
    rule("vulnerability", &["default"], NETWORK, "it is pure"),
    rule("vulnerability", &["default"], COMPRESSION, "it is pure"),
    rule("vulnerability", &["default"], FILES, "it is pure"),
    rule("matching", &["default"], SQLITE, "it is pure"),
    rule("matching", &["default"], NETWORK, "it is pure"),
    rule("matching", &["default"], COMPRESSION, "it is pure"),
    rule("matching", &["default"], FILES, "it is pure"),
    rule("nix-formats", &[], SQLITE, "PID 1 and bootspec use it without features"),
    rule("nix-formats", &[], &["ed25519-dalek"], "PID 1 and bootspec use it without features"),
    rule("nix-formats", &["default"], NETWORK, "it reads formats"),
    rule("authenticode", &[], SYSTEM, "the boot stub uses its core, without an operating system"),
    rule("authenticode", &["default"], SQLITE, "the boot wing needs no database"),
    rule("secure-boot", &["default"], SQLITE, "the boot wing needs no database"),
    rule(
        "secure-boot",
        &["default"],
        &["ureq", "rustls", "http"],
        "it changes a machine's state and asks nobody",
    ),
];

const fn rule(
    package: &'static str,
    features: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
) -> Forbidden {
    Forbidden { package, features, names, why }
}

/// Checks both tables.
///
/// # Errors
/// When a crate knows what it may not, with all such cases named.
pub(crate) fn check() -> anyhow::Result<()> {
    let packages = metadata::packages(workspace::root())?;
    let mut problems = arrows(&packages, ARROWS);
    let mut known: BTreeMap<(&str, &[&str]), BTreeSet<String>> = BTreeMap::new();
    for rule in FORBIDDEN {
        let Some(package) = packages.iter().find(|package| package.name == rule.package) else {
            problems.push(format!("a rule is about {}, which does not exist", rule.package));
            continue;
        };
        let linked = match known.entry((rule.package, rule.features)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let has = |name: &&str| package.features.contains_key(*name);
                let features: Vec<&str> = rule.features.iter().copied().filter(has).collect();
                entry.insert(metadata::linked(workspace::root(), rule.package, &features)?)
            }
        };
        let found: Vec<&str> = rule.names.iter().copied().filter(|name| linked.contains(*name)).collect();
        if !found.is_empty() {
            let with = if rule.features.is_empty() { " without features" } else { "" };
            problems.push(format!("{}{with} links {}, but {}", rule.package, found.join(", "), rule.why));
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n       ")) }
}

/// What the crates of the workspace know of each other and may not, as sentences.
fn arrows(packages: &[Package], table: &[(&str, &[&str])]) -> Vec<String> {
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for package in packages {
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == package.name) else {
            problems.push(format!("{} has no line in xtask/src/deps.rs", package.name));
            continue;
        };
        let inside = package.dependencies.iter().map(String::as_str).filter(|name| names.contains(name));
        for name in inside.filter(|name| !allowed.contains(name)) {
            problems
                .push(format!("{} may not use {name} (ARCHITECTURE.md, xtask/src/deps.rs)", package.name));
        }
    }
    for (name, _) in table.iter().filter(|(name, _)| !names.contains(name)) {
        problems.push(format!("xtask/src/deps.rs has a line for {name}, which does not exist"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            root_file: "lib.rs".into(),
            rust_version: None,
            features: BTreeMap::new(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn arrows_that_are_not_in_the_table() {
        let table: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("gone", &[])];
        let packages = [package("a", &["b", "serde"]), package("b", &["a"]), package("c", &[])];
        assert_eq!(
            arrows(&packages, table),
            [
                "a may not use b (ARCHITECTURE.md, xtask/src/deps.rs)",
                "c has no line in xtask/src/deps.rs",
                "xtask/src/deps.rs has a line for gone, which does not exist",
            ]
        );
    }

    /// The table itself goes down only: no crate reaches itself.
    #[test]
    fn the_table_has_no_cycle() {
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        while placed.len() < ARROWS.len() {
            let before = placed.len();
            let ready = ARROWS.iter().filter(|(_, below)| below.iter().all(|name| placed.contains(name)));
            placed.extend(ready.map(|(name, _)| *name).collect::<Vec<_>>());
            assert!(placed.len() > before, "a cycle, or a name without a line: {placed:?}");
        }
    }
}
