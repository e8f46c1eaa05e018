//! From targets to a [`Scan`]: which records speak of the packages, what they say, and what users say about that.

use crate::report::{Scan, ScannedTarget};
use crate::suppress::{self, Rule};
use crate::target::{Contents, Kind};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use matching::find::Matcher;
use matching::vex::VexStatement;
use matching::{Knowledge, Package};
use vulnerability::database::{Database, Error};

/// A target that was read.
#[derive(Debug)]
pub struct Target {
    /// As the user named it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub contents: Contents,
}

/// What findings are decided by besides the records.
#[derive(Debug, Default)]
pub struct Opinions {
    /// Curated knowledge.
    pub knowledge: Knowledge,
    /// Statements of VEX documents.
    pub vex: Vec<VexStatement>,
    /// Suppression rules.
    pub rules: Vec<Rule>,
}

/// What makes one scan differ from another of the same things.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// When it is made. Rules expire by this time, in UTC.
    pub time: Timestamp,
    /// Its identity: a random UUID (version 4) in lower case.
    pub id: String,
}

/// Scans the targets. Only the records that use a name of one of the packages are loaded.
pub fn scan(
    targets: Vec<Target>,
    database: &Database,
    opinions: &Opinions,
    occasion: Occasion,
) -> Result<Scan, Error> {
    let mut scanned = Vec::with_capacity(targets.len());
    let mut packages: Vec<Package> = Vec::new();
    for Target { name, kind, contents } in targets {
        scanned.push(ScannedTarget {
            name,
            kind: kind.name().to_owned(),
            packages: contents.packages.len(),
            looked_at: contents.looked_at,
            not_packages: contents.not_packages,
            failed_evaluations: contents.failed_evaluations,
            warnings: contents.warnings,
            more_warnings: contents.more_warnings,
        });
        packages.extend(contents.packages);
    }
    let matcher = Matcher::new(&packages, &opinions.knowledge, &opinions.vex);
    let mut ids = database.lookup(matcher.names())?;
    ids.extend(matcher.mentioned());
    let vulnerabilities = database.load(&ids)?;
    let findings = matcher.find(&vulnerabilities);
    let today = TimeZone::UTC.to_datetime(occasion.time).date();
    let (suppressed, rule_problems) = suppress::apply(&opinions.rules, &packages, &findings, today);
    let mut found: Vec<_> = findings.iter().map(|f| f.cve).collect();
    found.sort_unstable();
    found.dedup();
    let vulnerabilities = vulnerabilities
        .into_iter()
        .filter(|v| found.binary_search(&v.id).is_ok())
        .map(|v| (v.id, v))
        .collect();
    Ok(Scan {
        targets: scanned,
        packages,
        vulnerabilities,
        findings,
        suppressed,
        rule_problems,
        time: occasion.time,
        id: occasion.id,
        database: String::new(),
    })
}
