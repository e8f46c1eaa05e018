//! Which Debian mirror to use: the one this machine is already set up for.
//!
//! No mirror is named in the project. apt's configuration knows one that works here
//! (sources.list(5)): either the one-line format or the deb822 format.

use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The URI of the Debian archive in apt's configuration under `etc_apt` (usually `/etc/apt`).
///
/// # Errors
/// When the files cannot be read or no entry carries the component `main` of a Debian release.
pub(super) fn find(etc_apt: &Path) -> anyhow::Result<String> {
    let mut files = vec![etc_apt.join("sources.list")];
    let folder = etc_apt.join("sources.list.d");
    if folder.is_dir() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut more = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        more.sort();
        files.extend(more);
    }
    for file in files {
        let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !file.is_file() || !matches!(kind, "list" | "sources") {
            continue;
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = if kind == "sources" { in_deb822(&text) } else { in_one_line(&text) };
        if let Some(uri) = found {
            return Ok(uri);
        }
    }
    bail!("no entry for Debian's archive (component main) in {}", etc_apt.display());
}

/// What else this machine's apt needs to reach the mirror (a proxy, a clock that is off), as lines
/// of apt.conf(5).
///
/// mmdebstrap starts from an empty configuration, so these have to be handed on.
///
/// # Errors
/// When `apt-config` cannot be run.
pub(super) fn apt_options() -> anyhow::Result<Vec<String>> {
    const HANDED_ON: &[&str] = &["Acquire::http::Proxy ", "Acquire::https::Proxy ", "Acquire::Check-Date "];
    let output = Command::new("apt-config").arg("dump").output().context("cannot start apt-config")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let wanted = text.lines().filter(|line| HANDED_ON.iter().any(|key| line.starts_with(key)));
    Ok(wanted.map(|line| line.trim_end_matches(';').to_owned()).collect())
}

/// Whether a suite is a release of Debian itself, and not its security or third-party archive.
fn is_release(suite: &str) -> bool {
    const RELEASES: &[&str] =
        &["stable", "testing", "unstable", "sid", "bookworm", "trixie", "forky", "duke", "oldstable"];
    RELEASES.contains(&suite)
}

/// `deb [options] URI SUITE COMPONENT…`, one per line.
fn in_one_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let rest = line.strip_prefix("deb")?.strip_prefix(char::is_whitespace)?.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        (is_release(suite) && words.any(|component| component == "main")).then(|| uri.to_owned())
    })
}

/// Paragraphs of `Field: value` lines; a value may go on in indented lines, `#` starts a comment
/// line.
fn in_deb822(text: &str) -> Option<String> {
    let mut stanza: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            if let Some(uri) = stanza_uri(&stanza) {
                return Some(uri);
            }
            stanza.clear();
        } else if line.starts_with(char::is_whitespace) {
            if let Some((_, value)) = stanza.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((field, value)) = line.split_once(':') {
            stanza.push((field.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    None
}

fn stanza_uri(stanza: &[(String, String)]) -> Option<String> {
    let words = |field: &str| {
        let value = stanza.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value.as_str());
        value.split_whitespace()
    };
    let wanted = words("types").any(|word| word == "deb")
        && words("components").any(|word| word == "main")
        && words("suites").any(is_release)
        && words("enabled").all(|word| !word.eq_ignore_ascii_case("no"));
    if wanted { words("uris").next().map(str::to_owned) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_format() {
        let text = "# deb http://a/ bookworm main\ndeb-src http://b/ bookworm main\n\
                    deb http://c/ bookworm contrib\ndeb [arch=amd64 trusted=yes] http://d/debian bookworm contrib main # x\n";
        assert_eq!(in_one_line(text).as_deref(), Some("http://d/debian"));
        assert_eq!(in_one_line("deb http://a/ bookworm-security main\ndebris http://a/ sid main\n"), None);
    }

    #[test]
    fn deb822_format() {
        let text = "Types: deb\nURIs: http://node/\nSuites: nodistro\nComponents: main\n\n\
                    Types: deb-src\nURIs: http://src/\nSuites: sid\nComponents: main\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://off/\nSuites: sid\nComponents: main\n\n\
                    Types: deb\n# a comment\nURIs:\n http://mirror/debian\n http://other/\n\
                    Suites: bookworm bookworm-updates\nComponents: main contrib\n";
        assert_eq!(in_deb822(text).as_deref(), Some("http://mirror/debian"));
        assert_eq!(
            in_deb822("Types: deb\nURIs: http://s/\nSuites: bookworm-security\nComponents: main\n"),
            None
        );
    }
}
