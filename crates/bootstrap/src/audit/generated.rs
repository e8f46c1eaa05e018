//! Files that programs made, in archives of sources.
//!
//! A generated file can be read, but it is not what its authors wrote, and nobody reads it. Taking
//! it is a decision: the chain should make it again from its source, do without it, or say that it
//! is trusted. Files are recognised by what they hold: what generators write into their first
//! lines, what parsers and scanners define, tables that consist of numbers, and what binaries begin
//! with.
//!
//! What these rules do not find: a generated file that says so nowhere and looks like others.

mod marks;
mod tables;

use files::FileError;
use marks::{MAGIC, MARKS};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// A file that a program made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its path in the archive.
    pub path: String,
    /// The rule that found it.
    pub rule: &'static str,
    /// The line that says so, counted from 1; 0 if its first bytes say so.
    pub line: usize,
    /// That line, shortened.
    pub text: String,
    /// Its size.
    pub bytes: u64,
}

/// How much of a file is looked at: generators say so at the beginning.
const HEAD: u64 = 64 * 1024;
/// How many of its lines.
const LINES: usize = 60;
/// A line this long was not typed.
const LONG_LINE: usize = 5000;

/// Looks at all files below a folder, in the order of their names: how many there are, and what is
/// generated.
pub fn find_generated(folder: &Path) -> Result<(usize, Vec<GeneratedFile>), FileError> {
    let mut hits = Vec::new();
    let mut files = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).map_err(FileError::on("list", &here))? {
            let entry = entry.map_err(FileError::on("list", &here))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(FileError::on("read", &path))?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files += 1;
                let mut head = Vec::new();
                let bytes = File::open(&path).and_then(|file| {
                    file.take(HEAD).read_to_end(&mut head)?;
                    Ok(entry.metadata()?.len())
                });
                let bytes = bytes.map_err(FileError::on("read", &path))?;
                let name = entry.file_name();
                if let Some((rule, line, text)) = judge(&name.to_string_lossy(), &head) {
                    let path = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                    hits.push(GeneratedFile { path, rule, line, text, bytes });
                }
            }
        }
    }
    hits.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((files, hits))
}

/// Whether a program made a file that has this name and begins like this: the rule, the line, and
/// what it says.
fn judge(name: &str, head: &[u8]) -> Option<(&'static str, usize, String)> {
    if let Some((rule, _)) = MAGIC.iter().find(|(_, magic)| head.starts_with(magic)) {
        // Two letters are few: text may begin with them.
        if *rule != "PE or DOS program" || head.contains(&0) {
            return Some((rule, 0, String::new()));
        }
    }
    if head.contains(&0) {
        return Some(("binary", 0, String::new()));
    }
    let text = String::from_utf8_lossy(head);
    // Sentences are broken between lines: a mark may begin on one and end on the next.
    let lines: Vec<String> = text.lines().take(LINES + 1).map(str::to_lowercase).collect();
    for (number, line) in lines.iter().take(LINES).enumerate() {
        let two = match lines.get(number + 1) {
            Some(next) => {
                format!("{} {}", line.trim_end(), next.trim_start_matches(['#', '*', ';', '/', ' ', '\t']))
            }
            None => line.clone(),
        };
        let begins = |words: &[&str]| {
            words.first().is_some_and(|first| two.find(first).is_some_and(|at| at <= line.len()))
        };
        if let Some((rule, _)) =
            MARKS.iter().find(|(_, words)| begins(words) && words.iter().all(|word| two.contains(word)))
        {
            return Some((rule, number + 1, shorten(text.lines().nth(number).unwrap_or_default())));
        }
        if marks::is_banner(name, number, line) {
            return Some(("says so", number + 1, shorten(text.lines().nth(number).unwrap_or_default())));
        }
    }
    if let Some((rule, number)) = marks::definition(&text.to_lowercase()) {
        return Some((rule, number + 1, shorten(text.lines().nth(number).unwrap_or_default())));
    }
    match tables::numbers(name, head) {
        0 => {}
        numbers => return Some(("table", 0, format!("{numbers} numbers, and hardly anything else"))),
    }
    if let Some(number) = text.lines().position(|line| line.len() > LONG_LINE) {
        return Some(("minified", number + 1, shorten(text.lines().nth(number).unwrap_or_default())));
    }
    None
}

