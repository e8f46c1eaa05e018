//! Text from outside on a terminal: names, records, certificates and settings that hold escape
//! sequences. Whatever the command, nothing may reach the terminal but text and what we ourselves
//! draw.
//!
//! This needs a real terminal: elsewhere colours are left out anyway, and other sequences with
//! them.

#![allow(clippy::unwrap_used)]

mod boot;
mod bootstrap;
mod pty;
mod records;

use std::ffi::OsStr;
use std::path::PathBuf;
use test_support::{Snowguard, snowguard};

/// A title for the window, a bell, a cleared screen, a colour, C1, text turned round, and two lines
/// that pretend to be ours. It may stand in file names.
const HOSTILE: &str = "evil\u{1b}]0;TITLE\u{7}\u{1b}[2J\u{1b}[45m\u{9b}31m\u{202e}\rFORGED\nFORGED";

/// A folder in which everything happens.
struct Scene {
    folder: tempfile::TempDir,
    snowguard: Snowguard,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let snowguard = snowguard!().in_folder(folder.path());
        Self { folder, snowguard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs it on a terminal. It must end with this code, print the hostile text, and do no harm.
    #[track_caller]
    fn harmless(&self, code: i32, arguments: &[&str]) {
        let printed = self.run(code, arguments);
        assert!(printed.contains("FORGED"), "{arguments:?} does not print the hostile text: {printed}");
    }

    /// Runs it on a terminal. It must end with this code and do no harm. Gives what it printed.
    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let (ended, text) = self.run_any(arguments);
        assert_eq!(ended, code, "{arguments:?}: {text}");
        text
    }

    /// Runs it on a terminal. It must do no harm. Gives its code and what it printed.
    #[track_caller]
    fn run_any(&self, arguments: &[&str]) -> (i32, String) {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let (code, printed) = pty::on_terminal(self.snowguard.command(&arguments));
        let text = String::from_utf8_lossy(&printed).into_owned();
        if let Some(harm) = pty::harm(&printed) {
            panic!("{arguments:?} prints {harm}:\n{text:?}");
        }
        (code, text)
    }
}

#[test]
fn arguments() {
    let scene = Scene::new();
    scene.harmless(2, &[HOSTILE]);
    scene.harmless(2, &["scan", &format!("--{HOSTILE}")]);
    scene.harmless(2, &["scan", "--format", HOSTILE]);
    scene.harmless(2, &["show", HOSTILE]);
    scene.harmless(2, &["help", HOSTILE]);
    scene.run(0, &["--help"]);
    scene.run(0, &["db", "update", "--help"]);
}
