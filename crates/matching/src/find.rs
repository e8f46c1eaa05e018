//! The join: which packages and vulnerabilities belong together, and what follows for each pair.

use crate::context::{FactsReader, RecordContext, StatementFacts};
use crate::corrections;
use crate::finding::{Confidence, CorrectionSource, Evidence, Finding, FindingStatus};
use crate::identity::{Identity, PackageFacts, identify};
use crate::knowledge::Knowledge;
use crate::package::Package;
use crate::status::{self, Decision};
use crate::vex::VexStatement;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use vulnerability::CveId;
use vulnerability::model::Vulnerability;

/// Fewer vulnerabilities than this are matched faster by one thread.
const FEW: usize = 256;
/// More threads than this wait for memory.
const MOST_THREADS: usize = 16;

/// Matches all packages against all vulnerabilities. The findings are ordered by package, then CVE, and there is one for
/// each pair at most.
pub fn find(
    packages: &[Package],
    vulnerabilities: &[Vulnerability],
    knowledge: &Knowledge,
    vex: &[VexStatement],
) -> Vec<Finding> {
    Matcher::new(packages, knowledge, vex).find(vulnerabilities)
}

/// Packages, prepared for matching any number of vulnerabilities.
#[derive(Debug)]
pub struct Matcher<'a> {
    packages: Vec<PackageFacts<'a>>,
    by_name: FxHashMap<String, Vec<usize>>,
    knowledge: &'a Knowledge,
    vex: &'a [VexStatement],
    told: &'a [FindingStatus],
}

impl<'a> Matcher<'a> {
    /// Prepares the packages: names under which records may speak of them.
    pub fn new(packages: &'a [Package], knowledge: &'a Knowledge, vex: &'a [VexStatement]) -> Self {
        let mut packages: Vec<PackageFacts<'a>> =
            packages.iter().map(|p| PackageFacts::of(p, knowledge)).collect();
        let mut versions: FxHashMap<String, usize> = FxHashMap::default();
        for facts in &mut packages {
            let next = versions.len();
            facts.version_number = Some(*versions.entry(facts.version.clone()).or_insert(next));
        }
        let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (index, facts) in packages.iter().enumerate() {
            for name in facts.names() {
                let entry = by_name.entry(name).or_default();
                if entry.last() != Some(&index) {
                    entry.push(index);
                }
            }
        }
        Self { packages, by_name, knowledge, vex, told: &FindingStatus::ALL }
    }

    /// Gathers evidence only for findings of these statuses, and for those that a correction touches. Most findings of a
    /// scan say "not affected", and few ask why.
    #[must_use]
    pub fn telling(mut self, told: &'a [FindingStatus]) -> Self {
        self.told = told;
        self
    }

