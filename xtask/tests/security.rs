//! SECURITY.md names every place with `unsafe` code, and no other.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a line has the keyword outside of comments and of names such as `unsafe_code`.
fn has_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

#[test]
fn every_unsafe_place_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        sources(&entry.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 100);
    files.retain(|file| fs::read_to_string(file).unwrap().lines().any(has_unsafe));
    let found: BTreeSet<String> =
        files.iter().map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect();

    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named = text.lines().filter_map(|line| line.strip_prefix("- `crates/")?.split_once("`:"));
    let named: BTreeSet<String> = named.map(|(path, _)| format!("crates/{path}")).collect();
    assert_eq!(found, named);
}

#[test]
fn the_keyword_is_recognised() {
    assert!(has_unsafe("let x = unsafe { f() };") && has_unsafe("unsafe fn f() {}"));
    assert!(!has_unsafe("#[expect(unsafe_code)]") && !has_unsafe("// unsafe { }"));
}
