//! Seed, labels, linker and assembler: what comes of a text, and which texts they refuse.

use crate::chain::{folder, room, run, stage, text};
use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Gives a text to a stage; for the assembler, and what comes of it to the linker.
fn give(name: &str, input: &Path, out: &Path) -> Output {
    let mut command = Command::new(stage(name));
    match name {
        "seed" | "labels" => command.arg(input).arg(out).output().unwrap(),
        "linker" => command.arg(out).arg(input).output().unwrap(),
        _ => {
            let hex = out.with_extension("hex2");
            let _ = fs::remove_file(&hex);
            let output = command.arg(&hex).arg(input).output().unwrap();
            if output.status.success() { give("linker", &hex, out) } else { output }
        }
    }
}

/// The bytes that a `.expect` writes as pairs of digits.
fn bytes(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    let digits: String =
        text.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "{}", path.display());
    (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect()
}

/// All tests in the stage's folder: `NAME.expect` or `NAME.error` beside `NAME.kind`.
fn check(name: &str, kind: &str) {
    let room = room();
    let out = room.path().join("out");
    let (mut good, mut bad) = (0, 0);
    for input in test_support::files(&folder().join(name).join("tests"), kind) {
        let _ = fs::remove_file(&out);
        let output = give(name, &input, &out);
        let said = text(&output.stderr);
        let (expect, error) = (input.with_extension("expect"), input.with_extension("error"));
        if expect.exists() {
            assert!(output.status.success() && said.is_empty(), "{}: {said}", input.display());
            assert_eq!(fs::read(&out).unwrap(), bytes(&expect), "{}", input.display());
            good += 1;
        } else {
            assert_eq!(output.status.code(), Some(1), "{}", input.display());
            let expected = text(&fs::read(&error).unwrap());
            // The seed says nothing.
            if name != "seed" {
                assert_eq!(said, format!("{}:{expected}", input.display()));
                assert!(!out.exists(), "{} left something", input.display());
            }
            bad += 1;
        }
    }
    assert!(good >= 1 && bad >= 3, "{name}: {good} texts, {bad} errors");
}

#[test]
fn texts_of_the_seed() {
    check("seed", ".hex0");
}

#[test]
fn texts_of_labels() {
    check("labels", ".hex1");
}

#[test]
fn texts_of_the_linker() {
    check("linker", ".hex2");
}

#[test]
fn texts_of_the_assembler() {
    check("assembler", ".asm");
}

/// The seed makes itself of its listing, and every other program of its bytes in hexadecimal.
#[test]
fn the_seed_makes_itself() {
    let room = room();
    let out = room.path().join("seed");
    run(Command::new(stage("seed")).arg(folder().join("seed/seed.hex0")).arg(&out));
    let seed = fs::read(&out).unwrap();
    assert_eq!(seed, bootstrap::seed::read(&folder().join("seed/seed.hex0")).unwrap());
    assert!(seed.len() <= 256);
    for name in ["seed", "labels", "linker", "assembler", "subset"] {
        let hex = room.path().join("hex");
        let program = fs::read(stage(name)).unwrap();
        let digits = program.iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x} ").unwrap();
            digits
        });
        fs::write(&hex, digits).unwrap();
        run(Command::new(stage("seed")).arg(&hex).arg(&out));
        assert_eq!(fs::read(&out).unwrap(), program, "{name}");
    }
}

/// It says nothing, but it does not end well.
#[test]
fn files_of_the_seed() {
    let room = room();
    let (some, out) = (room.path().join("some"), room.path().join("out"));
    fs::write(&some, "00").unwrap();
    let missing = room.path().join("missing");
    for (input, output) in [(&some, Path::new("/dev/full")), (&some, room.path()), (&missing, &out)] {
        let ended = Command::new(stage("seed")).arg(input).arg(output).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{} {}", input.display(), output.display());
    }
}

#[test]
fn files_and_arguments() {
    let room = room();
    let (missing, out, empty) =
        (room.path().join("missing"), room.path().join("out"), room.path().join("empty"));
    fs::write(&empty, "").unwrap();
    let nowhere = room.path().join("nowhere/out");
    for name in ["labels", "linker", "assembler"] {
        let refused = |arguments: &[&PathBuf], expected: String| {
            let output = Command::new(stage(name)).args(arguments).output().unwrap();
            assert_eq!(
                (text(&output.stderr), output.status.code()),
                (expected, Some(1)),
                "{name} {arguments:?}"
            );
        };
        let arguments = |input, out| if name == "labels" { [input, out] } else { [out, input] };
        refused(&arguments(&missing, &out), format!("{}: cannot be read\n", missing.display()));
        refused(&arguments(&empty, &nowhere), format!("{}: cannot be written\n", nowhere.display()));
        let (full, some) = (PathBuf::from("/dev/full"), room.path().join("some"));
        fs::write(&some, if name == "assembler" { "!0" } else { "00" }).unwrap();
        refused(&arguments(&some, &full), "/dev/full: cannot be written\n".to_owned());
        let usage = if name == "labels" { "IN OUT" } else { "OUT IN..." };
        refused(&[], format!("usage: {name} {usage}\n"));
        refused(&[&out], format!("usage: {name} {usage}\n"));
        let large = room.path().join("large");
        let (limit, what) = if name == "labels" { (1, "") } else { (128, "the inputs are ") };
        fs::File::create(&large).unwrap().set_len((limit << 20) + 1).unwrap();
        refused(&arguments(&large, &out), format!("{}: {what}larger than {limit} MiB\n", large.display()));
        assert!(!out.exists());
    }
}

