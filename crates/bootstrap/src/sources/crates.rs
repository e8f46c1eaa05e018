//! The registry of Rust's crates, through the host's cargo: its settings, mirrors and cache are the
//! user's.

use super::error::OriginError;
use crate::object::Digest;
use crate::steps::{RegistryCrate, SourceArchive};
use files::FileError;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lets cargo fetch the crate, and takes its archive out of cargo's cache.
pub(super) fn fetch(source: &SourceArchive, work: &Path) -> Result<PathBuf, OriginError> {
    let wanted = wanted(source)?;
    let folder = package(wanted, work)?;
    let arguments = ["metadata", "--format-version", "1"];
    // What cargo's cache has is enough; otherwise the registry is asked.
    let metadata =
        cargo(&folder, &[&arguments[..], &["--offline"]].concat()).or_else(|_| cargo(&folder, &arguments))?;
    let archive = archive(&metadata, wanted).ok_or_else(|| {
        let RegistryCrate { name, version } = wanted.clone();
        OriginError::CrateNotFound { name, version }
    })?;
    let to = work.join("crate");
    fs::copy(&archive, &to).map_err(FileError::on("copy", &archive))?;
    Ok(to)
}

/// Asks the registry for the hash of the crate.
pub(super) fn probe(source: &SourceArchive, work: &Path) -> Result<(), OriginError> {
    let wanted = wanted(source)?;
    let folder = package(wanted, work)?;
    cargo(&folder, &["generate-lockfile"])?;
    let lock = folder.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).map_err(FileError::on("read", &lock))?;
    match checksum(&lock, wanted) {
        Some(found) if found == source.sha256 => Ok(()),
        Some(found) => Err(OriginError::Hash(found)),
        None => {
            let RegistryCrate { name, version } = wanted.clone();
            Err(OriginError::CrateWithoutHash { name, version })
        }
    }
}

fn wanted(source: &SourceArchive) -> Result<&RegistryCrate, OriginError> {
    source.registry.as_ref().ok_or(OriginError::NoCrate)
}

/// A package that needs the crate and nothing else.
fn package(wanted: &RegistryCrate, work: &Path) -> Result<PathBuf, OriginError> {
    let folder = work.join("package");
    let cannot = || FileError::on("write", &folder);
    fs::create_dir_all(folder.join("src")).map_err(cannot())?;
    fs::write(folder.join("src/lib.rs"), "").map_err(cannot())?;
    // Names and versions were checked when they were read: they hold no quotation marks.
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies]\n{} = {{ version = \"={}\", default-features = false }}\n",
        wanted.name, wanted.version
    );
    fs::write(folder.join("Cargo.toml"), manifest).map_err(cannot())?;
    Ok(folder)
}

fn cargo(folder: &Path, arguments: &[&str]) -> Result<String, OriginError> {
    let output = Command::new("cargo")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| OriginError::Start { program: "cargo", source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    let error = printed.lines().find_map(|line| line.strip_prefix("error: "));
    let message = error.or_else(|| printed.trim().lines().last()).unwrap_or("it failed").to_owned();
    Err(OriginError::Program { program: "cargo", message })
}

/// Where cargo's cache has the archive: it is unpacked in `registry/src/INDEX/NAME-VERSION`, from
/// `registry/cache/INDEX/NAME-VERSION.crate` (The Cargo Book, "Cargo Home").
fn archive(metadata: &str, wanted: &RegistryCrate) -> Option<PathBuf> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let package = metadata.get("packages")?.as_array()?.iter().find(|package| {
        let is = |field: &str, text: &str| package.get(field).and_then(|value| value.as_str()) == Some(text);
        is("name", &wanted.name) && is("version", &wanted.version)
    })?;
    let unpacked = Path::new(package.get("manifest_path")?.as_str()?).parent()?;
    let index = unpacked.parent()?;
    let registry = index.parent()?.parent()?;
    let file = format!("{}-{}.crate", wanted.name, wanted.version);
    Some(registry.join("cache").join(index.file_name()?).join(file))
}

fn checksum(lock: &str, wanted: &RegistryCrate) -> Option<Digest> {
    let lock: toml::Table = lock.parse().ok()?;
    let package = lock.get("package")?.as_array()?.iter().find(|package| {
        let is = |field: &str, text: &str| package.get(field).and_then(|value| value.as_str()) == Some(text);
        is("name", &wanted.name) && is("version", &wanted.version)
    })?;
    package.get("checksum")?.as_str()?.parse().ok()
}
