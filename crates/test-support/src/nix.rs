//! The real Nix of the toolbox, with a store of a test's own.

use crate::{ToolboxFolder, run_with_input, sandbox};
use std::ffi::OsStr;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder in the toolbox with a store of its own.
pub struct NixStore(ToolboxFolder);

impl Deref for NixStore {
    type Target = ToolboxFolder;

    fn deref(&self) -> &ToolboxFolder {
        &self.0
    }
}

impl NixStore {
    /// An empty store; the folder's name begins with `prefix`, to show whose it is.
    pub fn new(prefix: &str) -> Self {
        Self(ToolboxFolder::new(prefix))
    }

    /// The store folder, as its paths are written.
    pub fn store_dir(&self) -> String {
        self.inside("store")
    }

    /// The store's database.
    pub fn database(&self) -> PathBuf {
        self.outside("var/db/db.sqlite")
    }

    /// One of Nix's programs, working on this store.
    pub fn nix(&self, program: &str) -> Nix {
        // Not just chroot: building needs a pseudoterminal, and Nix looks into /proc for many
        // things.
        let mut command = sandbox();
        for (variable, folder) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "var"),
            ("NIX_LOG_DIR", "log"),
            ("HOME", "home"),
            ("TMPDIR", "tmp"),
        ] {
            std::fs::create_dir_all(self.outside(folder)).unwrap();
            command.args(["--setenv", variable, &self.inside(folder)]);
        }
        command.arg(format!("/usr/bin/{program}"));
        Nix { command, input: Vec::new() }
    }

    /// `nix-build`, which prints the store paths that it made.
    pub fn build(&self, expression: &str) -> Nix {
        self.nix("nix-build").args(["--no-out-link", &self.inside(expression)])
    }

    /// Where the file system has a store path that Nix printed.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        self.root().join(path.trim().trim_start_matches('/'))
    }
}

/// A call of one of Nix's programs.
pub struct Nix {
    command: Command,
    input: Vec<u8>,
}

impl Nix {
    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg<S: AsRef<OsStr>>(self, arg: S) -> Self {
        self.args([arg])
    }

    /// Sets what it reads from its standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it, whatever comes of it.
    pub fn output(mut self) -> Output {
        run_with_input(&mut self.command, self.input)
    }

    /// Runs it; it must succeed. Its standard output as bytes.
    #[track_caller]
    pub fn bytes(self) -> Vec<u8> {
        let shown = format!("{:?}", self.command);
        let output = self.output();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shown}: {}\n{errors}", output.status);
        output.stdout
    }

    /// Runs it; it must succeed. Its standard output as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    /// Runs it; it must succeed. The lines of its standard output.
    #[track_caller]
    pub fn lines(self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}