    /// All names that a record may use for any of the packages, squashed: what to look up in a database.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// CVEs that the packages themselves or the VEX documents speak of, in order.
    pub fn mentioned(&self) -> Vec<CveId> {
        let known = self.packages.iter().flat_map(|p| &p.package.known_vulnerabilities);
        let mut ids: Vec<CveId> = known.flat_map(|text| CveId::find_all(text)).collect();
        ids.extend(self.vex.iter().map(|v| v.cve));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The findings for these vulnerabilities.
    pub fn find(&self, vulnerabilities: &[Vulnerability]) -> Vec<Finding> {
        let findings = self.find_side_by_side(vulnerabilities);
        self.complete(findings, vulnerabilities.iter().filter(|v| v.rejected()).map(|v| v.id))
    }

    /// What the records of a part of the vulnerabilities say, in any order. For callers that load and match part by
    /// part; all parts together go to [`Matcher::complete`].
    pub fn find_in_part(&self, part: &[Vulnerability]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut facts = FactsReader::new(|vendor: &str| self.knowledge.is_distribution(vendor));
        for vulnerability in part.iter().filter(|v| !v.rejected()) {
            let statements: Vec<StatementFacts<'_>> =
                vulnerability.statements().map(|s| facts.read(s)).collect();
            self.find_one(vulnerability, &statements, &mut findings);
        }
        findings
    }

    /// Adds the findings that need no record, and puts all in order. `rejected` are the CVEs that are withdrawn.
    pub fn complete(
        &self,
        mut findings: Vec<Finding>,
        rejected: impl Iterator<Item = CveId>,
    ) -> Vec<Finding> {
        self.add_known(&rejected.collect(), &mut findings);
        findings.sort_by_key(|f| (f.package, f.cve));
        findings
    }

    /// What the records say, on as many threads as there are processors. No pair depends on another.
    fn find_side_by_side(&self, vulnerabilities: &[Vulnerability]) -> Vec<Finding> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        if threads < 2 || vulnerabilities.len() < FEW {
            return self.find_in_part(vulnerabilities);
        }
        // Small parts, because a few records with many packages take most of the time.
        let parts: Vec<&[Vulnerability]> = vulnerabilities.chunks(FEW / 4).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut findings = Vec::new();
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                findings.extend(self.find_in_part(part));
            }
            findings
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut findings = work();
            for other in others {
                findings.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            findings
        })
    }

    fn find_one(
        &self,
        vulnerability: &Vulnerability,
        statements: &[StatementFacts<'_>],
        findings: &mut Vec<Finding>,
    ) {
        let mut candidates: Vec<usize> = statements
            .iter()
            .flat_map(|s| s.names())
            .filter_map(|name| self.by_name.get(name))
            .flatten()
            .copied()
            .collect();
        if candidates.is_empty() {
            return;
        }
        // Packages of one version stand together: a statement then is asked once about it.
        candidates.sort_unstable_by_key(|&index| (self.packages.get(index).map(|p| p.version_number), index));
        candidates.dedup();
        let record = RecordContext::of(vulnerability, statements);
        for index in candidates {
            let Some(package) = self.packages.get(index) else { continue };
            let identified: Vec<(Identity, &StatementFacts<'_>)> = statements
                .iter()
                .filter_map(|s| {
                    identify(vulnerability.id, &record, s, package, self.knowledge)
                        .map(|identity| (identity, s))
                })
                .collect();
            if identified.is_empty() {
                continue;
            }
            let corrections = corrections::of(vulnerability.id, package, self.knowledge, self.vex);
            let told = |status| !corrections.is_empty() || self.told.contains(&status);
            let Some(decision) = status::decide(package, &record, &identified, told) else { continue };
            findings.push(corrected(index, vulnerability.id, decision, corrections));
        }
    }

    /// Findings for what `meta.knownVulnerabilities` names and no record led to.
    fn add_known(&self, rejected: &FxHashSet<CveId>, findings: &mut Vec<Finding>) {
        let have: FxHashSet<(usize, CveId)> = findings.iter().map(|f| (f.package, f.cve)).collect();
        let mut added = FxHashSet::default();
        for (index, package) in self.packages.iter().enumerate() {
            for cve in package.package.known_vulnerabilities.iter().flat_map(|text| CveId::find_all(text)) {
                if rejected.contains(&cve) || have.contains(&(index, cve)) || !added.insert((index, cve)) {
                    continue;
                }
                let nothing = Decision {
                    status: FindingStatus::Unknown,
                    confidence: Confidence::Low,
                    fixed_in: None,
                    evidence: Vec::new(),
                };
                let corrections = corrections::of(cve, package, self.knowledge, self.vex);
                findings.push(corrected(index, cve, nothing, corrections));
            }
        }
    }
}

/// A finding: what the records say, and what is known better.
fn corrected(package: usize, cve: CveId, decision: Decision, corrections: Vec<Evidence>) -> Finding {
    let Decision { mut status, mut confidence, fixed_in, mut evidence } = decision;
    for correction in corrections {
        let Evidence::Correction { status: corrected, by, .. } = &correction else { continue };
        // A patch or statement cannot make an unaffected version affected by the way, except by saying just that.
        if *corrected != FindingStatus::Fixed || status != FindingStatus::NotAffected {
            status = *corrected;
            confidence = match by {
                CorrectionSource::Patch | CorrectionSource::Curated | CorrectionSource::Vex => {
                    Confidence::High
                }
                CorrectionSource::KnownVulnerabilities => confidence.max(Confidence::High),
            };
        }
        evidence.push(correction);
    }
    Finding { package, cve, status, confidence, fixed_in, evidence }
}
