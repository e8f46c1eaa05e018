//! Running the real Nix of the toolbox root (`cargo xtask toolbox`), each test in a folder of its own inside it.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use nix_formats::store_path::StoreDir;
use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder in the toolbox with a store of its own, which goes away at the end of the test.
pub(crate) struct Room(test_support::Room);

impl Deref for Room {
    type Target = test_support::Room;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        Self(test_support::Room::new("nix-formats"))
    }

    /// The logical store folder of [`Room::nix`].
    pub(crate) fn store_dir(&self) -> StoreDir {
        StoreDir::new(&self.inside("store")).unwrap()
    }

    /// The database of that store.
    pub(crate) fn database(&self) -> PathBuf {
        self.outside("var/db/db.sqlite")
    }

    /// Runs one of Nix's programs on a store in this room.
    pub(crate) fn nix(&self, program: &str) -> Nix {
        // Not just chroot: building wants a pseudoterminal, and Nix asks /proc for many things.
        let mut command = Command::new("bwrap");
        command.arg("--bind").arg(self.root()).args(["/", "--dev", "/dev", "--proc", "/proc", "--clearenv"]);
        command.args(["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]);
        for (variable, folder) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "var"),
            ("NIX_LOG_DIR", "log"),
            ("HOME", "home"),
            ("TMPDIR", "tmp"),
        ] {
            fs::create_dir_all(self.outside(folder)).unwrap();
            command.args(["--setenv", variable, &self.inside(folder)]);
        }
        command.arg(format!("/usr/bin/{program}"));
        Nix { command, input: Vec::new() }
    }
}

/// A call of a program.
pub(crate) struct Nix {
    command: Command,
    input: Vec<u8>,
}

impl Nix {
    pub(crate) fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn arg<S: AsRef<std::ffi::OsStr>>(self, arg: S) -> Self {
        self.args([arg])
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Whatever comes of it.
    pub(crate) fn output(mut self) -> Output {
        test_support::ask(&mut self.command, self.input)
    }

    /// Its standard output; it must succeed.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let shown = format!("{:?}", self.command);
        let output = self.output();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shown}: {}\n{errors}", output.status);
        output.stdout
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn lines(self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}
