//! The programs that others wrote, in the toolbox root (`cargo xtask toolbox`), and the EFI files
//! that they came with.

use crate::data::files;
use crate::{Arguments, Scratch, project};
use std::ops::Deref;
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

/// Every EFI file of the toolbox: shim and its helpers, systemd-boot and its stubs, GRUB, fwupd,
/// Debian's kernel; signed or not.
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

/// Bubblewrap with the toolbox as `/`, without network; to it belong more binds, a program and its
/// arguments. For programs that `chroot` is not enough for: they need `/proc`, a terminal, or
/// folders in other places.
pub fn sandbox() -> Command {
    let mut command = Command::new("bwrap");
    command.arg("--bind").arg(toolbox()).args(["/", "--dev", "/dev", "--proc", "/proc"]);
    command.args(["--unshare-net", "--unshare-pid", "--die-with-parent", "--clearenv"]);
    command.args(["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]);
    command
}

/// A folder in the toolbox that goes away at the end of the test.
#[derive(Debug)]
pub struct ToolboxFolder {
    root: PathBuf,
    scratch: Scratch,
}

impl Deref for ToolboxFolder {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl ToolboxFolder {
    /// Makes one; its name begins with `prefix`, to show whose it is.
    pub fn new(prefix: &str) -> Self {
        let root = toolbox();
        let scratch = Scratch::within(&root.join("tmp"), &format!("{prefix}-"));
        Self { root, scratch }
    }

    /// The root folder of the toolbox.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the folder as this machine sees it.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// A file of the folder as programs of the toolbox see it.
    pub fn inside(&self, name: &str) -> String {
        let folder = Path::new("/").join(self.scratch.folder().strip_prefix(&self.root).unwrap());
        folder.join(name).into_os_string().into_string().unwrap()
    }

    /// Copies files that the toolbox's packages bring: from where, below the root, and to which
    /// name.
    pub fn take(&self, files: &[(&str, &str)]) {
        for (from, to) in files {
            let from = self.root.join(from);
            std::fs::copy(&from, self.path(to)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }

    /// A program of the toolbox, which works in this folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/usr/bin/env", "-C"]).arg(self.inside("")).arg(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a program that must succeed. What it printed to standard output.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: impl Arguments) -> String {
        let arguments = arguments.list();
        let output = self.command(program).args(&arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a program that may fail.
    #[track_caller]
    pub fn try_run(&self, program: &str, arguments: impl Arguments) -> Output {
        self.command(program).args(arguments.list()).output().unwrap()
    }
}
