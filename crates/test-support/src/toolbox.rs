//! The programs that others wrote, in the toolbox root (`cargo xtask toolbox`), and the EFI files that they came with.

use crate::data::files;
use crate::project;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root folder of the toolbox.
pub fn toolbox() -> PathBuf {
    let folder =
        std::env::var_os("SNOWGUARD_TOOLBOX").map_or_else(|| project().join("target/toolbox"), PathBuf::from);
    let found = [folder.join("root"), folder.clone()].into_iter().find(|root| root.join("usr/bin").is_dir());
    let Some(root) = found else {
        panic!("there is no toolbox at {}: run `cargo xtask toolbox`", folder.display());
    };
    root.canonicalize().unwrap()
}

/// Every EFI file of the toolbox: shim and its companions, systemd-boot and its stubs, GRUB, fwupd, Debian's kernel;
/// signed or not.
pub fn efi_files() -> Vec<PathBuf> {
    let root = toolbox();
    let mut found = Vec::new();
    for folder in ["usr/lib", "usr/libexec"] {
        found.extend(files(&root.join(folder), ""));
    }
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let is_kernel = |path: &PathBuf| name(path) == "vmlinuz";
    found.retain(|path| is_kernel(path) || name(path).contains(".efi"));
    assert!(found.iter().any(is_kernel), "no kernel in the toolbox: run `cargo xtask toolbox`");
    found.sort();
    assert!(found.len() >= 19, "only {} EFI files in the toolbox: {found:?}", found.len());
    found
}

/// A folder in the toolbox that goes away at the end of the test.
pub struct Room {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Room {
    /// Makes one; its name begins with `prefix`, to tell whose it is.
    pub fn new(prefix: &str) -> Self {
        let root = toolbox();
        let prefix = format!("{prefix}-");
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(root.join("tmp")).unwrap();
        Self { root, folder }
    }

    /// The root folder of the toolbox.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the room as this machine sees it.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the room as programs of the toolbox see it.
    pub fn inside(&self, name: &str) -> String {
        let folder = Path::new("/").join(self.folder.path().strip_prefix(&self.root).unwrap());
        folder.join(name).into_os_string().into_string().unwrap()
    }

    /// A program of the toolbox, with the room as its folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/usr/bin/env", "-C"]).arg(self.inside("")).arg(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a program that must succeed, and gives what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.try_run(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a program that may fail.
    pub fn try_run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }
}