fn shorten(line: &str) -> String {
    terminal::clean(line.trim()).chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_lines_tell() {
        let rule = |text: &[u8]| judge("file.c", text).map(|(rule, line, _)| (rule, line));
        assert_eq!(
            rule(b"#! /bin/sh\n# Guess values.\n# Generated by GNU Autoconf 2.69.\n"),
            Some(("autoconf", 3))
        );
        assert_eq!(
            rule(b"# Makefile.in generated by automake 1.16.1 from Makefile.am.\n"),
            Some(("automake", 1))
        );
        assert_eq!(rule(b"/* A Bison parser, made by GNU Bison 3.8.2.  */\n"), Some(("bison", 1)));
        assert_eq!(
            rule(b"/* config.h.in.  Generated from configure.ac by autoheader.  */\n"),
            Some(("autoheader", 1))
        );
        assert_eq!(
            rule(b"This is gcc.info, produced by makeinfo version 4.13 from x.\n"),
            Some(("makeinfo", 1))
        );
        assert_eq!(
            rule(b"\n/* This file is automatically\n * generated. Do not edit. */"),
            Some(("says so", 2))
        );
        assert_eq!(
            rule(b"\n/*  A Bison parser, made from plural.y\n    by GNU bison 1.35.  */\n"),
            Some(("bison", 2))
        );
        assert_eq!(
            rule(b"/* config.h.in.  Generated automatically from configure.in by autoheader 2.13.  */\n"),
            Some(("autoheader", 1))
        );
        assert_eq!(rule(b"int a;\n#define YYBISON 1\n"), Some(("bison", 2)));
        assert_eq!(rule(b"#define YY_FLEX_MAJOR_VERSION 2\n"), Some(("flex", 1)));
        for banner in [
            "/* Note this file is auto-generated from gen-mul-tables.cc.",
            "; Generated automatically by genopt.sh from mips-cpus.def.",
            ";; Generated automatically from genmova.sh",
            "# Generated from ltmain.m4sh.",
            "/*  Generated by contrib/unicode/gen_wcwidth.py, with the help of glibc's",
            "!This file is machine generated.",
            "// Created by cgo -godefs - DO NOT EDIT",
            "# file.c is generated from file.tpl by 'autogen file.def'.",
        ] {
            assert_eq!(rule(format!("\n{banner}\n").as_bytes()), Some(("says so", 2)), "{banner}");
        }
        assert_eq!(rule(b"\x7fELF\x02"), Some(("ELF", 0)));
        assert_eq!(rule(b"MZ\x90\0"), Some(("PE or DOS program", 0)));
        assert_eq!(rule(b"a\0b"), Some(("binary", 0)));
        assert_eq!(rule(format!("a\n{}", "x;".repeat(3000)).as_bytes()), Some(("minified", 2)));
        for written in [
            &b"MZ is how these begin.\n"[..],
            b"int main(void) { return 0; }\n",
            b"# Process this file with autoconf to produce a configure script.\n",
            b"/* Code for generated tables is in gen.c; edit it as you like. */\n",
            b"/* Generated by file.c, which is this file: that prints it. */\n",
            b"# other.in is generated from other.tpl by autogen.\n",
            b"  puts (\"#define YYBISON 1\");\n",
            b"generated by *gnatbind* for a simple program.\n",
            b"/* Values generated by adding 7777 are different. */\n",
            b"",
        ] {
            assert_eq!(rule(written), None, "{:?}", String::from_utf8_lossy(written));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            judge("a.h", &bytes);
        }
    }
}
