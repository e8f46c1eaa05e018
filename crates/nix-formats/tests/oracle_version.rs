//! Versions and names as the real Nix compares, splits and takes them apart: generated ones, many
//! in one evaluation.

#![allow(clippy::unwrap_used)]

mod generator;

use generator::Generator;
use nix_formats::{DrvName, compare_versions, split_version};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::fs;
use test_support::NixStore;

/// Where the rules have their corners.
const PIECES: &[&str] = &[
    "",
    "0",
    "00",
    "1",
    "01",
    "001",
    "2",
    "9",
    "10",
    "12",
    "99",
    "100",
    "007",
    "2024",
    "20240101",
    "pre",
    "pre1",
    "PRE",
    "rc",
    "rc1",
    "alpha",
    "beta2",
    "a",
    "b",
    "z",
    "A",
    "p1",
    "git",
    "unstable",
    "dev",
    "final",
    "post",
    // The borders of 32 and 64 bits, and past them.
    "2147483646",
    "2147483647",
    "2147483648",
    "02147483647",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999",
    "00000000000000000000001",
    // Characters that are no separators, and some that are more than one byte.
    "+",
    "_",
    "~",
    "+b1",
    "_1",
    "~rc1",
    "1_2",
    "v",
    "v1",
    "ä",
    "é1",
    "1µ",
    "日本",
    " ",
    "\t",
    "=",
    "/",
    ":",
    "$",
    "\"",
    "-",
    ".",
    "--",
    "..",
    ".-",
    "-.",
    "a-",
    "-1",
    ".1",
    "1.",
    "1-",
];

fn version(g: &mut Generator) -> String {
    let separators = ["", ".", ".", ".", "-", "-", "_", "+", "~", "..", ".-"];
    let mut text = String::new();
    for i in 0..g.below(6) {
        if i > 0 {
            text.push_str(g.pick(&separators));
        }
        match g.below(4) {
            0 => text.push_str(&g.below(30).to_string()),
            1 => text.push_str(&g.text("0123456789abpre.-+_~", 6)),
            _ => text.push_str(g.pick(PIECES)),
        }
    }
    text
}

/// Often near the first, or nothing but the very first component would ever be compared.
fn near(g: &mut Generator, version: &str) -> String {
    let mut chars: Vec<char> = version.chars().collect();
    for _ in 0..g.below(3) {
        let at = g.below(chars.len() + 1);
        let inserted = g.pick(&["0", "1", "9", ".", "-", "pre", "a", "p", "r", "", "2147483648", "+"]);
        if g.below(2) == 0 && at < chars.len() {
            chars.remove(at);
        } else {
            chars.splice(at..at, inserted.chars());
        }
    }
    chars.into_iter().collect()
}

fn evaluate(input: &Value, expression: &str) -> Value {
    let nix_store = NixStore::new("nix-formats");
    fs::write(nix_store.outside("input.json"), input.to_string()).unwrap();
    let read = format!("builtins.fromJSON (builtins.readFile {})", nix_store.inside("input.json"));
    let expression = format!("let input = {read}; in {expression}");
    let output = nix_store
        .nix("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--expr", &expression])
        .bytes();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn order_and_components() {
    let mut g = Generator::new(1);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for a in PIECES {
        for b in PIECES {
            pairs.push(((*a).to_owned(), (*b).to_owned()));
            pairs.push((format!("1.{a}"), format!("1.{b}")));
        }
    }
    while pairs.len() < 40_000 {
        let a = version(&mut g);
        let b = if g.below(3) == 0 { version(&mut g) } else { near(&mut g, &a) };
        pairs.push((a, b));
    }
    let theirs = evaluate(
        &json!(pairs),
        "map (p: let a = builtins.elemAt p 0; b = builtins.elemAt p 1; in
            { order = builtins.compareVersions a b; parts = builtins.splitVersion a; }) input",
    );
    let theirs = theirs.as_array().unwrap();
    assert_eq!(theirs.len(), pairs.len());
    let mut seen = [0; 3];
    let mut wrong = Vec::new();
    for ((a, b), theirs) in pairs.iter().zip(theirs) {
        let order = theirs["order"].as_i64().unwrap().cmp(&0);
        seen[match order {
            Ordering::Less => 0,
            Ordering::Equal => 1,
            Ordering::Greater => 2,
        }] += 1;
        let ours = compare_versions(a, b);
        if ours != order {
            wrong.push(format!("{a:?} against {b:?}: {order:?} to Nix, {ours:?} to us"));
        }
        let parts: Vec<&str> =
            theirs["parts"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
        let ours: Vec<&str> = split_version(a).collect();
        if ours != parts {
            wrong.push(format!("{a:?}: Nix splits {parts:?}, we split {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    // What was generated is worth comparing.
    assert!(seen.iter().all(|n| *n > 2_000), "{seen:?}");
}

#[test]
fn names() {
    let mut g = Generator::new(2);
    let words =
        ["hello", "python3.11", "lib", "gtk+", "foo_bar", "x", "xorg", "3d", "ä", "unstable", "source", ""];
    let mut names: Vec<String> = Vec::new();
    while names.len() < 25_000 {
        let name = match g.below(4) {
            0 => g.text("ab1-.+", 10),
            1 => {
                let parts: Vec<String> = (0..g.below(5)).map(|_| g.pick(PIECES).to_owned()).collect();
                parts.join("-")
            }
            _ => {
                let parts: Vec<&str> = (0..=g.below(3)).map(|_| g.pick(&words)).collect();
                format!("{}-{}", parts.join("-"), version(&mut g))
            }
        };
        names.push(name);
    }
    let theirs = evaluate(&json!(names), "map builtins.parseDrvName input");
    let theirs = theirs.as_array().unwrap();
    assert_eq!(theirs.len(), names.len());
    let mut versions = 0;
    for (text, theirs) in names.iter().zip(theirs) {
        let DrvName { name, version } = DrvName::parse(text);
        assert_eq!(
            (name, version),
            (theirs["name"].as_str().unwrap(), theirs["version"].as_str().unwrap()),
            "{text:?}"
        );
        versions += usize::from(!version.is_empty());
    }
    assert!(versions > 5_000 && names.len() - versions > 2_000, "{versions}");
}
