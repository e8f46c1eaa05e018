//! Targets on the command line: where they are, how they are called, and reading them.

use crate::exit;
use crate::named::named;
use anyhow::{Context, bail};
use nix_formats::StoreDir;
use scanner::Target;
use scanner::targets::{self, ReadOptions, TargetKind};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What targets are, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetArguments {
    /// What the targets are, if it cannot be detected
    #[arg(long = "type", value_name = "KIND", value_parser = named::<TargetKind>(TargetKind::ALL.iter().map(|k| k.name())))]
    kind: Option<TargetKind>,
    /// Where the root of the system to scan is
    ///
    /// Targets, the store and its database are looked for below it, and links are followed below
    /// it.
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    root: PathBuf,
    /// The store, as its paths are written; or another machine's as nix names it, such as
    /// ssh-ng://host
    ///
    /// Of another machine's store only store paths can be scanned: `ssh host readlink -f
    /// /run/current-system` prints one.
    #[arg(long, value_name = "FOLDER|URL", default_value = "/nix/store")]
    store: String,
    /// Do not use the store database: find references by reading all files
    #[arg(long)]
    no_store_database: bool,
    /// Do not read derivations: use only the names of store paths
    #[arg(long)]
    no_derivations: bool,
}

/// How targets are read.
pub(crate) struct How {
    kind: Option<TargetKind>,
    /// The store that nix is asked about.
    store: Option<String>,
    options: ReadOptions,
}

impl TargetArguments {
    pub(crate) fn read_options(&self) -> anyhow::Result<How> {
        let url = targets::is_store_url(&self.store).then(|| self.store.clone());
        let store_dir = match &url {
            Some(_) => StoreDir::default(),
            None => StoreDir::new(&self.store).with_context(|| {
                format!("--store `{}`: a store is an absolute path, or a URL of nix", self.store)
            })?,
        };
        let options = ReadOptions {
            root: self.root.clone(),
            store_dir,
            use_database: !self.no_store_database,
            use_derivations: !self.no_derivations,
            ..ReadOptions::default()
        };
        Ok(How { kind: self.kind, store: url, options })
    }
}

/// Reads all targets; the errors of those that cannot be read are printed. Also says whether there
/// were any.
pub(crate) fn read(given: &[OsString], how: &How) -> (Vec<Target>, bool) {
    let mut targets = Vec::with_capacity(given.len());
    let mut failed = false;
    for read in scanner::parallel(given, how.options.threads, |target| read_target(target, how)) {
        match read {
            Ok(target) => targets.push(target),
            Err(error) => {
                failed = true;
                exit::report(&error);
            }
        }
    }
    (targets, failed)
}

/// Reads one.
pub(crate) fn read_target(given: &OsStr, how: &How) -> anyhow::Result<Target> {
    let begin = Instant::now();
    let target = read_whole(given, how)?;
    exit::detail(|| {
        let Target { name, kind, contents } = &target;
        format!("{name}: {kind}, {} packages in {:.1?}", contents.packages.len(), begin.elapsed())
    });
    Ok(target)
}

fn read_whole(given: &OsStr, how: &How) -> anyhow::Result<Target> {
    let (name, target) = split_name(given);
    let path = Path::new(target);
    let text = target.to_string_lossy();
    let nix = how.store.is_some() || how.kind.is_none() && targets::is_installable(&text);
    if nix && path != Path::new("-") {
        let name = name.unwrap_or_else(|| text.clone().into_owned());
        let context = || format!("cannot scan {name}");
        if how.store.is_some() && !text.contains("/store/") {
            bail!(
                "cannot scan {name}: of another machine's store only store paths can be scanned; `ssh HOST readlink -f {text}` prints one"
            );
        }
        let (kind, contents) =
            targets::read_installable(&text, how.store.as_deref(), &how.options).with_context(context)?;
        return Ok(Target { name, kind, contents });
    }
    let (own, spooled) = spooled(path).with_context(|| format!("cannot scan {}", path.display()))?;
    let name = name.unwrap_or(own);
    let place = spooled.as_ref().map_or(path, tempfile::NamedTempFile::path);
    let (kind, contents) =
        targets::read(place, how.kind, &how.options).with_context(|| format!("cannot scan {name}"))?;
    Ok(Target { name, kind, contents })
}

/// The name in front of a target, as in `host1=/mnt/host1/run/current-system`. A file whose own
/// name is like that is the file.
fn split_name(given: &OsStr) -> (Option<String>, &OsStr) {
    let Some((name, target)) = given.to_str().and_then(|text| text.split_once('=')) else {
        return (None, given);
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || target.is_empty() || !name.chars().all(plain) || Path::new(given).exists() {
        return (None, given);
    }
    (Some(name.to_owned()), OsStr::new(target))
}

/// The most bytes that come in through a pipe.
const MAXIMUM_STREAM: u64 = 8 << 30;

/// How a target is called. What comes through a pipe (`-` is standard input) can be read only once,
/// but has to be looked at before; it is put into a temporary file.
fn spooled(path: &Path) -> io::Result<(String, Option<tempfile::NamedTempFile>)> {
    let mut stream: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match std::fs::metadata(path) {
            Ok(found) if found.file_type().is_fifo() => Box::new(File::open(path)?),
            // What is wrong with others shows when they are read.
            _ => return Ok((path.display().to_string(), None)),
        }
    };
    let mut file = tempfile::Builder::new().prefix("snowguard-input-").tempfile()?;
    copy_up_to(MAXIMUM_STREAM, &mut stream, &mut file)?;
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    Ok((name, Some(file)))
}

/// Copies all of a stream. Half of a target would be reported as if it were whole.
fn copy_up_to(limit: u64, from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    if io::copy(&mut from.take(limit.saturating_add(1)), to)? > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_not_cut() {
        let copy = |limit| copy_up_to(limit, &mut &b"12345"[..], &mut io::sink());
        assert!(copy(5).is_ok());
        assert_eq!(copy(4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn targets_have_names() {
        let split = |text: &str| {
            let (name, target) = split_name(OsStr::new(text));
            (name.unwrap_or_default(), target.to_str().map(str::to_owned).unwrap_or_default())
        };
        let pair = |name: &str, target: &str| (name.to_owned(), target.to_owned());
        assert_eq!(split("host1=/run/current-system"), pair("host1", "/run/current-system"));
        assert_eq!(split("a.b-c=.#x=y"), pair("a.b-c", ".#x=y"));
        for whole in ["/a=b", "=x", "x=", "./x=y", "github:a/b?ref=x", "plain"] {
            assert_eq!(split(whole), pair("", whole));
        }
    }
}
