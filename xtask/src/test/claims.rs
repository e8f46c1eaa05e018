//! What the crates claim about themselves: features, the core without std, documentation, the
//! oldest compiler.

use crate::metadata::{self, Package};
use crate::{process, workspace};
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Up to so many features, all combinations are compiled.
const ALL_COMBINATIONS: usize = 3;

/// Crates whose core must do without std.
const NO_STD: &[&str] = &["authenticode"];

/// Lints every crate that has features with none of them, each alone, and all of them; few
/// features also in all combinations.
pub(super) fn features() -> anyhow::Result<()> {
    for package in metadata::packages(workspace::root())? {
        // xtask's own switch is compiled by `clippy` and `test`, and is left out of this build.
        if package.name == "xtask" {
            continue;
        }
        for features in combinations(&package) {
            let features: Vec<&str> = features.into_iter().collect();
            let features = features.join(",");
            eprintln!("features: {} [{features}]", package.name);
            process::run(
                workspace::cargo()
                    .args(["clippy", "--quiet", "--locked", "--no-deps", "--no-default-features"])
                    .args(["--package", &package.name, "--features", &features])
                    .args(["--", "-D", "warnings"]),
            )?;
        }
    }
    Ok(())
}

/// The sets of features to compile. A set that cargo would extend by what its features switch on is
/// taken once.
fn combinations(package: &Package) -> BTreeSet<BTreeSet<&str>> {
    let names: Vec<&str> =
        package.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
    if names.is_empty() {
        return BTreeSet::new();
    }
    let chosen: Vec<Vec<&str>> = if names.len() <= ALL_COMBINATIONS {
        (0..1_usize << names.len())
            .map(|set| {
                let chosen = names.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1);
                chosen.map(|(_, name)| *name).collect()
            })
            .collect()
    } else {
        let alone = names.iter().map(|name| vec![*name]);
        alone.chain([Vec::new(), names.clone()]).collect()
    };
    chosen.into_iter().map(|set| closure(&package.features, set)).collect()
}

/// Features with all that they switch on in the same crate.
fn closure<'a>(features: &'a BTreeMap<String, Vec<String>>, mut open: Vec<&'a str>) -> BTreeSet<&'a str> {
    let mut on = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some((name, more)) = features.get_key_value(name)
            && on.insert(name.as_str())
        {
            open.extend(more.iter().map(String::as_str));
        }
    }
    on
}

/// Proves that a crate without its features, and all it depends on, do without std.
///
/// A program without std has to say itself what a panic does, and the compiler refuses that as a
/// second definition when anything brings std in. So this needs no other target's libraries. What
/// an operating system offers without std (libc) is kept out by the step `deps`.
pub(super) fn no_std() -> anyhow::Result<()> {
    for name in NO_STD {
        let library = library(name)?;
        compile_without_std(name, &library, "")?;
        // The same with std has to fail, or else this proves nothing.
        ensure!(
            compile_without_std(name, &library, "extern crate std;").is_err(),
            "a program that links std passes as one without it"
        );
    }
    Ok(())
}

/// Compiles a library without features and gives its metadata file.
fn library(package: &str) -> anyhow::Result<PathBuf> {
    let messages = process::output(
        workspace::cargo()
            .args(["check", "--quiet", "--locked", "--lib", "--no-default-features", "--message-format=json"])
            .args(["--package", package]),
    )?;
    let name = package.replace('-', "_");
    let artifact = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .with_context(|| format!("cargo does not say where it put {package}"))?;
    let files = artifact["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let file = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|ending| ending == "rmeta"));
    file.with_context(|| format!("cargo made no metadata of {package}"))
}

/// Compiles a program that links the library and, apart from the line `more`, nothing but core and
/// alloc.
fn compile_without_std(package: &str, library: &Path, more: &str) -> anyhow::Result<()> {
    let folder = workspace::cargo_target().join("no-std");
    fs::create_dir_all(&folder)?;
    let source = folder.join(format!("{package}.rs"));
    let name = package.replace('-', "_");
    fs::write(&source, format!("{PROGRAM}\nextern crate {name} as _;\n{more}\n"))?;
    let dependencies = library.parent().context("a file without a folder")?;
    let mut rustc = Command::new(workspace::rustc());
    rustc
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "-Cpanic=abort", "--out-dir"])
        .arg(&folder)
        .arg(format!("-Ldependency={}", dependencies.display()))
        .arg(format!("--extern={name}={}", library.display()))
        .arg(&source);
    let shown = process::display(&rustc);
    let output = rustc.output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("{package} needs std: `{shown}`\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

const PROGRAM: &str = r"#![no_std]
#![no_main]

extern crate alloc;

struct None;

unsafe impl core::alloc::GlobalAlloc for None {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 { core::ptr::null_mut() }
    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}

#[global_allocator]
static NONE: None = None;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
";

/// Writes the documentation; a link that leads nowhere is an error.
pub(super) fn docs() -> anyhow::Result<()> {
    process::run(
        workspace::cargo()
            .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Every crate names the same oldest compiler, and it is the one that all of this runs with: there
/// is no other proof that it suffices.
pub(super) fn msrv() -> anyhow::Result<()> {
    let version = process::output(Command::new(workspace::rustc()).arg("--version"))?;
    let version = version.split_whitespace().nth(1).context("rustc prints no version")?;
    for package in metadata::packages(workspace::root())? {
        let named =
            package.rust_version.with_context(|| format!("{} names no rust-version", package.name))?;
        ensure!(
            is_release(version, &named),
            "{} names Rust {named} as the oldest that compiles it, but this is {version}, which proves nothing about \
             {named}: run the tests with {named}, or raise rust-version in Cargo.toml",
            package.name
        );
    }
    Ok(())
}

/// Whether a compiler's version, such as `1.95.0`, is of a release such as `1.95`.
fn is_release(version: &str, release: &str) -> bool {
    version == release || version.strip_prefix(release).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[(&str, &[&str])]) -> Package {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Package {
            name: "p".to_owned(),
            root_file: "lib.rs".into(),
            rust_version: None,
            features: features.iter().map(|(name, on)| ((*name).to_owned(), owned(on))).collect(),
            dependencies: BTreeSet::new(),
        }
    }

    #[test]
    fn sets_of_features() {
        let sets = |features: &[(&str, &[&str])]| {
            let package = package(features);
            let joined =
                combinations(&package).into_iter().map(|set| set.into_iter().collect::<Vec<_>>().join("+"));
            joined.collect::<Vec<_>>()
        };
        assert_eq!(sets(&[]), [""; 0]);
        assert_eq!(sets(&[("default", &["a"]), ("a", &[]), ("b", &[])]), ["", "a", "a+b", "b"]);
        // `b` alone is `a` and `b`.
        assert_eq!(sets(&[("a", &[]), ("b", &["a", "dep:x"])]), ["", "a", "a+b"]);
        assert_eq!(
            sets(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &["c"])]),
            ["", "a", "a+b+c+d", "b", "c", "c+d"]
        );
    }

    #[test]
    fn releases() {
        assert!(is_release("1.95.0", "1.95") && is_release("1.95.0", "1.95.0"));
        assert!(!is_release("1.96.0", "1.95") && !is_release("1.950.0", "1.95"));
    }
}
