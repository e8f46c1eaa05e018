//! How much the driver is: the program that runs the chain, with all that is compiled into it.

use super::written::WrittenPart;
use files::{FileError, NodeKind, TreeError, TreeLimits, walk_tree};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The sources of the driver, counted, or why they were not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriverSources {
    /// Its parts: this project's crates and those of others, first those that the bootstrap uses.
    /// Their `packages` are crates.
    pub parts: Vec<DriverPart>,
    /// Crates whose sources are not on this machine: nothing of them is counted.
    pub missing: Vec<String>,
    /// Why nothing was counted.
    pub problem: Option<String>,
}

/// A part of the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverPart {
    /// How many crates it has.
    pub crates: usize,
    /// Files, lines and bytes of its program texts, in Rust, C and assembly. Tests, benchmarks and
    /// examples are none of the program.
    pub text: WrittenPart,
}

/// What is not counted, whatever is found.
pub(super) const NOT_COUNTED: &str =
    "Not counted: Rust's compiler and standard library, the C compiler, the C library and the linker.";

/// The crates that the two programs begin with.
const PROGRAM: &str = "cli";
const BOOTSTRAP: &str = "bootstrap";

/// What is compiled for the machine that the sandbox needs.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Counts what the program is made of, from a checkout of this project. cargo names the crates and
/// where their sources are; nothing is fetched, built or run.
pub(super) fn count(checkout: Option<&Path>) -> Result<DriverSources, FileError> {
    let nothing = |problem: String| DriverSources { problem: Some(problem), ..DriverSources::default() };
    let Some(checkout) = checkout else {
        return Ok(nothing("the chain's folder is not in a checkout of the driver's sources".into()));
    };
    let metadata = match metadata(checkout) {
        Ok(metadata) => metadata,
        Err(problem) => return Ok(nothing(problem)),
    };
    let Some(packages) = Packages::of(&metadata) else {
        return Ok(nothing("cargo describes another project".into()));
    };
    let program = packages.closure(PROGRAM);
    let bootstrap = packages.closure(BOOTSTRAP);
    let mut counted = DriverSources::default();
    for (name, own, needed) in [
        ("this project's, for the bootstrap", true, true),
        ("this project's, for other commands", true, false),
        ("other people's, for the bootstrap", false, true),
        ("other people's, for other commands", false, false),
    ] {
        let text = WrittenPart { name: name.to_owned(), files: 0, lines: 0, bytes: 0 };
        let mut part = DriverPart { crates: 0, text };
        for id in program.union(&bootstrap) {
            let Some(package) = packages.all.get(id) else { continue };
            if package.own != own || bootstrap.contains(id) != needed {
                continue;
            }
            part.crates += 1;
            if !add(&package.folder, &mut part.text)? {
                counted.missing.push(package.name.clone());
            }
        }
        counted.parts.push(part);
    }
    Ok(counted)
}

/// Adds the program texts of a crate. Whether there are any.
fn add(folder: &Path, part: &mut WrittenPart) -> Result<bool, FileError> {
    const TEXTS: &[&str] = &["rs", "c", "h", "cc", "cpp", "hpp", "S", "s", "asm"];
    const OTHER: &[&str] = &["tests", "test", "benches", "examples", "fuzz", "target"];
    let before = part.files;
    if !folder.is_dir() {
        return Ok(false);
    }
    walk_tree(folder, TreeLimits::default(), &mut |node| -> Result<(), TreeError> {
        let is_other = node.path.iter().any(|name| name.to_str().is_some_and(|name| OTHER.contains(&name)));
        let ending = node.path.extension().and_then(|ending| ending.to_str());
        if node.kind == NodeKind::File && !is_other && ending.is_some_and(|ending| TEXTS.contains(&ending)) {
            part.add(node.open()?).map_err(node.error("read"))?;
        }
        Ok(())
    })?;
    Ok(part.files > before)
}

/// What cargo says of a checkout.
///
/// It is started elsewhere: settings in a checkout, which may be anybody's, could make it run
/// programs of theirs.
fn metadata(checkout: &Path) -> Result<Value, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", TARGET])
        .arg("--manifest-path")
        .arg(checkout.join("Cargo.toml"))
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo, which knows where they are, cannot be started: {error}"))?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        let error = printed.lines().find_map(|line| line.strip_prefix("error: "));
        return Err(format!("cargo cannot say where they are: {}", error.unwrap_or("it failed")));
    }
    serde_json::from_slice(&output.stdout).map_err(|_| "cargo cannot be understood".to_owned())
}

struct Package {
    name: String,
    folder: PathBuf,
    /// Of this project.
    own: bool,
}

/// The packages of a project, by their identifiers, and what each needs to be compiled.
struct Packages {
    all: BTreeMap<String, Package>,
    needs: BTreeMap<String, Vec<String>>,
}

impl Packages {
    fn of(metadata: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let members: BTreeSet<String> =
            metadata.get("workspace_members")?.as_array()?.iter().filter_map(text).collect();
        let mut all = BTreeMap::new();
        for package in metadata.get("packages")?.as_array()? {
            let id = text(package.get("id")?)?;
            let folder = Path::new(package.get("manifest_path")?.as_str()?).parent()?.to_owned();
            let own = members.contains(&id);
            all.insert(id, Package { name: text(package.get("name")?)?, folder, own });
        }
        let mut needs = BTreeMap::new();
        for node in metadata.get("resolve")?.get("nodes")?.as_array()? {
            let is_compiled = |dependency: &&Value| {
                let kinds = dependency.get("dep_kinds").and_then(Value::as_array);
                kinds.is_some_and(|kinds| {
                    kinds.iter().any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev"))
                })
            };
            let of = node.get("deps")?.as_array()?.iter().filter(is_compiled);
            let of = of.filter_map(|dependency| dependency.get("pkg").and_then(text)).collect();
            needs.insert(text(node.get("id")?)?, of);
        }
        let packages = Self { all, needs };
        let both = [PROGRAM, BOOTSTRAP].iter().all(|name| packages.member(name).is_some());
        both.then_some(packages)
    }

    fn member(&self, name: &str) -> Option<&String> {
        self.all.iter().find(|(_, package)| package.own && package.name == name).map(|(id, _)| id)
    }

    /// A package of this project and all that it is compiled from.
    fn closure(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut left: Vec<&String> = self.member(name).into_iter().collect();
        while let Some(id) = left.pop() {
            if found.insert(id.clone()) {
                left.extend(self.needs.get(id).into_iter().flatten());
            }
        }
        found
    }
}
