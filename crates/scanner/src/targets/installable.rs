//! What only Nix can find: flake references with attribute paths, and what another store holds.
//!
//! The `nix` of this machine is asked, and nothing is built: `nix path-info` names the closure of
//! what was built before, and where nothing was, `nix derivation show` names all that building it
//! would need. (Evaluating may build, where an expression imports from a derivation.)

use super::store::ReadOptions;
use super::{TargetContents, TargetError, TargetKind, bytes, derivation_json, path_info};
use crate::document::DocumentError;
use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Schemes of flake references, for those without an attribute path.
const SCHEMES: &[&str] =
    &["flake:", "path:", "github:", "gitlab:", "sourcehut:", "git+", "hg+", "tarball+", "file+"];

/// Why Nix did not name what there is to scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NixError {
    /// It is not installed, or not where programs are looked for.
    #[error("there is no `nix` in PATH")]
    NoNix,
    /// It cannot be started, or its output not be read.
    #[error("cannot run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed: {message}")]
    Failed {
        /// What was called, without options that are always the same.
        command: String,
        /// What it printed last.
        message: String,
    },
    /// It prints more than there is of any real closure.
    #[error("`{command}` printed more than {maximum} bytes")]
    TooLarge {
        /// What was called.
        command: String,
        /// The limit.
        maximum: u64,
    },
    /// What it printed is not what this version knows.
    #[error("`{command}` printed something else than expected")]
    Output {
        /// What was called.
        command: String,
        /// What is wrong, and where.
        source: DocumentError,
    },
}

impl NixError {
    /// What may help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoNix => Some(
                "flake references, attribute paths and other stores need it; store paths, .drv files, container images and files do not",
            ),
            _ => None,
        }
    }
}

/// Whether a target is one that Nix has to find: `nixpkgs#hello`,
/// `.#packages.x86_64-linux.default`, `github:NixOS/nix`. A file of that name is a file.
pub fn is_installable(target: &str) -> bool {
    let reference = target.contains('#') || SCHEMES.iter().any(|scheme| target.starts_with(scheme));
    // Nothing that Nix could take for an option.
    reference && !target.starts_with('-') && fs::symlink_metadata(target).is_err()
}

/// Whether `--store` names a store that Nix opens, and not the folder of one.
pub fn is_store_url(store: &str) -> bool {
    !store.starts_with('/') && (store.contains("://") || matches!(store, "auto" | "daemon" | "local"))
        || store.starts_with("local?")
}

/// Reads what a flake reference or an attribute path stands for. `store` is the URL of the store
/// that has it, if that is not this machine's.
pub fn read_installable(
    target: &str,
    store: Option<&str>,
    options: &ReadOptions,
) -> Result<(TargetKind, TargetContents), TargetError> {
    let nix = find().ok_or(NixError::NoNix)?;
    let whole = whole_system(target);
    let from = |source, command| NixError::Output { command, source };
    let at = store.map_or(Vec::new(), |store| vec!["--store", store]);
    let known = run(&nix, &[&["path-info", "--json", "--recursive"], &*at, &[&*whole]].concat());
    match known {
        Ok((command, json)) => {
            let contents = path_info::parse(&json, options).map_err(|source| from(source, command))?;
            return Ok((TargetKind::PathInfo, contents));
        }
        // Nothing but a store path can be asked of another store.
        Err(error) if store.is_some() => return Err(error.into()),
        Err(NixError::Failed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let (command, json) = run(&nix, &["derivation", "show", "--recursive", &whole])?;
    let mut contents = derivation_json::parse(&json, options).map_err(|source| from(source, command))?;
    contents.warn(
        target,
        "is not built on this machine: all that is needed to build it is scanned, not what it needs at run time",
    );
    Ok((TargetKind::DerivationJson, contents))
}

/// The whole of a configuration, where only the configuration is named.
fn whole_system(target: &str) -> Cow<'_, str> {
    let Some((_, attributes)) = target.split_once('#') else { return target.into() };
    let end = |folder: &str| {
        let name = attributes.strip_prefix(folder)?.strip_prefix('.')?;
        let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        Some(inner.map_or_else(|| !name.is_empty() && !name.contains('.'), |inner| !inner.contains('"')))
    };
    for (folder, rest) in [
        ("nixosConfigurations", "config.system.build.toplevel"),
        ("darwinConfigurations", "system"),
        ("homeConfigurations", "activationPackage"),
    ] {
        if end(folder) == Some(true) {
            return format!("{target}.{rest}").into();
        }
    }
    target.into()
}

/// The program, in the first folder of `PATH` that has it. Folders that are named from the working
/// directory are left out: what is scanned may stand there.
fn find() -> Option<PathBuf> {
    let executable = |path: &Path| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("nix"))
        .find(|path| executable(path))
}

