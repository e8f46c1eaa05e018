//! Rules that make a finding "not affected" by the words of a record: how often, and how often
//! rightly?
//!
//! Each product of each record is asked about as a package of that name, in versions at the ends of
//! its ranges. The judgements are made by reading, one record a line of `quality/hiding-rules.tsv`.

use super::source_record;
use crate::bench::table::{Cell, Table};
use crate::quality::data::Data;
use crate::workspace;
use anyhow::Context;
use matching::{Evidence, FindingStatus, Knowledge, Package};
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::model::{SourceRecord, Vulnerability};
use vulnerability::names::dashed;

/// The rules, and what only their evidence says.
const RULES: [(&str, &str, &str); 8] = [
    ("system", "only on ", "the description limits the flaw to another operating system"),
    ("language", "the title speaks of the part for", "the title names the part for a language"),
    ("hosted", "for the hosted service only", "the text gives the version for the hosted edition"),
    ("below-the-text", "and the text says from", "the text says from which version on"),
    ("only-later", "and the text says that only", "the text limits the flaw to later versions"),
    ("oracle-line", "means this line of releases only", "Oracle names the last of each supported line"),
    ("fix", " as the fix", "the range ends with what the text names as the fix"),
    ("instead", "the text: ", "the entry gives no version, the text does"),
];

/// The rule behind an evidence's text. A system in quotes is one that the description names.
fn rule(text: &str) -> Option<&'static str> {
    let found = RULES.iter().find(|(_, part, _)| text.contains(part))?;
    (found.0 != "system" || text.contains('"')).then_some(found.0)
}

/// Adds the rules that hide a finding of the record.
fn hits(record: SourceRecord, knowledge: &Knowledge, into: &mut BTreeSet<(&'static str, String)>) {
    let id = record.id;
    let vulnerability = Vulnerability { id, records: vec![record], known_exploited: None, epss: None };
    let mut packages: Vec<Package> = Vec::new();
    for statement in vulnerability.statements() {
        let product = &statement.product;
        let Some(name) = product.product.as_deref().or(product.package_name.as_deref()) else { continue };
        let pname = dashed(name);
        let ends = statement.ranges.iter().flat_map(|r| [r.lower.version(), r.upper.version()]);
        let ends = ends.flatten().map(|v| v.trim_end_matches(".*").to_owned()).take(6);
        for version in ends.chain(["0.1".to_owned(), "3.2.1".to_owned()]) {
            packages.push(Package {
                name: format!("{pname}-{version}").into(),
                pname: pname.as_str().into(),
                version: version.into(),
                ..Package::default()
            });
        }
    }
    for finding in matching::find(&packages, std::slice::from_ref(&vulnerability), knowledge, &[]) {
        if finding.status != FindingStatus::NotAffected {
            continue;
        }
        into.extend(finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Version { range, status: FindingStatus::NotAffected, .. } => {
                Some((rule(range)?, id.to_string()))
            }
            _ => None,
        }));
    }
}

/// The table.
pub(super) fn tables(data: &Data, knowledge: &Knowledge) -> anyhow::Result<Vec<Table>> {
    let path = workspace::root().join("quality/hiding-rules.tsv");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut judged: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split('\t');
        let (Some(rule), Some(cve), Some(judgement)) = (fields.next(), fields.next(), fields.next()) else {
            anyhow::bail!("{}: a line without rule, record and judgement: {line}", path.display());
        };
        judged.insert((rule, cve), judgement == "right");
    }
    let mut found = BTreeSet::new();
    for record in data.records.values() {
        hits(source_record(record)?, knowledge, &mut found);
    }
    let mut table = Table::new(
        "matching: rules on wording that say \"not affected\"",
        &["rule", "what it goes by", "records", "right", "wrong", "not judged", "precision"],
    );
    for (rule, _, what) in RULES {
        let records: Vec<&str> =
            found.iter().filter(|(of, _)| *of == rule).map(|(_, cve)| cve.as_str()).collect();
        let right = records.iter().filter(|cve| judged.get(&(rule, **cve)) == Some(&true)).count();
        let wrong = records.iter().filter(|cve| judged.get(&(rule, **cve)) == Some(&false)).count();
        let precision = if right + wrong == 0 {
            Cell::None
        } else {
            Cell::Number(right as f64 / (right + wrong) as f64, "")
        };
        table.row(vec![
            rule.into(),
            what.into(),
            Cell::Number(records.len() as f64, ""),
            Cell::Number(right as f64, ""),
            Cell::Number(wrong as f64, ""),
            Cell::Number((records.len() - right - wrong) as f64, ""),
            precision,
        ]);
    }
    table.note("Over all shared records, each product as a package of its name. Judged by reading: quality/hiding-rules.tsv.");
    Ok(vec![table])
}
