//! The programs of `bootstrap/cc/tests`.

use crate::host;
use std::fs;
use std::path::Path;

/// Names of the files in the tests' folder that end in `ending`, without it.
pub(crate) fn names(ending: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(host::tests())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(ending).map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}

/// The files of a test: one, or those of its folder.
pub(crate) fn files(name: &str) -> Vec<String> {
    let folder = host::tests().join(name);
    if !folder.is_dir() {
        return vec![format!("{name}.c")];
    }
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| Path::new(file).extension().is_some_and(|extension| extension == "c"))
        .map(|file| format!("{name}/{file}"))
        .collect();
    files.sort();
    files
}

/// Each program does what its file of expectations says.
#[test]
fn programs_do_what_is_expected() {
    let names = names(".expect");
    assert!(names.len() >= 40, "{names:?}");
    for name in names {
        let program = host::room().join(format!("expected-{name}"));
        let output = host::compile(&host::tests(), &files(&name), &program);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let expected = fs::read_to_string(host::tests().join(format!("{name}.expect"))).unwrap();
        assert_eq!(host::said(&program), expected, "{name}");
    }
}

/// The expectations are what gcc makes of the programs.
#[test]
fn gcc_agrees_with_the_expectations() {
    for name in names(".expect") {
        let program = host::room().join(format!("gcc-{name}"));
        // A function that is missing must be left out before it is missed.
        let flags = ["-O1", "-ffunction-sections", "-Wl,--gc-sections"];
        let flags = if name == "dead_code" { &flags[..] } else { &["-O0"] };
        host::compile_by_gcc(&host::tests(), &files(&name), &program, flags);
        let expected = fs::read_to_string(host::tests().join(format!("{name}.expect"))).unwrap();
        assert_eq!(host::said(&program), expected, "{name}");
    }
}

/// What must be refused, with the place and the reason.
#[test]
fn refusals() {
    let names = names(".error");
    assert!(names.len() >= 80, "{names:?}");
    for name in names {
        let program = host::room().join(format!("refused-{name}"));
        let output = host::compile(&host::tests(), &[format!("{name}.c")], &program);
        let expected = fs::read_to_string(host::tests().join(format!("{name}.error"))).unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected, "{name}");
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(!program.exists(), "{name}: a program was written");
    }
}
