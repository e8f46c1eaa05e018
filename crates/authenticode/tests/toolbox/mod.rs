//! The programs that others wrote, in the toolbox root (`cargo xtask toolbox`), and the EFI files that they came with.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root folder of the toolbox.
pub(crate) fn root() -> PathBuf {
    let folder = std::env::var_os("SNOWGUARD_TOOLBOX")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/toolbox"), PathBuf::from);
    for root in [folder.join("root"), folder.clone()] {
        if root.join("usr/bin/sbverify").exists() {
            return root.canonicalize().unwrap();
        }
    }
    panic!("there is no toolbox at {}: run `cargo xtask toolbox`", folder.display());
}

/// The real data that is shared beside the project.
pub(crate) fn data(path: &str) -> PathBuf {
    let folder = std::env::var_os("SNOWGUARD_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = folder.join(path);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// Every EFI file of the toolbox: shim and its companions, systemd-boot and its stubs, GRUB, fwupd; signed or not.
pub(crate) fn efi_files() -> Vec<PathBuf> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.join("usr/lib"), root.join("usr/libexec")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && name.contains(".efi") {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    assert!(files.len() >= 18, "only {} EFI files in the toolbox: {files:?}", files.len());
    files
}

/// A folder in the toolbox that goes away at the end of the test.
pub(crate) struct Room {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        let root = root();
        let folder = tempfile::Builder::new().prefix("authenticode-").tempdir_in(root.join("tmp")).unwrap();
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

    /// A program of the toolbox, with the room as its folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/usr/bin/env", "-C"]).arg(self.inside("")).arg(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a program that must succeed, and gives what it printed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.try_run(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a program that may fail.
    pub(crate) fn try_run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }
}
