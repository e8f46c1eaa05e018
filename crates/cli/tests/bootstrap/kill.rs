//! A build that is killed goes on where it was, and comes to the same end.

use crate::{build, run};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn killed_at_twenty_moments() {
    // Reproducible, but no one chose them: multiples of the golden ratio.
    let moments = (1..=20).map(|number| f64::from(number) * 0.618_033_988_749_895 % 1.0);
    let expected = {
        let store = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        (run(&mut build(store.path())), begun.elapsed())
    };
    let (expected, whole) = expected;
    let mut store = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for moment in moments {
        let mut child = build(store.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(moment * 0.5));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        wait_for_the_last(store.path());
        if status.success() {
            // It was done before: whether that was right, and again with nothing.
            assert_eq!(run(&mut build(store.path())), expected);
            store = tempfile::tempdir().unwrap();
        } else {
            killed += 1;
        }
    }
    assert!(killed >= 10, "only {killed} of 20 builds were killed before they were done");
    assert_eq!(run(&mut build(store.path())), expected);
}

/// No process of a killed build stays: helpers have a file of the store open, the log, and the
/// others see folders of the store.
fn wait_for_the_last(store: &Path) {
    let store = store.canonicalize().unwrap();
    let name = store.file_name().unwrap().to_str().unwrap();
    let is_open = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|process| {
            let mounts = std::fs::read_to_string(process.path().join("mountinfo"));
            if mounts.is_ok_and(|mounts| mounts.contains(name)) {
                return true;
            }
            let files = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
            files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file.starts_with(&store))
        })
    };
    for _ in 0..1000 {
        if !is_open() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("ten seconds after the driver was killed one of its processes still runs");
}
