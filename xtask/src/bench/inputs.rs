//! Inputs of the benchmarks, made from the real data.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::workspace;

/// The bulk archive and the delta archive of CVE records.
pub(super) fn cve_archives() -> Vec<PathBuf> {
    let folder = workspace::shared_data().join("cve");
    vec![folder.join("cvelist-bulk.zip"), folder.join("cvelist-delta.zip")]
}

/// Writes `count` derivations of a real nixpkgs evaluation into `folder` and gives their paths.
///
/// They carry what a scanner reads of a derivation: name, system, outputs and the file names of its patches. Packages are
/// taken evenly from the whole evaluation, each name once, as in a closure.
///
/// # Errors
/// When the evaluation cannot be read or has fewer packages.
pub(super) fn derivations(folder: &Path, count: usize) -> anyhow::Result<Vec<PathBuf>> {
    let evaluation = workspace::shared_data().join("nixpkgs/nixos-18.03.jsonl.zst");
    let file = File::open(&evaluation).with_context(|| format!("cannot open {}", evaluation.display()))?;
    let mut seen = BTreeSet::new();
    let mut packages = Vec::new();
    for line in BufReader::new(zstd::Decoder::new(file)?).lines() {
        let package: Value = serde_json::from_str(&line?)?;
        if let (Some(name), Some(path)) = (package["name"].as_str(), package["drvPath"].as_str())
            && seen.insert(name.to_owned())
        {
            let file = path.rsplit('/').next().unwrap_or(path).to_owned();
            packages.push((file, aterm(name, &package)));
        }
    }
    if packages.len() < count {
        bail!("{} has only {} packages", evaluation.display(), packages.len());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut paths = Vec::new();
    for index in 0..count {
        let (file, text) = &packages[index * packages.len() / count];
        let path = folder.join(file);
        fs::write(&path, text)?;
        paths.push(path);
    }
    Ok(paths)
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
