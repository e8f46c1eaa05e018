//! Debian's archive, through the host's apt, with lists of its own: the host's need not name sources, and are not changed.

use crate::object::Digest;
use crate::steps::Source;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lets apt fetch the source package.
pub(super) fn fetch(source: &Source, lists: &Path, work: &Path) -> Result<PathBuf, String> {
    let package = package(source)?;
    let file = work.join(&source.file);
    // It fails if one file of a package is missing, wanted or not: what counts is whether the file is there. Lists of an earlier
    // run will do; those of the archive are large.
    let Said { error: first, .. } = apt(lists, work, &["source", "--download-only", package])?;
    if file.exists() {
        return Ok(file);
    }
    let Said { error: updated, .. } = apt(lists, work, &["update"])?;
    let Said { error: fetched, .. } = apt(lists, work, &["source", "--download-only", package])?;
    if file.exists() { Ok(file) } else { Err(problem(&[&updated, &fetched, &first])) }
}

/// The address at which Debian's lists have the file.
///
/// # Errors
/// They have none, or one with another hash.
pub(super) fn address(source: &Source, lists: &Path, work: &Path) -> Result<String, String> {
    let package = package(source)?;
    let ask = || apt(lists, work, &["source", "--download-only", "--print-uris", package]);
    if let Some(found) = find(&ask()?.output, source) {
        return found;
    }
    let updated = apt(lists, work, &["update"])?.error;
    let said = ask()?;
    find(&said.output, source).unwrap_or_else(|| Err(problem(&[&updated, &said.error])))
}

/// The file's line, if there is one: `'URL' FILE SIZE ALGORITHM:HASH`.
fn find(output: &str, source: &Source) -> Option<Result<String, String>> {
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
            Some(found) if found != source.sha256 => {
                Err(format!("it has another file of that name, sha256 {found}"))
            }
            // apt may print a weaker hash only; fetching compares.
            _ => Ok(url.trim_matches('\'').to_owned()),
        });
    }
    None
}

fn package(source: &Source) -> Result<&str, String> {
    source.debian.as_deref().ok_or_else(|| "no package of Debian is known to have it".into())
}

/// The first that says anything.
fn problem(said: &[&str]) -> String {
    let found = said.iter().find(|text| !text.is_empty());
    format!("apt-get: {}", found.unwrap_or(&"it says nothing, but the file is not there"))
}

struct Said {
    output: String,
    /// The last line on standard error.
    error: String,
}

fn apt(lists: &Path, work: &Path, arguments: &[&str]) -> Result<Said, String> {
    let told = |error: std::io::Error| error.to_string();
    for folder in [lists.join("partial"), work.join("parts")] {
        fs::create_dir_all(folder).map_err(told)?;
    }
    let list = work.join("sources.list");
    if !list.exists() {
        fs::write(&list, sources_list()?).map_err(told)?;
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
        .map_err(|error| format!("apt-get cannot be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let error = text(&output.stderr);
    let error = error.trim().lines().last().unwrap_or_default().to_owned();
    Ok(Said { output: text(&output.stdout), error })
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
            Some(key) if key.starts_with('/') => format!("[signed-by={key}] "),
            _ => String::new(),
        };
        let line = format!("deb-src {signed}{site} {release} {component}\n");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() { Err("this machine's apt knows no archive".into()) } else { Ok(lines.concat()) }
}
