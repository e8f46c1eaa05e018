//! The table in `bootstrap/README.md` counts what is there.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use test_support::{files, project};

/// Lines of all files in a folder, or of its files of one kind.
fn lines(folder: &Path, kinds: &[&str]) -> usize {
    let mut paths: Vec<_> = kinds.iter().flat_map(|kind| files(folder, kind)).collect();
    paths.sort();
    paths.dedup();
    let wanted = |path: &&std::path::PathBuf| {
        let inner = path.strip_prefix(folder).unwrap();
        !inner.starts_with("tests")
    };
    paths.iter().filter(wanted).map(|path| fs::read_to_string(path).unwrap().lines().count()).sum()
}

#[test]
fn the_table_counts_what_is_there() {
    let bootstrap = project().join("bootstrap");
    let text = fs::read_to_string(bootstrap.join("README.md")).unwrap();
    let cell = |stage: &str, number: usize| -> String {
        let row = text.lines().find(|line| line.starts_with(&format!("| [{stage}]"))).unwrap();
        row.split('|').nth(number).unwrap().trim().to_owned()
    };
    let counted = [
        ("seed", lines(&bootstrap.join("seed"), &[".hex0"])),
        ("labels", lines(&bootstrap.join("labels"), &[".hex0"])),
        ("linker", lines(&bootstrap.join("linker"), &[".hex1"])),
        ("assembler", lines(&bootstrap.join("assembler"), &[".hex2", ".asm"])),
        ("subset", lines(&bootstrap.join("subset"), &[".asm"])),
        ("run", lines(&bootstrap.join("run"), &[".asm"])),
        ("cc", lines(&bootstrap.join("cc"), &[".c"])),
        ("libc", lines(&bootstrap.join("libc"), &[".c", ".h", ".S"])),
        ("tcc", lines(&bootstrap.join("tcc"), &[".c", ".h"])),
    ];
    let wrong: Vec<_> = counted.iter().filter(|(stage, lines)| cell(stage, 4) != lines.to_string()).collect();
    assert!(wrong.is_empty(), "the README has other numbers of lines: {wrong:?}");
}
