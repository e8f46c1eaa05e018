//! Diverse double compiling: honest compilers lead to the chain's tcc, another one does not.

use crate::{bootstrap_command, chain, mirror, run};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use test_support::Outcome;

fn ddc(store: &Path, compilers: &[&str]) -> Command {
    let mut command = bootstrap_command(&["ddc", "--from=mirror", "--folder"]);
    command.arg(chain()).arg("--mirror").arg(mirror()).arg("--store").arg(store);
    for compiler in compilers {
        command.args(["--compiler", compiler]);
    }
    command
}

#[test]
fn gcc_and_clang_lead_to_the_same_tcc() {
    let store = tempfile::tempdir().unwrap();
    let report = run(&mut ddc(store.path(), &["gcc", "clang"]));
    assert!(report.contains("gcc: gcc") && report.contains("clang: Debian clang"), "{report}");
    assert_eq!(report.matches("same as the chain's").count(), 2, "{report}");

    // A compiler that puts something into compilers: its tcc writes one instruction of every
    // function's beginning in the other of two ways. Everything works, and no source shows it.
    let trojan = store.path().join("trojan");
    let script = "#!/bin/sh\n\
        [ \"$1\" = --version ] && { echo trojan 1; exit; }\n\
        for last; do [ \"${last%/tcc.c}\" = \"$last\" ] || source=${last%/tcc.c}; done\n\
        cp -r \"$source\" source && chmod -R u+w source\n\
        sed -i s/0xe5894855/0xec8b4855/ source/x86_64-gen.c\n\
        exec gcc -w -static -DONE_SOURCE=1 -I \"$5\" -I source source/tcc.c -o program\n";
    std::fs::write(&trojan, script).unwrap();
    std::fs::set_permissions(&trojan, std::fs::Permissions::from_mode(0o755)).unwrap();
    let report = Outcome::of(&mut ddc(store.path(), &[trojan.to_str().unwrap()])).with_code(1).stdout;
    assert!(report.contains("trojan 1") && report.contains("DIFFERENT from the chain's"), "{report}");
    assert!(report.contains("first difference at byte"), "{report}");
}

#[test]
fn a_missing_or_failing_compiler_is_named() {
    let store = tempfile::tempdir().unwrap();
    let missing = crate::refused(&mut ddc(store.path(), &["no-such-compiler"]));
    assert!(missing.contains("error: the compiler no-such-compiler cannot be started: "), "{missing}");
    assert!(missing.contains("\nhint: install it, or name another with --compiler"), "{missing}");
    let failing = crate::refused(&mut ddc(store.path(), &["false"]));
    assert!(failing.contains("the compiler false failed"), "{failing}");
}
