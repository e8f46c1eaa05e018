//! Running the real Nix of the toolbox root (`cargo xtask toolbox`), each test in a folder of its own inside it.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix_formats::store_path::StoreDir;

/// The root folder of the toolbox.
pub(crate) fn root() -> PathBuf {
    let folder = std::env::var_os("SNOWGUARD_TOOLBOX")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/toolbox"), PathBuf::from);
    for root in [folder.join("root"), folder.clone()] {
        if root.join("usr/bin/nix").exists() {
            return root.canonicalize().unwrap();
        }
    }
    panic!("there is no toolbox at {}: run `cargo xtask toolbox`", folder.display());
}

/// A folder in the toolbox that goes away at the end of the test.
pub(crate) struct Room {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        let root = root();
        let folder = tempfile::Builder::new().prefix("nix-formats-").tempdir_in(root.join("tmp")).unwrap();
        Self { root, folder }
    }

    /// The folder as this machine sees it.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder as programs of the toolbox see it.
    pub(crate) fn inside(&self, name: &str) -> String {
        let folder = Path::new("/").join(self.folder.path().strip_prefix(&self.root).unwrap());
        folder.join(name).into_os_string().into_string().unwrap()
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
        command.arg("--bind").arg(&self.root).args(["/", "--dev", "/dev", "--proc", "/proc", "--clearenv"]);
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
        let Self { command, input } = &mut self;
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(input);
        // Beside reading, or both sides could wait for the other. It may well stop reading early.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        output
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
