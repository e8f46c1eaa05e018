//! The step `aarch64`: lints for ARM machines, and pure crates tested as ARM programs.
//!
//! A compiler for that target comes from Debian alone: `rustc-web` with the standard libraries of
//! amd64 and arm64. Its packages are unpacked into a folder of `target`, never installed, so that
//! neither dpkg's architectures nor apt's lists change. Debian's ordinary cross compiler links, and
//! compiles the parts in C; QEMU runs what comes out.

use crate::{debian, process, workspace};
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// Part of the stamp: raise it when the way the toolchain is made changes.
const RECIPE: u32 = 1;
/// What is installed: linker and C compiler, the C library that they need, and what runs programs
/// of arm64.
const INSTALLED: &[&str] = &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"];
/// What is only unpacked, with those of its dependencies that begin as [`LIBRARIES`] do: their
/// names hold versions.
const UNPACKED: &[&str] =
    &["rustc-web", "rust-web-clippy", "libstd-rust-web-dev", "libstd-rust-web-dev:arm64"];
const LIBRARIES: &[&str] = &["libstd-rust-web-", "libllvm"];
/// Crates that are computation only: their unit tests say something about the processor, such as
/// the order of bytes or the sign of `c_char`. They need no part in C without their features.
const PURE: &[&str] = &["files", "matching", "nix-formats", "terminal", "vulnerability"];

/// Lints the libraries and programs of the workspace for arm64, and runs the unit tests of pure
/// crates.
pub(crate) fn run() -> anyhow::Result<()> {
    ensure!(
        cfg!(all(target_arch = "x86_64", target_os = "linux")),
        "this step compiles on x86_64-linux for {TARGET}"
    );
    debian::install("aarch64", INSTALLED)?;
    let toolchain = Toolchain::ensure()?;
    toolchain.lint()?;
    toolchain.test()
}

/// Debian's compiler, unpacked.
struct Toolchain {
    root: PathBuf,
}

impl Toolchain {
    /// Makes it when it is missing or was made from other packages.
    fn ensure() -> anyhow::Result<Self> {
        let root = workspace::target().join("aarch64-toolchain");
        let toolchain = Self { root };
        let stamp = format!("recipe {RECIPE}\n{}\n", UNPACKED.join("\n"));
        let is_current =
            |root: &Path| fs::read_to_string(root.join("stamp")).is_ok_and(|found| found == stamp);
        if is_current(&toolchain.root) {
            return Ok(toolchain);
        }
        let partial = workspace::target().join(format!("aarch64-toolchain.partial-{}", std::process::id()));
        make(&partial)?;
        fs::write(partial.join("stamp"), &stamp)?;
        if toolchain.root.exists() {
            fs::remove_dir_all(&toolchain.root).context("cannot remove the old toolchain")?;
        }
        fs::rename(&partial, &toolchain.root).context("cannot put the toolchain in place")?;
        Ok(toolchain)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.root.join("usr/bin").join(name)
    }

    /// A program that finds this toolchain's libraries, and with them the cargo that it starts.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        const C_COMPILER: &str = "aarch64-linux-gnu-gcc";
        let mut command = Command::new(program);
        command
            .current_dir(workspace::root())
            .env("LD_LIBRARY_PATH", self.root.join("usr/lib/x86_64-linux-gnu"))
            .env("RUSTC", self.program("rustc"))
            .env("CARGO_TARGET_DIR", workspace::target().join("aarch64"))
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", C_COMPILER)
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu")
            .env("CC_aarch64_unknown_linux_gnu", C_COMPILER)
            // Nobody debugs what comes out.
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }

    /// No warning, except by lints that the project's own compiler does not know yet.
    fn lint(&self) -> anyhow::Result<()> {
        let own = workspace::cargo();
        let driver = Path::new(own.get_program()).with_file_name("clippy-driver");
        let known = lints(&mut Command::new(driver))?;
        let here = lints(&mut self.command(self.program("clippy-driver")))?;
        let mut clippy = self.command(self.program("cargo-clippy"));
        clippy
            .env("CARGO", own.get_program())
            .args(["clippy", "--workspace", "--locked", "--target", TARGET])
            .args(["--", "-D", "warnings"]);
        for lint in here.difference(&known) {
            clippy.args(["-A", lint]);
        }
        process::run(&mut clippy)
    }

    fn test(&self) -> anyhow::Result<()> {
        let mut test = self.command(workspace::cargo().get_program());
        test.args(["test", "--lib", "--no-default-features", "--locked", "--no-fail-fast"]);
        test.args(["--target", TARGET]);
        for name in PURE {
            test.args(["--package", name]);
        }
        process::run(&mut test)
    }
}

/// Downloads and unpacks the packages into `folder`.
fn make(folder: &Path) -> anyhow::Result<()> {
    eprintln!("aarch64: unpacking {} and what they need", UNPACKED.join(", "));
    let downloads = folder.join("downloads");
    fs::create_dir_all(downloads.join("lists/partial"))?;
    let apt = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(&downloads).env("LC_ALL", "C").arg("-q");
        for option in [
            // apt's own lists and cache stay as they are, and so do the architectures of dpkg.
            format!("Dir::State::lists={}", downloads.join("lists").display()),
            format!("Dir::Cache={}", downloads.join("cache").display()),
            "APT::Architectures=amd64,arm64".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=5".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    };
    process::run(apt("apt-get").arg("update").stdout(std::io::stderr()))?;
    let mut packages: BTreeSet<String> = UNPACKED.iter().map(|name| (*name).to_owned()).collect();
    let output = apt("apt-cache")
        .args(["depends", "--recurse", "--important"])
        .args(UNPACKED)
        .output()
        .context("cannot start apt-cache")?;
    // A line without a blank in front is a package; those of other architectures have that behind a
    // colon.
    let depends = String::from_utf8_lossy(&output.stdout);
    for library in LIBRARIES {
        let found = depends.lines().find(|line| {
            line.strip_prefix(library)
                .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
                && !line.contains(':')
        });
        packages.insert(found.with_context(|| format!("Debian's rustc-web needs no {library}*"))?.to_owned());
    }
    process::run(apt("apt-get").arg("download").args(&packages).stdout(std::io::stderr()))?;
    for entry in fs::read_dir(&downloads)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "deb") {
            process::run(Command::new("dpkg-deb").arg("--extract").arg(path).arg(folder))?;
        }
    }
    fs::remove_dir_all(&downloads)?;
    Ok(())
}

/// The names of all lints of a `clippy-driver`: those of the compiler, too.
fn lints(driver: &mut Command) -> anyhow::Result<BTreeSet<String>> {
    let shown = process::display(driver);
    let output = driver.args(["-W", "help"]).output().with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(output.status.success(), "`{shown} -W help` ended with {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    // `name  level  meaning`; groups have other lints in place of the level.
    let lints = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, level) = (words.next()?, words.next()?);
        ["allow", "warn", "deny", "forbid"].contains(&level).then(|| name.to_owned())
    });
    Ok(lints.collect())
}