/// Many files are one text, and an error names the one it is in.
#[test]
fn many_files() {
    let room = room();
    let mut files = Vec::new();
    for number in 0..300 {
        let file = room.path().join(format!("{number}"));
        fs::write(&file, format!(":f{number} # no line end")).unwrap();
        files.push(file);
    }
    for name in ["linker", "assembler"] {
        let out = room.path().join(name);
        fs::write(&files[250], "\n%f0 !f299\n").unwrap();
        run(Command::new(stage(name)).arg(&out).args(&files));
        if name == "linker" {
            assert_eq!(fs::read(&out).unwrap(), [0xFC, 0xFF, 0xFF, 0xFF, 0]);
        }
        fs::write(&files[250], "\n\n\n 0").unwrap();
        let output = Command::new(stage(name)).arg(&out).args(&files).output().unwrap();
        let what = if name == "linker" {
            "a byte has two digits, here is only one"
        } else {
            "this word is no macro: 0"
        };
        assert_eq!(text(&output.stderr), format!("{}:4: {what}\n", files[250].display()));
    }
}

/// Numbers of every size against Rust's, also beside the limits.
#[test]
fn numbers_of_the_assembler() {
    let room = room();
    let (input, out) = (room.path().join("in"), room.path().join("out"));
    let mut random = Random(7);
    let (mut words, mut expected, mut refused) = (String::new(), Vec::<u8>::new(), Vec::new());
    for (sign, size) in [('!', 1_u32), ('@', 2), ('%', 4), ('~', 8)] {
        let largest = (1_i128 << (8 * size)) - 1;
        let smallest = -(1_i128 << (8 * size - 1));
        let mut numbers = vec![smallest, smallest + 1, largest, largest - 1, 0, 1, -1];
        numbers.extend((0..200).map(|_| i128::from(random.next().cast_signed()) >> (64 - 8 * size)));
        for number in numbers {
            let hexadecimal = random.below(2) == 0;
            let minus = if number < 0 { "-" } else { "" };
            let digits = number.unsigned_abs();
            let digits = if hexadecimal { format!("0x{digits:X}") } else { digits.to_string() };
            writeln!(words, "{sign}{minus}{digits}").unwrap();
            expected.extend(&number.to_le_bytes()[..size as usize]);
        }
        for number in [smallest - 1, largest + 1, largest * 256] {
            refused.push(format!("{sign}{number}"));
        }
    }
    fs::write(&input, words).unwrap();
    assert!(give("assembler", &input, &out).status.success());
    assert_eq!(fs::read(&out).unwrap(), expected);
    for word in refused {
        fs::write(&input, format!("\n{word}")).unwrap();
        let output = give("assembler", &input, &out);
        assert_eq!(
            text(&output.stderr),
            format!("{}:2: this number does not fit\n", input.display()),
            "{word}"
        );
    }
}

/// Random texts for labels and the linker, with what has to come of them.
#[test]
fn distances() {
    let room = room();
    let (input, out) = (room.path().join("in"), room.path().join("out"));
    let mut random = Random(8);
    for round in 0..200 {
        let linker = round % 2 == 1;
        let names: Vec<String> = (0..20)
            .map(|n| if linker { format!("name{n}'s") } else { char::from(b'a' + n).to_string() })
            .collect();
        let (mut source, mut places, mut offset) = (String::new(), BTreeMap::new(), 0_i64);
        let mut undefined: Vec<&String> = names.iter().collect();
        let mut references = Vec::new();
        let mut expected = Vec::new();
        while !undefined.is_empty() {
            match random.below(if linker { 6 } else { 3 }) {
                0 => {
                    let name = undefined.swap_remove(random.below(undefined.len()));
                    writeln!(source, ":{name} # {name}").unwrap();
                    places.insert(name.clone(), offset);
                }
                1 => {
                    let byte = u8::try_from(random.below(256)).unwrap();
                    write!(source, "{byte:02X}").unwrap();
                    expected.push(byte);
                    offset += 1;
                }
                kind => {
                    let (one, other) = (&names[random.below(20)], &names[random.below(20)]);
                    let written = match kind {
                        2 => format!("%{one}"),
                        3 => format!("!{one}"),
                        4 => format!("&{one}"),
                        _ => format!("%{one}>{other}"),
                    };
                    writeln!(source, " {written} ; {written}").unwrap();
                    let size = if kind == 3 { 1 } else { 4 };
                    offset += size;
                    references.push((expected.len(), kind, one, other, offset));
                    expected.resize(usize::try_from(offset).unwrap(), 0);
                }
            }
        }
        let mut far = false;
        for (at, kind, one, other, behind) in references {
            let (one, other) = (places[one], places[other]);
            let number = match kind {
                2 | 3 => one - behind,
                4 => one + 0x40_0000,
                _ => one - other,
            };
            far |= kind == 3 && i8::try_from(number).is_err();
            let size = if kind == 3 { 1 } else { 4 };
            expected[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
        }
        fs::write(&input, &source).unwrap();
        let output = give(if linker { "linker" } else { "labels" }, &input, &out);
        if far {
            assert!(text(&output.stderr).contains(": too far for one byte: name"), "{source}");
        } else {
            assert_eq!(text(&output.stderr), "", "{source}");
            assert_eq!(fs::read(&out).unwrap(), expected, "{source}");
        }
    }
}
