//! tcc's own tests, `tests/tests2` of its source, with tcc2 and the libc of the bootstrap.

use crate::host;
use serde::Deserialize;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `bootstrap/tcc/tests2.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
    skip: Vec<Skip>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default = "yes")]
    run: bool,
    #[serde(default = "yes", rename = "static")]
    linked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    name: String,
    reason: String,
}

fn yes() -> bool {
    true
}

/// As `diff -b` sees it: any white space is one blank, and none at the end of a line.
fn plain(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words = |line: &str| {
        let joined = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.starts_with(char::is_whitespace) && !joined.is_empty() {
            format!(" {joined}")
        } else {
            joined
        }
    };
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

/// Runs a program with both of its outputs in one file; whether it ended well within 20 seconds.
fn run(command: &mut Command, output: &File) -> bool {
    let clone = || Stdio::from(output.try_clone().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(clone()).stderr(clone()).spawn().unwrap();
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        if begin.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            child.wait().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The case in one of the two ways; what it printed.
fn output(case: &Case, stage: &Path, folder: &Path, linked: bool) -> Vec<u8> {
    let path = folder.join(format!("{}.{}", case.name, if linked { "static" } else { "run" }));
    let file = File::create(&path).unwrap();
    let source = format!("{}.c", case.name);
    let mut tcc = host::tcc(stage);
    tcc.current_dir(folder).args(&case.flags);
    if linked {
        let built = run(tcc.arg(source).args(["-o", "a.exe"]), &file);
        if built {
            run(Command::new(folder.join("a.exe")).current_dir(folder).args(&case.arguments), &file);
        }
    } else {
        run(tcc.arg("-run").arg(source).args(&case.arguments), &file);
    }
    fs::read(path).unwrap()
}

#[test]
fn tcc_passes_its_own_tests() {
    let room = host::room();
    let (_, stage) = host::stages(&host::tcc_by("gcc", &["-O0"], room.path()), room.path());
    let table: Table =
        toml::from_str(&fs::read_to_string(host::folder().join("tcc/tests2.toml")).unwrap()).unwrap();

    // A copy: messages name files relative to it, and some cases write.
    let folder = room.path().join("tests2");
    fs::create_dir(&folder).unwrap();
    for path in test_support::files(&host::tcc_source().join("tests/tests2"), "") {
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let mut names: Vec<String> = test_support::files(&folder, ".c")
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        // The Makefile takes ??_*.c and ???_*.c.
        .filter(|name| name.find('_').is_some_and(|at| at == 2 || at == 3))
        .collect();
    names.sort();
    for name in table.case.iter().map(|case| &case.name).chain(table.skip.iter().map(|skip| &skip.name)) {
        assert!(names.contains(name), "tests2.toml names {name}, which is no case");
    }

    let (mut passed, mut failed) = (0, Vec::new());
    for name in &names {
        if let Some(skip) = table.skip.iter().find(|skip| skip.name == *name) {
            println!("left out: {name}: {}", skip.reason);
            continue;
        }
        let common =
            Case { name: name.clone(), flags: Vec::new(), arguments: Vec::new(), run: true, linked: true };
        let case = table.case.iter().find(|case| case.name == *name).cloned().unwrap_or(common);
        let expected = plain(&fs::read(folder.join(format!("{name}.expect"))).unwrap());
        for linked in [false, true] {
            if !(if linked { case.linked } else { case.run }) {
                continue;
            }
            let got = plain(&output(&case, &stage, &folder, linked));
            if got == expected {
                passed += 1;
            } else {
                failed.push(format!("{name} (static: {linked}):\n{got}\n--- expected\n{expected}"));
            }
        }
    }
    println!("{passed} passed");
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
    assert!(passed > 180, "only {passed} were run");
}
