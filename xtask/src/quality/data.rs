//! Records and packages, as far as drawing and labelling pairs needs them.

use crate::workspace;
use anyhow::Context;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// The evaluations, in the order in which a package's first appearance counts.
const BRANCHES: [&str; 3] = ["nixos-18.03", "nixos-unstable", "nixos-17.09"];

/// A package, once for each derivation name.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// `name` of the derivation.
    pub(crate) name: String,
    /// The name up to the first dash that no letter follows.
    pub(crate) pname: String,
    /// The rest.
    #[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "only scoring compares versions"))]
    pub(crate) version: String,
    /// Attribute of its first appearance.
    pub(crate) attribute: String,
    /// Branch of its first appearance.
    pub(crate) branch: &'static str,
    /// The whole line of the evaluation.
    pub(crate) line: Value,
}

impl Package {
    /// The package of a line of an evaluation; none if it has no name.
    pub(crate) fn of_line(line: Value, branch: &'static str) -> Option<Self> {
        let name = line["name"].as_str()?.to_owned();
        let dash = name.as_bytes().windows(2).position(|w| w[0] == b'-' && !w[1].is_ascii_alphabetic());
        let (pname, version) = dash.map_or((name.as_str(), ""), |at| (&name[..at], &name[at + 1..]));
        Some(Self {
            pname: pname.to_owned(),
            version: version.to_owned(),
            attribute: line["attr"].as_str().unwrap_or("").to_owned(),
            branch,
            name,
            line,
        })
    }
}

/// Everything there is to draw from.
pub(crate) struct Data {
    /// Published records by identifier, the delta's version where there is one.
    pub(crate) records: BTreeMap<String, Value>,
    /// Packages by name.
    pub(crate) packages: BTreeMap<String, Package>,
}

impl Data {
    /// Reads all of the shared data.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut records = BTreeMap::new();
        let shared = workspace::shared_data();
        for archive in ["cvelist-bulk.zip", "cvelist-delta.zip"] {
            let path = shared.join("cve").join(archive);
            let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            let mut archive = zip::ZipArchive::new(BufReader::new(file))?;
            for index in 0..archive.len() {
                let mut text = String::new();
                archive.by_index(index)?.read_to_string(&mut text)?;
                let record: Value = serde_json::from_str(&text)?;
                let id =
                    record["cveMetadata"]["cveId"].as_str().context("a record without cveId")?.to_owned();
                records.insert(id, record);
            }
        }
        records.retain(|_, record| record["cveMetadata"]["state"] == "PUBLISHED");
        let mut packages = BTreeMap::new();
        for branch in BRANCHES {
            let path = shared.join("nixpkgs").join(format!("{branch}.jsonl.zst"));
            let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            for line in BufReader::new(zstd::Decoder::new(file)?).lines() {
                let line: Value = serde_json::from_str(&line?)?;
                let Some(package) = Package::of_line(line, branch) else { continue };
                packages.entry(package.name.clone()).or_insert(package);
            }
        }
        Ok(Self { records, packages })
    }

    /// Prints what a person needs to label the pair of a record and a package.
    pub(crate) fn show(&self, cve: &str, package: &str) {
        let Some(record) = self.records.get(cve) else { return };
        let containers = &record["containers"];
        let description = texts(&containers["cna"]["descriptions"]).next().unwrap_or_default();
        println!("{cve}  [{}]", containers["cna"]["title"].as_str().unwrap_or("no title"));
        println!("  {}", description.chars().take(700).collect::<String>().replace('\n', " "));
        let mut shown = BTreeSet::new();
        for (who, container) in self::containers(record) {
            for affected in list(&container["affected"]) {
                let mut affected = affected.clone();
                if let Some(object) = affected.as_object_mut() {
                    for noise in ["programFiles", "programRoutines"] {
                        object.remove(noise);
                    }
                }
                let text: String = affected.to_string().chars().take(900).collect();
                // All of them: behind twenty entries of a distribution there can be one on the
                // software itself.
                if shown.insert(text.clone()) {
                    println!("  {who}: {text}");
                }
            }
        }
        let links: Vec<&str> =
            list(&containers["cna"]["references"]).filter_map(|r| r["url"].as_str()).take(5).collect();
        println!("  links: {}", links.join(" "));
        if let Some(package) = self.packages.get(package) {
            let meta = &package.line["meta"];
            println!(
                "PACKAGE {} (attribute {}, {}) homepage {} | {}",
                package.name,
                package.attribute,
                package.branch,
                meta["homepage"],
                meta["description"].as_str().unwrap_or(""),
            );
            println!("  patches: {}", package.line["patches"]);
        }
    }
}

/// The elements of an array; none if it is no array.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = String> + '_ {
    list(value).filter_map(|d| d["value"].as_str().map(str::to_owned))
}

/// The containers of a record, with a short name for each.
pub(crate) fn containers(record: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let containers = &record["containers"];
    std::iter::once(("CNA", &containers["cna"])).chain(list(&containers["adp"]).map(|c| ("ADP", c)))
}

/// The product names of a record: `product` and `packageName` of all containers, and the products
/// of CPEs. Placeholders are left out.
pub(crate) fn product_names(record: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, container) in containers(record) {
        for affected in list(&container["affected"]) {
            for key in ["product", "packageName"] {
                names.extend(affected[key].as_str().map(str::trim).map(str::to_owned));
            }
            for cpe in list(&affected["cpes"]).filter_map(Value::as_str) {
                let skip = if cpe.starts_with("cpe:/") { 2 } else { 4 };
                names.extend(cpe.split(':').nth(skip).map(str::to_owned));
            }
        }
    }
    names.retain(|n| {
        !matches!(n.to_ascii_lowercase().as_str(), "" | "n/a" | "-" | "*" | "unspecified" | "unknown")
    });
    names
}
