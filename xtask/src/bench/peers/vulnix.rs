//! The scanner peer: vulnix (`vulnix` in `xtask/python-peers.txt`).
//!
//! vulnix downloads one gzipped NVD 1.1 feed for each of the last six years from its `--mirror`,
//! keeps them in an object database in `--cache-dir`, and does not look again within two hours.
//! Given `.drv` files and `--no-requisites` it needs no Nix.

use super::loopback::Server;
use super::nvd_feed;
use crate::bench::measure::{self, Run};
use crate::python;
use anyhow::{Context, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exit status when nothing was found, and when something was.
const CLEAN: i32 = 0;
const AFFECTED: i32 = 2;

/// vulnix with a feed and a cache of its own.
pub(in crate::bench) struct Vulnix {
    program: PathBuf,
    feeds: PathBuf,
    cache: PathBuf,
}

/// One derivation that vulnix calls affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bench) struct Affected {
    /// Name of the derivation with its version, such as `curl-8.3.0`.
    pub(in crate::bench) name: String,
    /// Identifiers such as `CVE-2024-3094`, sorted.
    pub(in crate::bench) cves: Vec<String>,
}

impl Vulnix {
    /// Installs vulnix when needed and makes its feeds in `folder` from the CVE records of these
    /// zip files, a later file replacing records of an earlier one. Gives how many records became
    /// entries too.
    pub(in crate::bench) fn prepare(folder: &Path, archives: &[PathBuf]) -> anyhow::Result<(Self, usize)> {
        let program = python::peers()?.join("bin/vulnix");
        let (feeds, cache) = (folder.join("nvd-feeds"), folder.join("vulnix-cache"));
        for folder in [&feeds, &cache] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        let mut items = std::collections::BTreeMap::new();
        for archive in archives {
            read_archive(archive, |record| {
                let Some(id) = record["cveMetadata"]["cveId"].as_str() else { return };
                match nvd_feed::item(record) {
                    Some(item) => drop(items.insert(id.to_owned(), item)),
                    None => drop(items.remove(id)),
                }
            })
            .with_context(|| format!("cannot read {}", archive.display()))?;
        }
        let count = items.len();
        write_feeds(&feeds, items.into_values().collect())?;
        Ok((Self { program, feeds, cache }, count))
    }

    /// Downloads and indexes the feeds, as on vulnix's first run of a day, and scans nothing.
    pub(in crate::bench) fn update(&self) -> anyhow::Result<Run> {
        let server = Server::start(&self.feeds)?;
        let url = server.url();
        // vulnix wants something to scan; a list of paths is read and then, in 1.10.1, left alone.
        let list = self.cache.join("none.txt");
        fs::write(&list, "")?;
        let make = || {
            let mut command = self.command(&url);
            command.arg("--from-file").arg(&list);
            Ok(command)
        };
        measure::program(make, 1, |status| status == CLEAN)
    }

    /// Scans these derivations with the cached feeds, `times` times.
    pub(in crate::bench) fn scan(
        &self,
        derivations: &[PathBuf],
        times: usize,
    ) -> anyhow::Result<(Run, Vec<Affected>)> {
        // Nothing listens there: a scan that wants to download fails instead of measuring the wrong
        // thing.
        let make = || {
            let mut command = self.command("http://127.0.0.1:9/");
            command.args(derivations);
            Ok(command)
        };
        let run = measure::program(make, times, |status| matches!(status, CLEAN | AFFECTED))?;
        let affected = parse(&run.output)?;
        Ok((run, affected))
    }

    fn command(&self, mirror: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--json", "--no-requisites", "--mirror", mirror, "--cache-dir"])
            .arg(&self.cache)
            .env("no_proxy", "127.0.0.1")
            .env("PYTHONWARNINGS", "ignore");
        command
    }
}

/// What vulnix prints with `--json`.
fn parse(output: &[u8]) -> anyhow::Result<Vec<Affected>> {
    let report: Value = serde_json::from_slice(output).context("vulnix printed no JSON")?;
    let Some(entries) = report.as_array() else { bail!("vulnix printed JSON, but no list") };
    Ok(entries
        .iter()
        .map(|entry| Affected {
            name: entry["name"].as_str().unwrap_or_default().to_owned(),
            cves: entry["affected_by"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str().map(str::to_owned))
                .collect(),
        })
        .collect())
}

/// Calls `each` with every JSON document of a zip file.
fn read_archive(path: &Path, mut each: impl FnMut(&Value)) -> anyhow::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(path)?)?;
    let mut bytes = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        let name = member.name()?.into_owned();
        if Path::new(&name).extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        bytes.clear();
        member.read_to_end(&mut bytes)?;
        each(&serde_json::from_slice(&bytes).context(name)?);
    }
    Ok(())
}

/// vulnix insists on a feed for each of the last six years but never asks what is in which: one
/// holds everything.
fn write_feeds(folder: &Path, items: Vec<Value>) -> anyhow::Result<()> {
    let this_year: u32 = {
        let output = Command::new("date").args(["+%Y"]).output()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().context("`date +%Y` printed no year")?
    };
    let mut items = Some(items);
    for year in this_year - 5..=this_year {
        let feed = json!({
            "CVE_data_type": "CVE", "CVE_data_format": "MITRE", "CVE_data_version": "4.0",
            "CVE_Items": items.take().unwrap_or_default(),
        });
        let file = File::create(folder.join(format!("nvdcve-1.1-{year}.json.gz")))?;
        let mut encoder = GzEncoder::new(file, Compression::fast());
        serde_json::to_writer(&mut encoder, &feed)?;
        encoder.finish()?;
    }
    Ok(())
}
