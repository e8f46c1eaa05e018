//! Debian's archive, through the host's apt, with lists of its own: the host's need not name
//! sources, and are not changed.

use super::error::OriginError;
use crate::object::Digest;
use crate::steps::SourceArchive;
use files::FileError;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lets apt fetch the source package.
pub(super) fn fetch(source: &SourceArchive, lists: &Path, work: &Path) -> Result<PathBuf, OriginError> {
    let package = package(source)?;
    let file = work.join(&source.file);
    // It fails if one file of a package is missing, wanted or not: what counts is whether the file
    // is there. Lists of an earlier run will do; those of the archive are large.
    let first = apt(lists, work, &["source", "--download-only", package])?.error;
    if file.exists() {
        return Ok(file);
    }
    let updated = apt(lists, work, &["update"])?.error;
    let fetched = apt(lists, work, &["source", "--download-only", package])?.error;
    if file.exists() { Ok(file) } else { Err(problem([updated, fetched, first])) }
}

/// The address at which Debian's lists have the file.
///
/// # Errors
/// They have none, or one with another hash.
pub(super) fn address(source: &SourceArchive, lists: &Path, work: &Path) -> Result<String, OriginError> {
    let package = package(source)?;
    let ask = || apt(lists, work, &["source", "--download-only", "--print-uris", package]);
    if let Some(found) = find(&ask()?.output, source) {
        return found;
    }
    let updated = apt(lists, work, &["update"])?.error;
    let Printed { output, error } = ask()?;
    find(&output, source).unwrap_or_else(|| Err(problem([updated, error])))
}

/// The file's line, if there is one: `'URL' FILE SIZE ALGORITHM:HASH`.
fn find(output: &str, source: &SourceArchive) -> Option<Result<String, OriginError>> {
    for line in output.lines() {
        let mut words = line.split_whitespace();
        let (Some(url), Some(file), _, hash) = (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if file != source.file {
            continue;
        }
        let hash = hash.and_then(|hash| hash.strip_prefix("SHA256:"));
        return Some(match hash.and_then(|hash| hash.parse::<Digest>().ok()) {
            Some(found) if found != source.sha256 => Err(OriginError::Hash(found)),
            // apt may print a weaker hash only; fetching compares.
            _ => Ok(url.trim_matches('\'').to_owned()),
        });
    }
    None
}

fn package(source: &SourceArchive) -> Result<&str, OriginError> {
    source.debian.as_deref().ok_or(OriginError::NoPackage)
}

/// The first of several messages that is one.
fn problem(messages: impl IntoIterator<Item = String>) -> OriginError {
    let message = messages.into_iter().find(|text| !text.is_empty());
    let message = message.unwrap_or_else(|| "it prints nothing, but the file is not there".into());
    OriginError::Program { program: "apt-get", message }
}

/// What apt printed.
struct Printed {
    output: String,
    /// The last line on standard error.
    error: String,
}

fn apt(lists: &Path, work: &Path, arguments: &[&str]) -> Result<Printed, OriginError> {
    for folder in [lists.join("partial"), work.join("parts")] {
        fs::create_dir_all(&folder).map_err(FileError::on("make", &folder))?;
    }
    let list = work.join("sources.list");
    if !list.exists() {
        fs::write(&list, sources_list()?).map_err(FileError::on("write", &list))?;
    }
    let option = |name: &str, path: &Path| format!("{name}={}", path.display());
    let output = Command::new("apt-get")
        .args(["-q", "-o"])
        .arg(option("Dir::Etc::sourcelist", &list))
        .arg("-o")
        .arg(option("Dir::Etc::sourceparts", &work.join("parts")))
        .arg("-o")
        .arg(option("Dir::State::lists", lists))
        .args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"])
        .args(arguments)
        .current_dir(work)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| OriginError::Start { program: "apt-get", source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let error = text(&output.stderr);
    let error = error.trim().lines().last().unwrap_or_default().to_owned();
    Ok(Printed { output: text(&output.stdout), error })
}

/// The host's own archive, for sources: every entry of its lists for Debian, with `deb-src` instead
/// of `deb`.
fn sources_list() -> Result<String, OriginError> {
    let output = Command::new("apt-get")
        .args([
            "indextargets",
            "--format",
            "$(SITE)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)",
            "Created-By: Packages",
        ])
        .env("LC_ALL", "C")
        .output()
        .map_err(|source| OriginError::Start { program: "apt-get", source })?;
    let mut lines: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut fields = line.split('|');
        let (Some(site), Some(release), Some(component)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let signed = match fields.next() {
            // An apt that does not know the field leaves it as it is.
            Some(key) if key.starts_with('/') => format!("[signed-by={key}] "),
            _ => String::new(),
        };
        let line = format!("deb-src {signed}{site} {release} {component}\n");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() { Err(OriginError::NoArchive) } else { Ok(lines.concat()) }
}
