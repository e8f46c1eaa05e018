//! Pairs at and just after a fix: records with versions around the fixes that upstream names.
//!
//! The [`SETS`] are ours: records drawn by [`draw`], packages made for them, and a truth that comes
//! from upstream. `boundaries` is shared by several projects and comes with its own records.

pub(crate) mod draw;

use crate::quality::data::{Data, Package};
use crate::quality::labels::{self, Identity, Label, Status};
use crate::quality::sample;
use crate::workspace;
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A set of records and of packages around their fixes.
#[derive(Debug)]
pub(crate) struct FixSet {
    /// What it is called in the benchmark and on the command line.
    pub(crate) name: &'static str,
    labels: &'static str,
    packages: &'static str,
    /// Records that were drawn and passed over, and why.
    skipped: &'static str,
    /// How it is drawn.
    pub(crate) draw: draw::Draw,
    /// Nobody reads its mistakes; else the odd records are held out and the even ones are read.
    pub(crate) whole: bool,
}

/// The sets. Records of an earlier one are not drawn again for a later one.
pub(crate) const SETS: [FixSet; 2] = [
    FixSet {
        name: "at-the-fix",
        labels: "quality/labels-4.tsv",
        packages: "quality/packages-4.jsonl",
        skipped: "quality/skipped-4.tsv",
        draw: draw::Draw { seed: 3_141_592_653, repeat: 3, since: 0, counts: [8, 7, 9, 6, 20, 10, 7] },
        whole: false,
    },
    FixSet {
        name: "fresh",
        labels: "quality/labels-5.tsv",
        packages: "quality/packages-5.jsonl",
        skipped: "quality/skipped-5.tsv",
        draw: draw::Draw { seed: 1_618_033_988, repeat: 2, since: 2024, counts: [0, 2, 4, 3, 8, 8, 7] },
        whole: true,
    },
];

/// The first line of the labels.
const HEADER: &str = "cve\tpackage\tstratum\tkind\tidentity\taffected\tsource\treason";

/// Where a version stands.
pub(crate) const KINDS: [&str; 5] = [
    // On a line before its fix.
    "before", // The fix of its line.
    "at",     // Later than the fix.
    "after",  // Older than the flaw, or of a line that never had it.
    "absent", // Software with a similar name.
    "near",
];

/// A labelled pair.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "only scoring reads all of it"))]
pub(crate) struct Pair {
    /// What the other sets know of a pair too.
    pub(crate) label: Label,
    /// One of [`KINDS`].
    pub(crate) kind: String,
    /// Whether the record is of the half whose mistakes nobody reads.
    pub(crate) held_out: bool,
}

impl FixSet {
    /// The set of this name.
    pub(crate) fn called(name: &str) -> Option<&'static Self> {
        SETS.iter().find(|set| set.name == name)
    }

    /// Its packages.
    pub(crate) fn packages(&self) -> anyhow::Result<BTreeMap<String, Package>> {
        read_packages(&workspace::root().join(self.packages))
    }

    /// The records that were passed over.
    fn skipped(&self) -> anyhow::Result<BTreeSet<String>> {
        let rows = rows(&workspace::root().join(self.skipped), "cve\twhy")?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    /// The records that it is drawn of, with their strata.
    pub(crate) fn drawn(&self, data: &Data) -> anyhow::Result<Vec<(String, &'static str)>> {
        let mut except = BTreeSet::new();
        for set in &sample::SETS {
            except.extend(labels::read(&set.path())?.into_iter().map(|label| label.cve));
        }
        except.extend(Boundaries::read()?.records.into_keys());
        for earlier in SETS.iter().take_while(|set| set.name != self.name) {
            except.extend(earlier.skipped()?);
            except.extend(earlier.pairs()?.into_iter().map(|pair| pair.label.cve));
        }
        Ok(draw::draw(data, &self.draw, &except, &self.skipped()?))
    }

    /// Its labels.
    pub(crate) fn pairs(&self) -> anyhow::Result<Vec<Pair>> {
        let file = self.labels;
        let rows = rows(&workspace::root().join(file), HEADER)?;
        let mut pairs = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let [cve, package, stratum, kind, identity, affected, source, reason] = &row[..] else {
                bail!("{file}, line {}: {} columns, expected 8", index + 2, row.len());
            };
            let wrong = || format!("{file}, line {}", index + 2);
            ensure!(KINDS.contains(&kind.as_str()), "{}: no kind `{kind}`", wrong());
            ensure!(!source.is_empty() && !reason.is_empty(), "{}: no source or no reason", wrong());
            let (identity, status) = match (identity.as_str(), affected.as_str()) {
                ("same", "yes") => (Identity::Same, Status::Affected),
                ("same", "no") => (Identity::Same, Status::Unaffected),
                ("same", "unknown") => (Identity::Same, Status::Unknown),
                ("other", "no") => (Identity::Other, Status::Unaffected),
                other => bail!("{}: {other:?} cannot be", wrong()),
            };
            ensure!(
                (identity == Identity::Other) == (kind == "near"),
                "{}: `near` is other software",
                wrong()
            );
            if seen.last() != Some(cve) {
                ensure!(!seen.contains(cve), "{}: {cve} stands in two places", wrong());
                seen.push(cve.clone());
            }
            let label = Label {
                cve: cve.clone(),
                package: package.clone(),
                stratum: stratum.clone(),
                identity,
                status,
                reason: reason.clone(),
            };
            // The first record, the third and so on.
            pairs.push(Pair { label, kind: kind.clone(), held_out: self.whole || seen.len() % 2 == 1 });
        }
        Ok(pairs)
    }

    /// Is every label of a drawn record, and every package there?
    pub(crate) fn check(&self, data: &Data) -> anyhow::Result<()> {
        let file = self.labels;
        let drawn = self.drawn(data)?;
        let pairs = self.pairs()?;
        let mut labelled: Vec<(String, &str)> = Vec::new();
        let mut seen = BTreeSet::new();
        for Pair { label, .. } in &pairs {
            let one = (label.cve.clone(), label.stratum.as_str());
            if labelled.last() != Some(&one) {
                labelled.push(one);
            }
            ensure!(
                seen.insert((&label.cve, &label.package)),
                "{} and {} are labelled twice",
                label.cve,
                label.package
            );
        }
        for (index, (label, draw)) in labelled.iter().zip(&drawn).enumerate() {
            ensure!(label == draw, "{file}: record {} is {label:?}, the draw has {draw:?}", index + 1);
        }
        ensure!(
            labelled.len() == drawn.len(),
            "{file} has {} records, the draw {}",
            labelled.len(),
            drawn.len()
        );
        let packages = self.packages()?;
        let used: BTreeSet<&str> = pairs.iter().map(|pair| pair.label.package.as_str()).collect();
        let there: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
        ensure!(
            used == there,
            "packages without a label or without a line: {:?}",
            used.symmetric_difference(&there).collect::<Vec<_>>()
        );
        println!("{file}: {} labels of {} drawn records", pairs.len(), drawn.len());
        Ok(())
    }
}

