//! The libc's tests, `bootstrap/libc/tests`: what they print is what they print with glibc.

use crate::host;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tests whose output is compared as it is.
const EXACT: [&str; 10] = [
    "math_exact",
    "printf_float",
    "printf_integer",
    "process",
    "scanf",
    "signal",
    "stdio",
    "stdlib",
    "strtod",
    "time",
];

/// Programs that cc builds have no signal handlers.
const NOT_FOR_CC: &str = "signal";

fn source(test: &str) -> PathBuf {
    host::folder().join("libc/tests").join(format!("{test}.c"))
}

fn expected(test: &str) -> String {
    let text = fs::read_to_string(source(test).with_extension("expect")).unwrap();
    assert!(!text.is_empty());
    text
}

/// What a program prints; its temporary files go to `room`.
fn printed(program: &Path, room: &Path) -> String {
    let output = Command::new(program).current_dir(room).output().unwrap();
    assert!(output.status.success(), "{}: {}", program.display(), output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn by_glibc(test: &str, room: &Path) -> String {
    let program = room.join(format!("{test}-glibc"));
    host::run(
        Command::new("gcc").args(["-w", "-fno-builtin"]).arg(source(test)).arg("-o").arg(&program).arg("-lm"),
    );
    printed(&program, room)
}

/// The files of the libc, in the order of the step tcc0.
fn sources() -> Vec<PathBuf> {
    let plan = host::plan();
    let argv = plan.step("tcc0").unwrap().run.first().unwrap();
    argv.iter()
        .filter_map(|file| file.strip_prefix("/in/src/"))
        .map(|file| host::folder().join("libc/src").join(file))
        .collect()
}

fn by_cc(cc: &Path, test: &str, room: &Path) -> String {
    let program = room.join(format!("{test}-cc"));
    host::run(
        Command::new(cc)
            .arg("-o")
            .arg(&program)
            .arg("-I")
            .arg(host::folder().join("libc/include"))
            .arg(source(test))
            .args(sources()),
    );
    printed(&program, room)
}

fn by_tcc(stage: &Path, test: &str, room: &Path) -> String {
    let program = room.join(format!("{test}-tcc"));
    host::run(host::tcc(stage).arg(source(test)).arg("-o").arg(&program));
    printed(&program, room)
}

/// gcc with nothing of the host's.
fn bare_gcc() -> Command {
    let mut gcc = Command::new("gcc");
    gcc.args(["-std=c99", "-O1", "-w", "-ffreestanding", "-nostdlib", "-nostdinc", "-static", "-no-pie"])
        .args(["-fno-pic", "-fno-builtin", "-fno-stack-protector", "-Wl,-z,noexecstack", "-Wl,--no-warnings"])
        .arg("-I")
        .arg(host::folder().join("libc/include"));
    gcc
}

/// The libc compiled by gcc: its objects.
fn gcc_objects(room: &Path) -> Vec<PathBuf> {
    let objects = room.join("objects");
    fs::create_dir(&objects).unwrap();
    let amd64 = host::folder().join("libc/amd64");
    let assembly = ["entry.S", "kernel.S", "setjmp.S"].map(|file| amd64.join(file));
    host::run(bare_gcc().arg("-c").args(sources()).args(assembly).current_dir(&objects));
    test_support::files(&objects, ".o")
}

fn by_gcc(objects: &[PathBuf], test: &str, room: &Path) -> String {
    let program = room.join(format!("{test}-gcc"));
    host::run(bare_gcc().arg(source(test)).args(objects).arg("-o").arg(&program));
    printed(&program, room)
}

fn tcc2(room: &Path) -> PathBuf {
    host::stages(&host::tcc_by("gcc", &["-O0"], room), room).1
}

#[test]
fn expectations_are_those_of_glibc() {
    let room = host::room();
    for test in EXACT {
        assert_eq!(by_glibc(test, room.path()), expected(test), "{test}");
    }
}

#[test]
fn all_compilers_print_what_glibc_prints() {
    let room = host::room();
    let (cc, tcc, objects) = (host::cc(room.path()), tcc2(room.path()), gcc_objects(room.path()));
    for test in EXACT {
        let expected = expected(test);
        assert_eq!(by_gcc(&objects, test, room.path()), expected, "{test}, gcc");
        assert_eq!(by_tcc(&tcc, test, room.path()), expected, "{test}, tcc");
        if test != NOT_FOR_CC {
            assert_eq!(by_cc(&cc, test, room.path()), expected, "{test}, cc");
        }
    }
}

/// The distance of two doubles in units of the last place.
fn distance(a: u64, b: u64) -> u64 {
    let line = |bits: u64| {
        let value = i64::from_ne_bytes(bits.to_ne_bytes());
        if value < 0 { i64::MIN - value } else { value }
    };
    if f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan() { 0 } else { line(a).abs_diff(line(b)) }
}

#[test]
fn mathematics_are_close_to_glibcs() {
    let room = host::room();
    let (cc, tcc, objects) = (host::cc(room.path()), tcc2(room.path()), gcc_objects(room.path()));
    let theirs = by_glibc("math_close", room.path());
    for (compiler, ours) in [
        ("gcc", by_gcc(&objects, "math_close", room.path())),
        ("tcc", by_tcc(&tcc, "math_close", room.path())),
        ("cc", by_cc(&cc, "math_close", room.path())),
    ] {
        assert_eq!(ours.lines().count(), theirs.lines().count());
        let mut worst: BTreeMap<&str, u64> = BTreeMap::new();
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            let ((call, a), (same_call, b)) =
                (ours.rsplit_once(' ').unwrap(), theirs.rsplit_once(' ').unwrap());
            assert_eq!(call, same_call);
            let bits = |text| u64::from_str_radix(text, 16).unwrap();
            let (function, distance) = (call.split_once(' ').unwrap().0, distance(bits(a), bits(b)));
            let entry = worst.entry(function).or_default();
            *entry = distance.max(*entry);
            // glibc's manual: its own cbrt is up to 4 units off, its tanh 2.
            let limit = match function {
                "cbrt" => 4,
                "tanh" => 2,
                _ => 1,
            };
            assert!(distance <= limit, "{compiler}: {ours}\nglibc: {theirs}");
        }
        println!("{compiler}: {worst:?}");
    }
}
