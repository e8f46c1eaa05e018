//! The labels: what a reader of record and package found, never what a program found.

use anyhow::{Context, bail, ensure};
use std::path::Path;

/// The first line of the file.
pub(crate) const HEADER: &str = "cve\tpackage\tattribute\tbranch\tstratum\tidentity\tstatus\treason";

/// Whether the record is about the package's software.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// It does.
    Same,
    /// It is about other software.
    Other,
}

/// Whether the package's version is affected, as the record's author means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is.
    Affected,
    /// It is not, or the record is about other software.
    Unaffected,
    /// The record leaves it open.
    Unknown,
}

/// A labelled pair.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "only scoring reads the labels"))]
pub(crate) struct Label {
    /// The record.
    pub(crate) cve: String,
    /// The package's derivation name.
    pub(crate) package: String,
    /// The stratum it was drawn from.
    pub(crate) stratum: String,
    /// Is it this software?
    pub(crate) identity: Identity,
    /// Is this version affected?
    pub(crate) status: Status,
    /// The labeller's reason.
    pub(crate) reason: String,
}

/// Reads the labels; a line that is not complete is an error with its number.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Label>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(HEADER), "{}: the first line must be the header", path.display());
    lines
        .enumerate()
        .map(|(index, line)| label(line).with_context(|| format!("{}, line {}", path.display(), index + 2)))
        .collect()
}

fn label(line: &str) -> anyhow::Result<Label> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [cve, package, _, _, stratum, identity, status, reason] = fields[..] else {
        bail!("{} columns, expected 8", fields.len());
    };
    ensure!(!reason.trim().is_empty(), "no reason");
    let identity = match identity {
        "same" => Identity::Same,
        "other" => Identity::Other,
        other => bail!("identity `{other}` is neither `same` nor `other`"),
    };
    let status = match status {
        "affected" => Status::Affected,
        "unaffected" => Status::Unaffected,
        "unknown" => Status::Unknown,
        other => bail!("status `{other}` is not `affected`, `unaffected` or `unknown`"),
    };
    ensure!(
        identity == Identity::Same || status == Status::Unaffected,
        "other software cannot be {status:?}"
    );
    Ok(Label {
        cve: cve.to_owned(),
        package: package.to_owned(),
        stratum: stratum.to_owned(),
        identity,
        status,
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::quality::sample::{SETS, STRATA};

    const GOOD: &str = "CVE-2024-1\ta-1\ta\tnixos-18.03\texact\tsame\taffected\tbefore 2";

    #[test]
    fn a_label_is_complete() {
        let read = label(GOOD).expect("a good line");
        assert_eq!((read.identity, read.status), (Identity::Same, Status::Affected));
        for (what, with) in
            [("same", "perhaps"), ("affected", "maybe"), ("\tbefore 2", "\t "), ("\tbefore 2", "")]
        {
            assert!(label(&GOOD.replacen(what, with, 1)).is_err(), "{what:?} as {with:?}");
        }
    }

    #[test]
    fn other_software_is_never_affected() {
        assert!(label(&GOOD.replacen("same", "other", 1)).is_err());
    }

    #[test]
    fn the_committed_labels_are_whole() {
        let mut records = BTreeSet::new();
        for set in &SETS {
            let labels = read(&set.path()).expect("labels");
            for (stratum, count) in STRATA.into_iter().zip(set.counts) {
                let labelled = labels.iter().filter(|l| l.stratum == stratum).count();
                assert_eq!(labelled, count, "{}, stratum {stratum}", set.file);
            }
            assert_eq!(labels.len(), set.counts.iter().sum::<usize>(), "{}: another stratum", set.file);
            for label in labels {
                assert!(records.insert(label.cve.clone()), "{} is labelled twice", label.cve);
            }
        }
    }
}
