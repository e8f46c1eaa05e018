//! From targets to a [`Scan`]: which records name the packages, what they say, and what the policy
//! says about that.

use crate::result::{Records, Scan, ScannedTarget};
use crate::run::Run;
use crate::suppress::{self, Rule};
use crate::targets::{TargetContents, TargetKind};
use crate::vex::{self, VexStatements};
use matching::{FindingGroup, FindingStatus, Findings, Knowledge, Matcher, Package, VexStatement};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use vulnerability::CveId;
use vulnerability::model::{Severity, Vulnerability};
use vulnerability_db::database::{Database, DatabaseError};

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

impl Target {
    /// Separates the packages from what else is known of the target.
    pub fn into_parts(self) -> (ScannedTarget, Vec<Package>) {
        let Self { name, kind, contents } = self;
        let target = ScannedTarget {
            name,
            kind,
            packages: contents.packages.len(),
            looked_at: contents.looked_at,
            not_packages: contents.not_packages,
            failed_evaluations: contents.failed_evaluations,
            warnings: contents.warnings,
            more_warnings: contents.more_warnings,
        };
        (target, contents.packages)
    }
}

/// What overrides the records, or how they are read. Made as `Policy { knowledge,
/// ..Policy::default() }`, since it may get more fields. The default is none at all.
#[derive(Debug, Default)]
pub struct Policy {
    /// Curated knowledge.
    pub knowledge: Knowledge,
    /// Statements of VEX documents.
    pub vex: VexStatements,
    /// Suppression rules.
    pub rules: Vec<Rule>,
}

