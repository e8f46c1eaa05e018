//! The audit of the project's own chain: the seed judged by objdump, sizes by wc, generated files
//! by what real archives hold.

#![allow(clippy::unwrap_used)]

mod common;

use bootstrap::audit::{Audit, AuditMachine, find_generated, write_text};
use bootstrap::{Contents, InputOrigin, seed};
use common::{folder, plan};
use std::collections::BTreeSet;
use std::process::Command;

fn audit() -> Audit {
    let machine =
        AuditMachine { kernel: Some("Linux 1.2.3".into()), driver: Some((77, "abc".into())), checkout: None };
    Audit::new(&plan(), &Contents::of(std::path::Path::new("/nowhere")), &machine).unwrap()
}

#[test]
fn every_byte_of_the_seed_is_told_and_objdump_agrees() {
    let audit = audit();
    let bytes: Vec<u8> = audit.seed.lines.iter().flat_map(|line| line.bytes.clone()).collect();
    assert_eq!(bytes, seed::read(&folder().join("seed/seed.hex0")).unwrap());
    assert!(bytes.len() <= seed::LARGEST);
    for line in &audit.seed.lines {
        assert!(!line.meaning.is_empty(), "line {} does not say what its bytes are", line.number);
    }
    assert!(audit.seed.disassembler.as_ref().unwrap().contains("objdump"));
    assert_eq!(audit.seed.disagreements, Vec::<String>::new());
    let (code, headers) = audit.seed.parts();
    assert_eq!((code + headers, headers), (bytes.len(), 64 + 56));
}

#[test]
fn sizes_are_those_of_wc() {
    let audit = audit();
    let plan = plan();
    for part in &audit.written {
        let mut files = BTreeSet::new();
        for origin in plan.steps.iter().flat_map(|step| step.inputs.values()) {
            let InputOrigin::File(path) = origin else { continue };
            if path.starts_with(&part.name) {
                let path = plan.folder.join(path);
                let inside = test_support::files(path.parent().unwrap(), "");
                files.extend(inside.into_iter().filter(|file| file.starts_with(&path)));
            }
        }
        files.retain(|file| {
            let below = file.strip_prefix(&plan.folder).unwrap();
            !below.iter().any(|part| part == "tests") && file.extension().is_none_or(|kind| kind != "md")
        });
        let output = Command::new("cat").args(&files).output().unwrap();
        let counted = test_support::run_with_input(Command::new("wc").arg("-lc"), output.stdout);
        let counted = String::from_utf8(counted.stdout).unwrap();
        let numbers: Vec<u64> = counted.split_whitespace().map(|n| n.parse().unwrap()).collect();
        assert_eq!((part.files, vec![part.lines, part.bytes]), (files.len(), numbers), "{}", part.name);
    }
    assert_eq!(audit.written[0].name, "seed");
}

#[test]
fn what_is_trusted_is_said() {
    let audit = audit();
    let mut out = Vec::new();
    write_text(&mut out, &audit, true).unwrap();
    let out = String::from_utf8(out).unwrap();
    for told in [
        "this driver: 77 bytes, sha256 abc",
        "Rust compiler",
        "the kernel: Linux 1.2.3",
        "plan --commands",
        "export",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    for source in plan().sources.values() {
        assert!(out.contains(&source.sha256.to_string()));
    }
    let json = audit.json();
    assert_eq!(json["trusted"].as_array().unwrap().len(), audit.trusted.len());
    assert_eq!(json["seed"]["lines"].as_array().unwrap().len(), audit.seed.lines.len());
}

/// Files that generators of the toolbox and of this machine have made, and files that people wrote.
#[test]
fn real_generated_files_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    // Programs, an archive and an image, as compilers and others made them.
    write("program", &std::fs::read("/bin/true").unwrap());
    let gzip = test_support::run_with_input(Command::new("gzip").arg("-c"), "text");
    write("packed.gz", &gzip.stdout);
    let object =
        Command::new("ar").arg("rc").arg(folder.path().join("lib.a")).arg("/bin/true").output().unwrap();
    assert!(object.status.success());
    let pod =
        test_support::run_with_input(Command::new("pod2man").arg("--utf8"), "=head1 NAME\n\nx - y\n\n=cut\n");
    assert!(pod.status.success());
    write("page.1", &pod.stdout);
    // Tables of what characters are, as ctype of C libraries has them: made here of Rust's own.
    let letters: Vec<u8> = (0..4096_u32)
        .map(|row| {
            let bit = |at: u32| char::from_u32(row * 8 + at).is_some_and(char::is_alphabetic);
            (0..8).fold(0, |byte, at| byte | u8::from(bit(at)) << at)
        })
        .collect();
    let table: Vec<String> = letters.iter().map(|byte| format!("{byte},")).collect();
    write("alpha.h", table.join("").replace("255,255,", "255,255,\n").as_bytes());
    write("hand.c", b"int main(void) { return 0; }\n");
    let (files, hits) = find_generated(folder.path()).unwrap();
    let found: Vec<(&str, &str)> = hits.iter().map(|hit| (hit.path.as_str(), hit.rule)).collect();
    assert_eq!(files, 6);
    assert_eq!(
        found,
        [
            ("alpha.h", "table"),
            ("lib.a", "object archive"),
            ("packed.gz", "gzip"),
            ("page.1", "man page"),
            ("program", "ELF")
        ]
    );
    // Nothing of the chain itself was made by a program.
    for part in [
        "seed",
        "labels",
        "linker",
        "assembler",
        "subset",
        "cc",
        "run",
        "libc/src",
        "libc/include",
        "libc/amd64",
        "tcc",
    ] {
        let (_, hits) = find_generated(&common::folder().join(part)).unwrap();
        assert_eq!(hits, [], "{part}");
    }
}

/// Parsers and scanners whose first lines somebody has taken out.
#[test]
fn parsers_are_found_without_their_first_lines() {
    let folder = tempfile::tempdir().unwrap();
    let bison = "/* A parser */\n#define YYBISON 1\nstatic const yytype_int8 yytable[] =\n{ 1 };\n";
    std::fs::write(folder.path().join("parser.c"), bison).unwrap();
    let flex = "#line 3 \"scan.c\"\n#define  YY_INT_ALIGNED short int\n#define YY_FLEX_MAJOR_VERSION 2\n";
    std::fs::write(folder.path().join("scan.c"), flex).unwrap();
    let (_, hits) = find_generated(folder.path()).unwrap();
    assert_eq!(hits.iter().map(|hit| (hit.rule, hit.line)).collect::<Vec<_>>(), [("bison", 2), ("flex", 3)]);
}
