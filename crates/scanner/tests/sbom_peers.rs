//! SBOMs that other programs write: the same document in each of its forms must give the same
//! packages.

#![allow(clippy::unwrap_used)]

mod common;

use matching::Package;
use scanner::targets::{ReadOptions, TargetKind, detect, read};
use std::path::Path;
use std::process::Command;

/// Random documents by the reference implementation of CycloneDX, whose XML the published XSD
/// accepts.
const CYCLONEDX: &str = include_str!("peers/cyclonedx.py");

/// The same for SPDX 2.2 and 2.3 by the SPDX project's library.
const SPDX: &str = include_str!("peers/spdx.py");

fn write(program: &str, forms: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(test_support::peers().join("bin/python"))
        .args(["-c", program])
        .arg(folder.path())
        .args(forms)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn packages(path: &Path, kind: TargetKind) -> Vec<Package> {
    assert_eq!(detect(path).unwrap(), kind, "{}", path.display());
    let contents = read(path, Some(kind), &ReadOptions::default()).unwrap().1;
    // A version that is left out, and names that stand twice, are all that is wrong with them.
    for warning in &contents.warnings {
        let known = ["has no version", "the package URL says"].iter().any(|t| warning.problem.contains(t));
        assert!(known, "{}: {warning}", path.display());
    }
    contents.packages
}

fn assert_same(left: &[Package], right: &[Package], what: &str) {
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left, right, "{what}");
    }
    assert_eq!(left.len(), right.len(), "{what}");
}

#[test]
fn cyclonedx_in_both_forms() {
    let folder = write(CYCLONEDX, &[]);
    let (mut all, mut documents, mut statements) = (0, 0, 0);
    for number in 0..10 {
        for version in ["1.4", "1.5", "1.6", "1.7"] {
            let file = |suffix: &str| folder.path().join(format!("{number}-{version}.{suffix}"));
            let (json, xml) = (
                packages(&file("json"), TargetKind::CycloneDx),
                packages(&file("xml"), TargetKind::CycloneDx),
            );
            assert_same(&json, &xml, &format!("{number} {version}"));
            all += json.len();
            documents += 1;
            let said = |suffix: &str| {
                let bytes = std::fs::read(file(suffix)).unwrap();
                let mut said = scanner::vex::parse(&bytes, "x").unwrap().statements;
                // Members of a set have no order.
                for statement in &mut said {
                    statement.origin.clear();
                }
                said.sort_by_key(|s| (s.cve, s.reason.clone()));
                said
            };
            let (json, xml) = (said("json"), said("xml"));
            assert_eq!(json, xml, "{number} {version}");
            statements += json.len();
        }
    }
    assert!(documents == 40 && all > 300 && statements > 100, "{documents} {all} {statements}");
}

#[test]
fn spdx_in_all_forms() {
    const FORMS: [&str; 4] = ["json", "spdx", "yaml", "xml"];
    let folder = write(SPDX, &FORMS);
    let mut all = 0;
    for number in 0..12 {
        let file = |suffix: &str| folder.path().join(format!("{number}.{suffix}"));
        // Packages of the same name come in any order.
        let sorted = |form: &str| {
            let mut packages = packages(&file(form), TargetKind::Spdx);
            packages.sort_by_key(|p| format!("{p:?}"));
            packages
        };
        let json = sorted("json");
        all += json.len();
        for form in FORMS {
            assert_same(&json, &sorted(form), &format!("{number} {form}"));
        }
    }
    assert!(all > 30, "{all}");
}