/// The shared set.
#[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "only scoring reads the labels"))]
pub(crate) struct Boundaries {
    /// Records by identifier.
    pub(crate) records: BTreeMap<String, Value>,
    /// Packages by name.
    pub(crate) packages: BTreeMap<String, Package>,
    /// The truth, all of it about the same software.
    pub(crate) labels: Vec<Label>,
}

impl Boundaries {
    /// Reads it from the shared data.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let folder = workspace::shared_data().join("cve/boundaries");
        let mut records = BTreeMap::new();
        for record in lines(&folder.join("records.jsonl"))? {
            let id = record["cveMetadata"]["cveId"].as_str().context("a record without cveId")?.to_owned();
            records.insert(id, record);
        }
        let path = folder.join("truth.tsv");
        let labels = rows(&path, "cve\tpackage\taffected\tnote")?.into_iter().map(|row| {
            let [cve, package, affected, note] = <[String; 4]>::try_from(row)
                .map_err(|row| anyhow::anyhow!("{}: {row:?} has no four columns", path.display()))?;
            let status = match affected.as_str() {
                "yes" => Status::Affected,
                "no" => Status::Unaffected,
                "unknown" => Status::Unknown,
                other => bail!("{}: `{other}` is no truth", path.display()),
            };
            let stratum = "boundaries".to_owned();
            Ok(Label { cve, package, stratum, identity: Identity::Same, status, reason: note })
        });
        let labels = labels.collect::<anyhow::Result<_>>()?;
        Ok(Self { records, packages: read_packages(&folder.join("packages.jsonl"))?, labels })
    }
}

fn read_packages(path: &Path) -> anyhow::Result<BTreeMap<String, Package>> {
    let packages = lines(path)?.into_iter().filter_map(|line| Package::of_line(line, ""));
    Ok(packages.map(|package| (package.name.clone(), package)).collect())
}

fn lines(path: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("{}", path.display())))
        .collect()
}

/// The rows of a table behind its header.
fn rows(path: &Path, header: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(header), "{}: the first line must be the header", path.display());
    Ok(lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_labels_are_whole() {
        for set in &SETS {
            let pairs = set.pairs().expect("labels");
            for (stratum, count) in draw::STRATA.into_iter().zip(set.draw.counts) {
                let records: BTreeSet<&str> = pairs
                    .iter()
                    .filter(|pair| pair.label.stratum == stratum)
                    .map(|pair| pair.label.cve.as_str())
                    .collect();
                assert_eq!(records.len(), count, "{}, stratum {stratum}", set.name);
            }
            let packages = set.packages().expect("packages");
            for pair in &pairs {
                assert!(packages.contains_key(&pair.label.package), "{} is not there", pair.label.package);
            }
        }
    }

    #[test]
    fn the_shared_set_is_read() {
        let boundaries = Boundaries::read().expect("the shared set");
        for label in &boundaries.labels {
            assert!(boundaries.records.contains_key(&label.cve), "{}", label.cve);
            assert!(boundaries.packages.contains_key(&label.package), "{}", label.package);
        }
    }
}