/// The most bytes of its messages that are kept, from the end.
const MESSAGES: usize = 64 << 10;

/// Runs it. What was called comes with what it printed.
fn run(nix: &Path, arguments: &[&str]) -> Result<(String, Vec<u8>), NixError> {
    match run_once(nix, arguments) {
        // Since 2.33 a version of the form should be named, and will have to be; older ones do not
        // know of it.
        Err(NixError::Failed { message, .. }) if message.contains("--json-format") => {
            run_once(nix, &[arguments, &["--json-format", "1"]].concat())
        }
        other => other,
    }
}

fn run_once(nix: &Path, arguments: &[&str]) -> Result<(String, Vec<u8>), NixError> {
    let command = format!("nix {}", arguments.join(" "));
    let failed = |source| NixError::Run { program: nix.to_owned(), source };
    let mut child = Command::new(nix)
        .args(["--extra-experimental-features", "nix-command flakes"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let messages = child.stderr.take();
    let listen = std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut part = [0; 4096];
        let mut messages = messages;
        while let Some(count) = messages.as_mut().and_then(|m| m.read(&mut part).ok()).filter(|c| *c > 0) {
            kept.extend_from_slice(part.get(..count).unwrap_or_default());
            if kept.len() > 2 * MESSAGES {
                kept.drain(..kept.len() - MESSAGES);
            }
        }
        kept
    });
    let mut output = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(bytes::MAXIMUM + 1).read_to_end(&mut output),
        None => Ok(0),
    };
    if output.len() as u64 > bytes::MAXIMUM || read.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(failed)?;
    let messages = listen.join().unwrap_or_default();
    read.map_err(failed)?;
    if output.len() as u64 > bytes::MAXIMUM {
        return Err(NixError::TooLarge { command, maximum: bytes::MAXIMUM });
    }
    if !status.success() {
        return Err(NixError::Failed { command, message: last_error(&messages, status) });
    }
    Ok((command, output))
}

/// What Nix said went wrong: from its last `error:` on.
fn last_error(messages: &[u8], status: std::process::ExitStatus) -> String {
    let text = String::from_utf8_lossy(messages);
    let text = text.rfind("error:").and_then(|at| text.get(at + "error:".len()..)).unwrap_or(&text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { status.to_string() } else { super::cut(&lines.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nix_has_to_find() {
        for target in ["nixpkgs#hello", ".#nixosConfigurations.host", "github:NixOS/nix", "git+https://x/y"] {
            assert!(is_installable(target), "{target}");
        }
        for target in ["./result", "/nix/store/x", "packages.json", "--help#x", "-", "nixpkgs"] {
            assert!(!is_installable(target), "{target}");
        }
        for store in ["ssh-ng://host", "https://cache.nixos.org", "daemon", "local?root=/mnt"] {
            assert!(is_store_url(store), "{store}");
        }
        for store in ["/nix/store", "/gnu/store", "nix/store", "/a://b", ""] {
            assert!(!is_store_url(store), "{store}");
        }
    }

    #[test]
    fn configurations_are_whole_systems() {
        for (target, whole) in [
            (".#nixosConfigurations.host", ".#nixosConfigurations.host.config.system.build.toplevel"),
            (".#nixosConfigurations.\"a.b\"", ".#nixosConfigurations.\"a.b\".config.system.build.toplevel"),
            (".#nixosConfigurations.host.config", ".#nixosConfigurations.host.config"),
            (".#nixosConfigurations.\"a\".\"b\"", ".#nixosConfigurations.\"a\".\"b\""),
            (".#homeConfigurations.me", ".#homeConfigurations.me.activationPackage"),
            ("x#darwinConfigurations.mac", "x#darwinConfigurations.mac.system"),
            (".#nixosConfigurations", ".#nixosConfigurations"),
            (".#nixosConfigurations.", ".#nixosConfigurations."),
            ("nixpkgs#hello", "nixpkgs#hello"),
        ] {
            assert_eq!(whole_system(target), whole);
        }
    }
}
