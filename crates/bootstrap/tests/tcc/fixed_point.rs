//! tcc compiles itself to the same bytes, whoever compiled the first one.

use crate::host;
use bootstrap::Object;
use std::path::Path;

fn check(tcc0: &Path, room: &Path) -> Object {
    let (tcc1, tcc2) = host::stages(tcc0, room);
    let first = Object::at(&tcc1).unwrap();
    assert_eq!(first, Object::at(&tcc2).unwrap(), "tcc1 and tcc2 differ");
    let plan = host::plan();
    for step in ["tcc1", "tcc2"] {
        if let Some(pin) = plan.step(step).unwrap().outputs["tcc"] {
            assert_eq!(first.sha256, pin, "{step} is pinned to another tcc");
        }
    }
    first
}

#[test]
fn gcc_clang_and_cc_lead_to_one_tcc() {
    let room = host::room();
    let made = |name: &str| {
        let path = room.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let one = made("one");
    let tcc = check(&host::tcc_by("gcc", &["-O0"], &one), &one);
    let two = made("a folder of another name");
    assert_eq!(tcc, check(&host::tcc_by("gcc", &["-O2"], &two), &two), "gcc -O2");
    let three = made("three");
    assert_eq!(tcc, check(&host::tcc_by("clang", &["-O1"], &three), &three), "clang");
    let four = made("four");
    let tcc0 = host::step("tcc0", &[("cc", &host::cc(&four))], &four).join("tcc0");
    assert_eq!(tcc, check(&tcc0, &four), "cc");
}

/// What the folders of a build are called must not be found in what it makes.
#[test]
fn no_path_leaks() {
    let room = host::room();
    let (_, tcc2) = host::stages(&host::tcc_by("gcc", &["-O0"], room.path()), room.path());
    for path in test_support::files(&tcc2, "") {
        let bytes = std::fs::read(&path).unwrap();
        for leak in [room.path().to_str().unwrap(), host::tcc_source().to_str().unwrap(), "/usr/"] {
            let found = bytes.windows(leak.len()).any(|window| window == leak.as_bytes());
            assert!(!found, "{} has {leak} in it", path.display());
        }
    }
}
