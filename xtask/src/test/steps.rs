//! The steps of `cargo xtask test`.

use super::{claims, comments};
use crate::{aarch64, debian, deny, deps, fuzz, modules, process, python, site, toolbox, workspace};
use std::process::Command;

/// One step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Steps that have to pass first.
    pub(super) needs: &'static [&'static str],
    /// Whether `--quick` runs it.
    pub(super) quick: bool,
    /// Whether only `--quick` runs it, because a full run has a step that does more.
    pub(super) quick_only: bool,
    pub(super) run: fn() -> anyhow::Result<()>,
}

/// All steps, in order: what others need first, then what fails fastest.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "packages",
        what: "Debian packages that building and testing needs",
        needs: &[],
        quick: false,
        quick_only: false,
        run: || debian::install("test", DEBIAN_PACKAGES),
    },
    Step {
        name: "peers",
        what: "Python peers and oracles, exact versions",
        needs: &[],
        quick: false,
        quick_only: false,
        run: || python::peers().map(drop),
    },
    Step {
        name: "toolbox",
        what: "Debian sid root with the real nix",
        needs: &["packages"],
        quick: false,
        quick_only: false,
        run: || toolbox::ensure().map(drop),
    },
    Step {
        name: "fmt",
        what: "formatting, comments included",
        needs: &[],
        quick: true,
        quick_only: false,
        run: fmt,
    },
    Step {
        name: "clippy",
        what: "lints, none allowed",
        needs: &[],
        quick: true,
        quick_only: false,
        run: clippy,
    },
    Step {
        name: "deps",
        what: "which crates know which, and what pure crates must not link",
        needs: &[],
        quick: true,
        quick_only: false,
        run: deps::check,
    },
    Step {
        name: "cycles",
        what: "modules that refer to each other in a cycle",
        needs: &[],
        quick: true,
        quick_only: false,
        run: || modules::check(workspace::root()),
    },
    Step {
        name: "msrv",
        what: "the oldest compiler that Cargo.toml names is this one",
        needs: &[],
        quick: false,
        quick_only: false,
        run: claims::msrv,
    },
    Step {
        name: "features",
        what: "every crate with features: none, each alone, all",
        needs: &[],
        quick: false,
        quick_only: false,
        run: claims::features,
    },
    Step {
        name: "no_std",
        what: "the core of authenticode without std",
        needs: &[],
        quick: false,
        quick_only: false,
        run: claims::no_std,
    },
    Step {
        name: "docs",
        what: "documentation, every link of which leads somewhere",
        needs: &[],
        quick: false,
        quick_only: false,
        run: claims::docs,
    },
    Step {
        name: "site",
        what: "the manual as a site, every link of which leads somewhere",
        needs: &[],
        quick: false,
        quick_only: false,
        run: site::run,
    },
    Step {
        name: "deny",
        what: "licences, duplicate versions and sources of dependencies",
        needs: &[],
        quick: false,
        quick_only: false,
        run: || deny::run(&deny::Options::default()),
    },
    Step { name: "unit", what: "unit tests", needs: &[], quick: true, quick_only: true, run: unit },
    Step {
        name: "test",
        what: "all tests, with real data and outside oracles",
        needs: &["packages", "peers", "toolbox"],
        quick: false,
        quick_only: false,
        run: tests,
    },
    Step {
        name: "aarch64",
        what: "lints for ARM machines, pure crates tested there",
        needs: &[],
        quick: false,
        quick_only: false,
        run: aarch64::run,
    },
    Step {
        name: "demo",
        what: "the main job as the README gives it",
        needs: &[],
        quick: false,
        quick_only: false,
        run: demo,
    },
    Step {
        name: "fuzz",
        what: "every fuzz target for a moment",
        needs: &["packages"],
        quick: false,
        quick_only: false,
        run: fuzz::smoke,
    },
];

/// `g++` compiles libFuzzer, SQLite and zstd, `man-db` judges the manual pages, `clang` compiles
/// tcc differently from `gcc`, `bzip2`, `xz-utils` and `zstd` pack archives, `binutils`
/// disassembles the seed, `gnupg` and `gpgv` judge signatures, `postgresql` is the tracker's other
/// database, `perl` has pod2man, which generates a page to be found out; the others make and use
/// the toolbox.
const DEBIAN_PACKAGES: &[&str] = &[
    "gcc",
    "g++",
    "clang",
    "libc6-dev",
    "binutils",
    "perl",
    "bzip2",
    "xz-utils",
    "zstd",
    "git",
    "man-db",
    "mmdebstrap",
    "postgresql",
    "gnupg",
    "gpgv",
    "bubblewrap",
    "debian-archive-keyring",
];

/// The benchmarks are left out of an ordinary build of xtask; lints and tests cover them all the
/// same.
const WITH_BENCH: &str = "--features=xtask/bench";

fn fmt() -> anyhow::Result<()> {
    process::run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    process::run(workspace::cargo().args(["fmt", "--all", "--check", "--manifest-path", "fuzz/Cargo.toml"]))?;
    comments::check()
}

fn clippy() -> anyhow::Result<()> {
    process::run(
        workspace::cargo()
            .args(["clippy", "--workspace", "--all-targets", "--locked", WITH_BENCH])
            .args(["--", "-D", "warnings"]),
    )
}

fn unit() -> anyhow::Result<()> {
    process::run(workspace::cargo().args([
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--locked",
        "--no-fail-fast",
    ]))
}

/// Standard output is cargo's own, closing lines included: other programs read them.
fn tests() -> anyhow::Result<()> {
    process::run(workspace::cargo().args(["test", "--workspace", "--locked", "--no-fail-fast", WITH_BENCH]))
}

fn demo() -> anyhow::Result<()> {
    let mut demo: Command = workspace::cargo();
    // The same command as in the README. Its report is not a result of the tests, so it goes where
    // messages go.
    process::run(demo.args(["run", "--release", "--locked", "--", "demo"]).stdout(std::io::stderr()))
}
