//! A few of each kind of thing in the real data.

use crate::workspace;
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Every this many records of the bulk archive one is taken.
const EVERY: usize = 250;
/// How many strings of a kind are taken at most.
const STRINGS: usize = 200;

/// See the fields.
#[derive(Default)]
pub(super) struct Samples {
    /// CVE records, one JSON document each.
    pub(super) cve_records: Vec<Vec<u8>>,
    /// NVD pages with one record each.
    pub(super) nvd: Vec<Vec<u8>>,
    /// A catalogue with a few entries.
    pub(super) kev: Vec<u8>,
    pub(super) cvss_vectors: Vec<String>,
    pub(super) cpes: Vec<String>,
    /// What CNAs write where a version or a range of versions belongs.
    pub(super) versions: Vec<String>,
    /// Package names with versions.
    pub(super) names: Vec<String>,
    pub(super) store_paths: Vec<String>,
    /// Lines of nix-eval-jobs.
    pub(super) eval_jobs: Vec<Vec<u8>>,
    pub(super) aterm_derivations: Vec<Vec<u8>>,
    pub(super) json_derivations: Vec<Vec<u8>>,
}

impl Samples {
    /// Reads them from [`workspace::shared_data`].
    pub(super) fn read() -> anyhow::Result<Self> {
        let data = workspace::shared_data();
        let mut samples = Self::default();
        samples.read_cve(&data.join("cve"))?;
        samples.read_nvd(&data.join("nvd"))?;
        samples.read_nixpkgs(&data.join("nixpkgs/nixos-18.03.jsonl.zst"))?;
        samples.read_derivations(&data.join("nix/derivation"))?;
        Ok(samples)
    }

    fn read_cve(&mut self, folder: &Path) -> anyhow::Result<()> {
        let bulk = folder.join("cvelist-bulk.zip");
        let mut archive = zip::ZipArchive::new(open(&bulk)?)?;
        let mut found = Strings::default();
        for index in (0..archive.len()).step_by(EVERY) {
            let mut record = Vec::new();
            archive.by_index(index)?.read_to_end(&mut record)?;
            found.collect(&serde_json::from_slice(&record)?, "");
            // A large record teaches the fuzzer no more than a small one and slows it down.
            if record.len() < 16 << 10 {
                self.cve_records.push(record);
            }
        }
        self.cpes.extend(found.cpes.into_iter().take(STRINGS));
        self.cvss_vectors.extend(found.vectors.into_iter().take(STRINGS));
        self.versions.extend(found.versions.into_iter().take(STRINGS));

        let kev = folder.join("known_exploited_vulnerabilities.json");
        let mut catalogue: Value = serde_json::from_reader(open(&kev)?)?;
        if let Some(Value::Array(entries)) = catalogue.get_mut("vulnerabilities") {
            entries.truncate(4);
        }
        catalogue["count"] = json!(4);
        self.kev = serde_json::to_vec(&catalogue)?;
        Ok(())
    }

    /// Each file holds one member of the list in an API answer; the page around it is written here.
    fn read_nvd(&mut self, folder: &Path) -> anyhow::Result<()> {
        for file in files(folder, "json")? {
            let record: Value = serde_json::from_slice(&fs::read(&file)?)
                .with_context(|| format!("{} is not JSON", file.display()))?;
            let page = json!({
                "resultsPerPage": 1, "startIndex": 0, "totalResults": 1, "format": "NVD_CVE", "version": "2.0",
                "timestamp": "2024-10-01T00:00:00.000", "vulnerabilities": [record],
            });
            self.nvd.push(serde_json::to_vec(&page)?);
        }
        Ok(())
    }

    fn read_nixpkgs(&mut self, file: &Path) -> anyhow::Result<()> {
        let lines = BufReader::new(zstd::Decoder::new(open(file)?)?).lines();
        for line in lines.step_by(EVERY) {
            let line = line?;
            let package: Value = serde_json::from_str(&line)?;
            if let Some(name) = package["name"].as_str() {
                self.names.push(name.to_owned());
            }
            if let Some(path) = package["drvPath"].as_str() {
                self.store_paths.push(path.to_owned());
            }
            self.eval_jobs.push(line.into_bytes());
        }
        Ok(())
    }

    fn read_derivations(&mut self, folder: &Path) -> anyhow::Result<()> {
        for part in ["", "ca", "ia", "hash-modulo", "invariants", "try-resolve"] {
            let folder = folder.join(part);
            for file in files(&folder, "drv")? {
                self.aterm_derivations.push(fs::read(file)?);
            }
            for file in files(&folder, "json")? {
                self.json_derivations.push(fs::read(file)?);
            }
        }
        Ok(())
    }
}

/// Strings of a CVE record, by what they are.
#[derive(Default)]
struct Strings {
    cpes: BTreeSet<String>,
    vectors: BTreeSet<String>,
    versions: BTreeSet<String>,
}

impl Strings {
    fn collect(&mut self, value: &Value, key: &str) {
        match value {
            Value::String(text) if text.starts_with("cpe:") => drop(self.cpes.insert(text.clone())),
            Value::String(text) => match key {
                "vectorString" => drop(self.vectors.insert(text.clone())),
                "version" | "lessThan" | "lessThanOrEqual" => drop(self.versions.insert(text.clone())),
                _ => {}
            },
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, key)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| self.collect(value, key)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("cannot open {}", file.display()))
}

/// The files of a folder with this extension, sorted; there has to be a folder.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<std::path::PathBuf>> {
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
