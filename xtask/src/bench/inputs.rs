//! Inputs of the benchmarks, made from the real data.

use crate::workspace;
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The bulk archive and the delta archive of CVE records.
pub(super) fn cve_archives() -> Vec<PathBuf> {
    let folder = workspace::shared_data().join("cve");
    vec![folder.join("cvelist-bulk.zip"), folder.join("cvelist-delta.zip")]
}

/// Where benchmarks keep what they make: `target/bench`.
pub(super) fn scratch() -> anyhow::Result<PathBuf> {
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Paths of a large desktop system.
pub(super) const PATHS: usize = 2000;

/// An evaluation of all of nixpkgs.
pub(super) fn evaluation() -> PathBuf {
    workspace::shared_data().join("nixpkgs/nixos-18.03.jsonl.zst")
}

/// What every NixOS system of that time has in its closure, and what most CVEs are about.
const CORE: &[&str] = &[
    "linux",
    "glibc",
    "bash",
    "coreutils",
    "systemd",
    "openssl",
    "curl",
    "openssh",
    "sudo",
    "git",
    "perl",
    "python",
    "nix",
    "gnutls",
    "zlib",
    "xz",
    "sqlite",
    "libxml2",
    "dbus",
    "gnupg",
    "vim",
    "rsync",
    "nginx",
    "firefox",
];

/// Writes `count` derivations of a real nixpkgs evaluation into `folder` and gives their paths.
///
/// They carry what a scanner reads of a derivation: name, system, outputs and the file names of its
/// patches. Packages are [`CORE`] and others taken evenly from the whole evaluation, each software
/// in one version, as in most closures (so there is one kernel, which has more CVEs than everything
/// else together).
///
/// # Errors
/// When the evaluation cannot be read or has fewer packages.
pub(super) fn derivations(folder: &Path, count: usize) -> anyhow::Result<Vec<PathBuf>> {
    let evaluation = evaluation();
    let file = File::open(&evaluation).with_context(|| format!("cannot open {}", evaluation.display()))?;
    let mut seen = BTreeSet::new();
    let (mut core, mut packages) = (Vec::new(), Vec::new());
    for line in BufReader::new(zstd::Decoder::new(file)?).lines() {
        let package: Value = serde_json::from_str(&line?)?;
        if let (Some(name), Some(path)) = (package["name"].as_str(), package["drvPath"].as_str())
            && seen.insert(software(name).to_owned())
        {
            let file = path.rsplit('/').next().unwrap_or(path).to_owned();
            let list = if CORE.contains(&software(name)) { &mut core } else { &mut packages };
            list.push((file, aterm(name, &package)));
        }
    }
    let wanted = count.saturating_sub(core.len());
    if packages.len() < wanted {
        bail!("{} has only {} packages", evaluation.display(), packages.len());
    }
    let spread = (0..wanted).map(|index| &packages[index * packages.len() / wanted]);
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut paths = Vec::new();
    for (file, text) in core.iter().chain(spread) {
        let path = folder.join(file);
        fs::write(&path, text)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Makes the root of a system in `folder`: a store database with `count` paths of a real
/// evaluation, each with its deriver, the derivations, and a running system that needs all of them.
///
/// # Errors
/// When the evaluation cannot be read, has fewer packages, or the files cannot be written.
pub(super) fn system(folder: &Path, count: usize) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let store = folder.join("nix/store");
    let state = folder.join("nix/var/nix/db");
    fs::create_dir_all(&state)?;
    fs::create_dir_all(folder.join("run"))?;
    let paths = derivations(&store, count)?;
    fs::write(state.join("schema"), "10")?;
    let mut connection = rusqlite::Connection::open(state.join("db.sqlite"))?;
    connection.execute_batch(nix_formats::store_db::SCHEMA)?;
    let transaction = connection.transaction()?;
    let register = |path: &str, deriver: Option<&str>| -> anyhow::Result<i64> {
        transaction.execute(
            "INSERT INTO ValidPaths (path, hash, registrationTime, deriver, narSize) VALUES (?1, ?2, 1, ?3, 1)",
            rusqlite::params![path, format!("sha256:{}", "0".repeat(64)), deriver],
        )?;
        Ok(transaction.last_insert_rowid())
    };
    let system_path = format!("/nix/store/{}-nixos-system-bench-18.03", "0".repeat(32));
    let system = register(&system_path, None)?;
    for derivation in &paths {
        let file = derivation.file_name().and_then(|n| n.to_str()).context("a name that is not text")?;
        let deriver = format!("/nix/store/{file}");
        register(&deriver, None)?;
        let output = deriver.strip_suffix(".drv").context("not a derivation")?;
        let output = register(output, Some(&deriver))?;
        transaction.execute("INSERT INTO Refs VALUES (?1, ?2)", [system, output])?;
    }
    transaction.commit()?;
    fs::create_dir_all(folder.join(system_path.trim_start_matches('/')))?;
    std::os::unix::fs::symlink(&system_path, folder.join("run/current-system"))?;
    Ok(folder.to_owned())
}

/// A derivation's name without its version.
fn software(name: &str) -> &str {
    let dash = name
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    dash.map_or(name, |at| &name[..at])
}

/// A derivation in Nix's ATerm format.
fn aterm(name: &str, package: &Value) -> String {
    let system = package["system"].as_str().unwrap_or("x86_64-linux");
    let outputs: Vec<(String, String)> = package["outputs"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(output, path)| (output.clone(), path.as_str().unwrap_or_default().to_owned()))
        .collect();
    let patches: Vec<&str> =
        package["patches"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let list =
        outputs.iter().map(|(output, path)| format!("({},{},\"\",\"\")", string(output), string(path)));
    let mut environment = vec![
        ("name".to_owned(), name.to_owned()),
        ("patches".to_owned(), patches.join(" ")),
        ("system".to_owned(), system.to_owned()),
    ];
    environment.extend(outputs.iter().cloned());
    // Nix keeps the environment sorted by name.
    environment.sort();
    let environment = environment.iter().map(|(key, value)| format!("({},{})", string(key), string(value)));
    format!(
        "Derive([{}],[],[],{},\"/bin/sh\",[],[{}])",
        list.collect::<Vec<_>>().join(","),
        string(system),
        environment.collect::<Vec<_>>().join(",")
    )
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