/// Why nothing could be scanned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The records of the packages cannot be loaded.
    #[error("cannot look up vulnerabilities")]
    Lookup(#[source] DatabaseError),
    /// It cannot be read what the database holds.
    #[error("cannot read what the database holds")]
    Info(#[source] DatabaseError),
}

/// Scans the targets. Only the records that use a name of one of the packages are loaded.
pub fn scan(targets: Vec<Target>, database: &Database, policy: &Policy, run: Run) -> Result<Scan, ScanError> {
    let mut scanned = Vec::with_capacity(targets.len());
    let mut packages: Vec<Package> = Vec::new();
    for target in targets {
        let (target, more) = target.into_parts();
        scanned.push(target);
        if packages.is_empty() {
            packages = more;
        } else {
            packages.extend(more);
        }
    }
    let names: Vec<&str> = scanned.iter().map(|target| target.name.as_str()).collect();
    let named = || {
        let names = Matcher::new(&packages, &policy.knowledge, &[]);
        database.lookup(names.names())
    };
    let (statements, unknown) = vex::on_cves(&policy.vex, database, named).map_err(ScanError::Lookup)?;
    let statements = vex::in_scope(&statements, &names, &packages);
    let Found { findings, vulnerabilities, severities } =
        find(&packages, database, &policy.knowledge, &statements, &run).map_err(ScanError::Lookup)?;
    let mut vex_problems = policy.vex.warnings.clone();
    vex_problems.extend(unknown);
    vex_problems.extend(vex::unused(&statements, &packages, &findings));
    let vulnerabilities: BTreeMap<CveId, Vulnerability> =
        vulnerabilities.into_iter().map(|v| (v.id, v)).collect();
    let rules = suppress::with_advisories(&policy.rules, &vulnerabilities);
    let (suppressed, rule_problems) = suppress::apply(&rules, &packages, &findings, run.today);
    let info = database.info().map_err(ScanError::Info)?;
    let records = Records {
        cve: info.counts.cve,
        nvd: info.counts.nvd,
        known_exploited: info.counts.known_exploited,
        changed: info.changed,
        of: info.ages(run.time).iter().find(|age| ["cve", "nvd"].contains(&age.source)).map(|age| age.of),
    };
    Ok(Scan {
        targets: scanned,
        packages,
        vulnerabilities,
        findings,
        severities,
        suppressed,
        rule_problems,
        vex_problems,
        ..Scan::new(run, records)
    })
}

/// What the records say.
struct Found {
    findings: Findings,
    vulnerabilities: Vec<Vulnerability>,
    severities: FxHashMap<CveId, Severity>,
}

/// Loads the records that name the packages, and matches them.
fn find(
    packages: &[Package],
    database: &Database,
    knowledge: &Knowledge,
    vex: &[VexStatement],
    run: &Run,
) -> Result<Found, DatabaseError> {
    let matcher = Matcher::new(packages, knowledge, vex).with_evidence_for(&run.reported);
    let mut ids = database.lookup(matcher.names())?;
    let plan = Plan { matcher: &matcher, mentioned: matcher.mentioned(), reported: &run.reported };
    ids.extend(&plan.mentioned);
    ids.sort_unstable();
    ids.dedup();
    let Part { findings, vulnerabilities, severities, rejected } =
        find_in_parts(&plan, database, &ids, run.threads)?;
    Ok(Found { findings: matcher.complete(findings, rejected.into_iter()), vulnerabilities, severities })
}

/// How many vulnerabilities are loaded and matched at once. Loaded records take some 20 kB each.
const PART: usize = 128;

/// Of so many vulnerabilities a thread keeps the details unpacked, some 5 kB each.
const UNPACKED: usize = 2048;

/// What a part of the records says.
#[derive(Default)]
struct Part {
    findings: Vec<FindingGroup>,
    vulnerabilities: Vec<Vulnerability>,
    severities: FxHashMap<CveId, Severity>,
    rejected: Vec<CveId>,
}

impl Part {
    /// Loads and matches some vulnerabilities, and keeps those that are reported. Once they are
    /// matched, their statements are not needed any more; they are most of a record.
    fn add(&mut self, plan: &Plan<'_>, database: &Database, ids: &[CveId]) -> Result<(), DatabaseError> {
        let matcher = plan.matcher;
        let part = database.load(ids)?;
        let mut findings = matcher.find_in_part(&part);
        let reported =
            findings.iter().map(FindingGroup::finding).filter(|f| plan.reported.contains(&f.status));
        let reported: FxHashSet<CveId> = reported.map(|f| f.cve).collect();
        self.findings.append(&mut findings);
        for mut vulnerability in part {
            if vulnerability.rejected() {
                self.rejected.push(vulnerability.id);
            }
            if reported.contains(&vulnerability.id) || plan.mentioned.binary_search(&vulnerability.id).is_ok()
            {
                self.severities.extend(vulnerability.severity().map(|s| (vulnerability.id, s.clone())));
                for record in &mut vulnerability.records {
                    record.statements = Vec::new();
                    if self.vulnerabilities.len() < UNPACKED {
                        // A report will show them. Here they are unpacked on several threads.
                        let _ = &*record.details;
                    } else {
                        record.details.forget();
                    }
                }
                self.vulnerabilities.push(vulnerability);
            }
        }
        Ok(())
    }
}

/// What is looked for, and what of it is reported.
struct Plan<'a> {
    matcher: &'a Matcher<'a>,
    /// CVEs that may get a finding without any record, in order.
    mentioned: Vec<CveId>,
    reported: &'a [FindingStatus],
}

/// Loads and matches part by part, on at most this many threads.
fn find_in_parts(
    plan: &Plan<'_>,
    database: &Database,
    ids: &[CveId],
    threads: NonZero<usize>,
) -> Result<Part, DatabaseError> {
    let parts: Vec<&[CveId]> = ids.chunks(PART).collect();
    let threads = threads.get().min(parts.len());
    let next = AtomicUsize::new(0);
    let work = |database: &Database| -> Result<Part, DatabaseError> {
        let mut found = Part::default();
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
            found.findings.reserve_exact(more.findings.len());
            found.findings.extend(more.findings);
            found.vulnerabilities.extend(more.vulnerabilities);
            found.severities.extend(more.severities);
            found.rejected.extend(more.rejected);
        }
        Ok(found)
    })
}
