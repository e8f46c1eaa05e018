//! The front half of `bootstrap/cc` (from text to tokens), judged by the host's gcc: its
//! preprocessor, its constants, its floating-point arithmetic.

#![allow(clippy::unwrap_used)]

#[path = "preprocessor/front.rs"]
mod front;
#[path = "preprocessor/literals.rs"]
mod literals;
#[path = "preprocessor/macros.rs"]
mod macros;

use std::fs;
use std::process::Command;

/// Files and what gcc makes of them: token for token.
#[test]
fn expansions() {
    let folder = front::tests("pp");
    let names = front::names(&folder, ".expect");
    assert!(names.len() >= 40, "{names:?}");
    for name in names {
        let ours = front::accept("-E", &folder, &format!("{name}.c"));
        let expected = fs::read_to_string(folder.join(format!("{name}.expect"))).unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&ours), words(&expected), "{name}");
    }
}

/// What must be refused, with the place.
#[test]
fn refusals() {
    let folder = front::tests("pp/errors");
    let names = front::names(&folder, ".error");
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let output = front::run("-t", &folder, &format!("{name}.c"));
        let expected = fs::read_to_string(folder.join(format!("{name}.error"))).unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

/// Values, types and bytes of constants, which gcc has computed.
#[test]
fn constants() {
    let folder = front::tests("numbers");
    let names = front::names(&folder, ".expect");
    assert_eq!(names, ["floats", "integers", "strings"]);
    for name in names {
        let ours = front::accept("-t", &folder, &format!("{name}.c"));
        let expected = fs::read_to_string(folder.join(format!("{name}.expect"))).unwrap();
        for (ours, expected) in ours.lines().zip(expected.lines()) {
            assert_eq!(ours, expected, "{name}");
        }
        assert_eq!(ours.lines().count(), expected.lines().count(), "{name}");
    }
}

/// Sums, products, quotients and conversions, as the processor computes them.
#[test]
fn arithmetic() {
    let main_file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preprocessor/arithmetic.c");
    let program = front::build("arithmetic", &main_file);
    let output = front::succeed(Command::new(program).arg("200000"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "200000 rounds, 0 wrong\n");
}
