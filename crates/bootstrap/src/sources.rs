//! What others wrote: found by its SHA-256, wherever it is, and unpacked.

pub mod unpack;

use crate::object::Digest;
use crate::steps::Source;
use crate::store::{Store, StoreError};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where sources may come from, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder that has the file under its name.
    Mirror(PathBuf),
    /// Debian's archive, through the host's apt.
    Debian,
}

/// Why a source is not there.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No place has it.
    #[error("{file} (sha256 {sha256}) is nowhere to be had:{tried}")]
    Nowhere {
        /// The name of its file.
        file: String,
        /// What it should hold.
        sha256: Digest,
        /// What each place said.
        tried: String,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy in the store is another file by now.
    #[error(
        "{path} does not hold what it should (sha256 {expected}, found {found}): remove it, and it is fetched again"
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The pin.
        expected: Digest,
        /// What it holds.
        found: Digest,
    },
    /// The system refuses.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Gives the source's file in the store. It is fetched if it is not there.
pub fn fetch(store: &Store, source: &Source, places: &[Place]) -> Result<PathBuf, SourceError> {
    let path = store.source(source.sha256);
    if path.exists() {
        let found = digest(&path)?;
        if found != source.sha256 {
            return Err(SourceError::Changed { path, expected: source.sha256, found });
        }
        return Ok(path);
    }
    let work = store.work(&source.name)?;
    let mut tried = String::new();
    for place in places {
        let (name, found) = match place {
            Place::Mirror(folder) => (folder.display().to_string(), mirror(source, folder, &work)),
            Place::Debian => ("Debian".to_owned(), debian(source, &work)),
        };
        let problem = match found {
            // Whatever the place said: the file that is wanted is the one with that hash.
            Ok(file) => match digest(&file)? {
                found if found == source.sha256 => {
                    let bytes =
                        fs::read(&file).map_err(|error| SourceError::Io { path: file, source: error })?;
                    store.write(&path, &bytes)?;
                    crate::store::remove(&work)?;
                    return Ok(path);
                }
                found => format!("it has another file of that name, sha256 {found}"),
            },
            Err(problem) => problem,
        };
        tried += &format!("\n  {name}: {problem}");
    }
    crate::store::remove(&work)?;
    if places.is_empty() {
        tried = " no place to look in was named".into();
    }
    Err(SourceError::Nowhere { file: source.file.clone(), sha256: source.sha256, tried })
}

fn digest(path: &Path) -> Result<Digest, SourceError> {
    let read = File::open(path).and_then(Digest::of_reader);
    read.map_err(|source| SourceError::Io { path: path.into(), source })
}

fn mirror(source: &Source, folder: &Path, work: &Path) -> Result<PathBuf, String> {
    let from = folder.join(&source.file);
    let found = from.metadata().map_err(|error| format!("{}: {error}", source.file))?;
    if found.len() != source.size {
        return Err(format!("{} has {} bytes, not {}", source.file, found.len(), source.size));
    }
    let to = work.join("mirror");
    fs::copy(&from, &to).map_err(|error| error.to_string())?;
    Ok(to)
}

/// Lets apt fetch a source package, with lists of its own: the host's need not name sources, and are not changed.
fn debian(source: &Source, work: &Path) -> Result<PathBuf, String> {
    let package = source.debian.as_ref().ok_or("no package of Debian has it")?;
    let said = |error: io::Error| error.to_string();
    let folder = work.join("debian");
    fs::create_dir_all(folder.join("lists/partial")).map_err(said)?;
    fs::create_dir_all(folder.join("parts")).map_err(said)?;
    let lists = folder.join("sources.list");
    fs::write(&lists, sources_list()?).map_err(said)?;
    let option = |name: &str, path: &Path| format!("{name}={}", path.display());
    let apt = |arguments: &[&str]| -> Result<String, String> {
        let output = Command::new("apt-get")
            .args(["-q", "-o"])
            .arg(option("Dir::Etc::sourcelist", &lists))
            .arg("-o")
            .arg(option("Dir::Etc::sourceparts", &folder.join("parts")))
            .arg("-o")
            .arg(option("Dir::State::lists", &folder.join("lists")))
            .args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"])
            .args(arguments)
            .current_dir(&folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("apt-get cannot be started: {error}"))?;
        let last =
            String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned();
        Ok(last)
    };
    let updated = apt(&["update"])?;
    // It fails if one file of a package is missing, wanted or not.
    let fetched = apt(&["source", "--download-only", package])?;
    let file = folder.join(&source.file);
    if file.exists() { Ok(file) } else { Err(format!("apt-get: {updated} {fetched}").trim().to_owned()) }
}

/// The host's own archive, for sources: every entry of its lists for Debian, with `deb-src` instead of `deb`.
fn sources_list() -> Result<String, String> {
    let output = Command::new("apt-get")
        .args([
            "indextargets",
            "--format",
            "$(SITE)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)",
            "Created-By: Packages",
        ])
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| format!("apt-get cannot be started: {error}"))?;
    let mut lines: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut fields = line.split('|');
        let (Some(site), Some(release), Some(component)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let signed = match fields.next() {
            // An apt that does not know the field leaves it as it is.
            Some(key) if key.starts_with("/") => format!("[signed-by={key}] "),
            _ => String::new(),
        };
        let line = format!("deb-src {signed}{site} {release} {component}\n");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() { Err("this machine's apt knows no archive".into()) } else { Ok(lines.concat()) }
}
