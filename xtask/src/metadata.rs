//! What cargo knows about a workspace (`cargo metadata`, `cargo tree`).

use crate::{process, workspace};
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// The file of its library, or else of its program.
    pub(crate) root_file: PathBuf,
    pub(crate) rust_version: Option<String>,
    /// What each feature switches on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Names of the packages that it links or that build it: not what only its tests need.
    pub(crate) dependencies: BTreeSet<String>,
}

/// The crates of the workspace in a folder, sorted by name.
///
/// # Errors
/// When cargo cannot read the workspace.
pub(crate) fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let mut command = workspace::cargo();
    command.current_dir(root).args(["metadata", "--format-version=1", "--no-deps"]);
    let metadata: Value =
        serde_json::from_str(&process::output(&mut command)?).context("cargo's metadata is not JSON")?;
    let packages = metadata["packages"].as_array().context("cargo's metadata has no packages")?;
    let mut found = packages.iter().map(package).collect::<anyhow::Result<Vec<_>>>()?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn package(package: &Value) -> anyhow::Result<Package> {
    let name = text(&package["name"]).context("a package without a name")?;
    let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_kind = |kind: &str| {
        targets
            .iter()
            .find(|target| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&kind.into())))
    };
    let Some(target) = of_kind("lib").or_else(|| of_kind("bin")) else {
        bail!("{name} has neither a library nor a program")
    };
    let root_file = text(&target["src_path"]).context("a target without a file")?.into();
    let features = package["features"].as_object().into_iter().flatten().map(|(feature, on)| {
        (feature.clone(), on.as_array().into_iter().flatten().filter_map(text).collect())
    });
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    Ok(Package {
        root_file,
        rust_version: text(&package["rust_version"]),
        features: features.collect(),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .filter_map(|dependency| text(&dependency["name"]))
            .collect(),
        name,
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Names of all packages that a crate links, itself left out, with these features (`default` among
/// them, if it is meant).
///
/// # Errors
/// When cargo cannot resolve the workspace.
pub(crate) fn linked(root: &Path, package: &str, features: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let mut command = workspace::cargo();
    command.current_dir(root).args(["tree", "--package", package, "--edges=normal", "--prefix=none"]);
    command.args(["--format={p}", "--no-default-features", "--features"]).arg(features.join(","));
    let tree = process::output(&mut command)?;
    // Each line is `name vVERSION (path or note)`.
    let names = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    Ok(names.filter(|name| !name.is_empty() && name != package).collect())
}
