//! From targets to a [`Scan`]: which records speak of the packages, what they say, and what users say about that.

use crate::report::{Scan, ScannedTarget};
use crate::suppress::{self, Rule};
use crate::targets::{TargetContents, TargetKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use matching::{Finding, FindingStatus, Knowledge, Matcher, Package, VexStatement};
use rustc_hash::FxHashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use vulnerability::CveId;
use vulnerability::model::Vulnerability;
use vulnerability_db::database::{Database, Error};

/// A target that was read.
#[derive(Debug)]
pub struct Target {
    /// As the user named it.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// What it holds.
    pub contents: TargetContents,
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

/// Scans the targets. Only the records that use a name of one of the packages are loaded. Findings of a status that is
/// not `told` may be without evidence, and their vulnerabilities may be missing.
pub fn scan(
    targets: Vec<Target>,
    database: &Database,
    opinions: &Opinions,
    told: &[FindingStatus],
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
    let matcher = Matcher::new(&packages, &opinions.knowledge, &opinions.vex).with_evidence_for(told);
    let mut ids = database.lookup(matcher.names())?;
    let plan = Plan { matcher: &matcher, mentioned: matcher.mentioned(), told };
    ids.extend(&plan.mentioned);
    ids.sort_unstable();
    ids.dedup();
    let Found { findings, vulnerabilities, rejected } = find(&plan, database, &ids)?;
    let findings = matcher.complete(findings, rejected.into_iter());
    let today = TimeZone::UTC.to_datetime(occasion.time).date();
    let (suppressed, rule_problems) = suppress::apply(&opinions.rules, &packages, &findings, today);
    let vulnerabilities = vulnerabilities.into_iter().map(|v| (v.id, v)).collect();
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

/// How many vulnerabilities are loaded and matched at once. Loaded records take some 20 kB each.
const PART: usize = 128;

/// What the records say.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    vulnerabilities: Vec<Vulnerability>,
    rejected: Vec<CveId>,
}

impl Found {
    /// Loads and matches a part, and keeps what is told. Once it is matched, what the records say about products is
    /// not needed any more; it is most of them.
    fn add(&mut self, plan: &Plan<'_>, database: &Database, ids: &[CveId]) -> Result<(), Error> {
        let matcher = plan.matcher;
        let part = database.load(ids)?;
        let mut findings = matcher.find_in_part(&part);
        let told = findings.iter().filter(|f| plan.told.contains(&f.status));
        let told: FxHashSet<CveId> = told.map(|f| f.cve).collect();
        self.findings.append(&mut findings);
        for mut vulnerability in part {
            if vulnerability.rejected() {
                self.rejected.push(vulnerability.id);
            }
            if told.contains(&vulnerability.id) || plan.mentioned.contains(&vulnerability.id) {
                for record in &mut vulnerability.records {
                    record.statements = Vec::new();
                    // A report will tell them. Here they are unpacked by many.
                    let _ = &*record.details;
                }
                self.vulnerabilities.push(vulnerability);
            }
        }
        Ok(())
    }
}

/// What is looked for, and what of it is told.
struct Plan<'a> {
    matcher: &'a Matcher<'a>,
    /// CVEs that may get a finding without any record.
    mentioned: Vec<CveId>,
    told: &'a [FindingStatus],
}

/// Loads and matches part by part, on as many threads as there are processors.
fn find(plan: &Plan<'_>, database: &Database, ids: &[CveId]) -> Result<Found, Error> {
    let parts: Vec<&[CveId]> = ids.chunks(PART).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(16).min(parts.len());
    let next = AtomicUsize::new(0);
    let work = |database: &Database| -> Result<Found, Error> {
        let mut found = Found::default();
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.add(plan, database, part)?;
        }
        Ok(found)
    };
    let path = database.path();
    std::thread::scope(|scope| {
        // A connection is one thread's.
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work(&Database::open(path)?))).collect();
        let mut found = work(database)?;
        for other in others {
            let more = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            found.findings.extend(more.findings);
            found.vulnerabilities.extend(more.vulnerabilities);
            found.rejected.extend(more.rejected);
        }
        Ok(found)
    })
}
