//! The join: which packages and vulnerabilities belong together, and what follows for each pair.

use crate::corrections;
use crate::equivalence::{self, Class};
use crate::facts::{FactsReader, PackageFacts, RecordFacts, StatementFacts, record};
use crate::finding::{Confidence, CorrectionSource, Evidence, Finding, FindingStatus};
use crate::findings::{FindingGroup, Findings};
use crate::identity::{Identity, identify};
use crate::knowledge::Knowledge;
use crate::package::Package;
use crate::status::{self, Decision};
use crate::text::Text;
use crate::vex::VexStatement;
use rustc_hash::{FxHashMap, FxHashSet};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vulnerability::CveId;
use vulnerability::model::Vulnerability;

/// Fewer vulnerabilities than this are matched faster by one thread.
const FEW: usize = 256;

/// Matches all packages against all vulnerabilities, on the caller's thread. The findings are
/// ordered by package, then CVE, and there is one for each pair at most.
///
/// ```
/// use matching::{FindingStatus, Knowledge, Package};
/// use vulnerability::model::Vulnerability;
///
/// let record = br#"{
///     "dataType": "CVE_RECORD", "dataVersion": "5.1",
///     "cveMetadata": {"cveId": "CVE-2023-38545", "state": "PUBLISHED"},
///     "containers": {"cna": {"providerMetadata": {"shortName": "curl"}, "affected": [
///         {"vendor": "curl", "product": "curl", "versions": [
///             {"status": "affected", "version": "7.69.0", "lessThan": "8.4.0", "versionType": "semver"}]}]}}}"#;
/// let record = vulnerability::cve::Record::parse(record, 1 << 20)?.to_source_record();
/// let vulnerability =
///     Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
/// let package = Package {
///     name: "curl-8.3.0".into(),
///     pname: "curl".into(),
///     version: "8.3.0".into(),
///     homepages: vec!["https://curl.se/".into()],
///     ..Package::default()
/// };
/// let findings = matching::find(&[package], &[vulnerability], &Knowledge::built_in()?, &[]);
/// assert_eq!(findings[0].status, FindingStatus::Affected);
/// assert_eq!(findings[0].fixed_in.as_deref(), Some("8.4.0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find(
    packages: &[Package],
    vulnerabilities: &[Vulnerability],
    knowledge: &Knowledge,
    vex: &[VexStatement],
) -> Vec<Finding> {
    Matcher::new(packages, knowledge, vex).find(vulnerabilities, NonZero::<usize>::MIN)
}

/// Packages, prepared for matching any number of vulnerabilities.
///
/// A caller that has all vulnerabilities in memory calls [`find`](Self::find). One with a database
/// looks up [`names`](Self::names) and adds the CVEs that are [`mentioned`](Self::mentioned), loads
/// these part by part, calls [`find_in_part`](Self::find_in_part) on as many threads as it likes,
/// and [`complete`](Self::complete) in the end.
#[derive(Debug)]
pub struct Matcher<'a> {
    packages: &'a [Package],
    /// The packages' indices by place. Those of one class stand together, by name and then by
    /// index.
    order: Vec<usize>,
    /// By place. Those of one identity stand together.
    classes: Vec<Class<'a>>,
    /// Classes by the names that records may use.
    by_name: FxHashMap<String, Vec<usize>>,
    /// The places of packages whose patches or own lists name a CVE, in order.
    named: FxHashMap<CveId, Vec<usize>>,
    knowledge: &'a Knowledge,
    /// Statements by CVE: a vendor's document has thousands.
    vex: FxHashMap<CveId, Vec<&'a VexStatement>>,
    with_evidence: &'a [FindingStatus],
}

impl<'a> Matcher<'a> {
    /// Collects what is known of the packages.
    pub fn new(packages: &'a [Package], knowledge: &'a Knowledge, vex: &'a [VexStatement]) -> Self {
        let (classes, order) = equivalence::classes(packages, knowledge);
        let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (number, class) in classes.iter().enumerate() {
            for name in class.facts.names() {
                let entry = by_name.entry(name).or_default();
                if entry.last() != Some(&number) {
                    entry.push(number);
                }
            }
        }
        let mut named: FxHashMap<CveId, Vec<usize>> = FxHashMap::default();
        for (place, package) in order.iter().filter_map(|index| packages.get(*index)).enumerate() {
            let texts = package.known_vulnerabilities.iter().chain(&package.patches);
            for cve in texts.flat_map(|text| CveId::find_all(text)) {
                let places = named.entry(cve).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        let mut statements: FxHashMap<CveId, Vec<&'a VexStatement>> = FxHashMap::default();
        for statement in vex {
            statements.entry(statement.cve).or_default().push(statement);
        }
        let (vex, with_evidence) = (statements, &FindingStatus::ALL);
        Self { packages, order, classes, by_name, named, knowledge, vex, with_evidence }
    }

    /// Gathers evidence only for findings of these statuses, and for those that a correction
    /// touches. Most findings of a scan are "not affected", and few people ask why.
    #[must_use]
    pub fn with_evidence_for(mut self, statuses: &'a [FindingStatus]) -> Self {
        self.with_evidence = statuses;
        self
    }

    /// All names that a record may use for any of the packages, squashed: what to look up in a
    /// database.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// CVEs that the packages themselves or the VEX documents name, in order.
    pub fn mentioned(&self) -> Vec<CveId> {
        let known = self.packages.iter().flat_map(|package| &package.known_vulnerabilities);
        let mut ids: Vec<CveId> = known.flat_map(|text| CveId::find_all(text)).collect();
        ids.extend(self.vex.keys());
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The findings for these vulnerabilities, on at most this many threads, of which the caller's
    /// is one.
    pub fn find(&self, vulnerabilities: &[Vulnerability], threads: NonZero<usize>) -> Vec<Finding> {
        let groups = self.find_in_parallel(vulnerabilities, threads.get());
        self.complete(groups, vulnerabilities.iter().filter(|v| v.rejected()).map(|v| v.id)).to_vec()
    }

    /// What the records of a part of the vulnerabilities say, in any order. For callers that load
    /// and match part by part; all parts together go to [`Matcher::complete`].
    pub fn find_in_part(&self, part: &[Vulnerability]) -> Vec<FindingGroup> {
        let mut groups = Vec::new();
        let mut facts = FactsReader::new(self.knowledge);
        for vulnerability in part.iter().filter(|v| !v.rejected()) {
            let statements: Vec<StatementFacts<'_>> =
                vulnerability.statements().map(|s| facts.read(s)).collect();
            self.find_one(vulnerability, &statements, &mut groups);
        }
        groups
    }

    /// Adds the findings that need no record, and puts all in order. `rejected` are the CVEs that
    /// are withdrawn.
    pub fn complete(&self, mut groups: Vec<FindingGroup>, rejected: impl Iterator<Item = CveId>) -> Findings {
        self.add_known(&rejected.collect(), &mut groups);
        groups.shrink_to_fit();
        Findings::new(self.order.clone(), groups)
    }

    fn statements(&self, cve: CveId) -> &[&'a VexStatement] {
        self.vex.get(&cve).map_or(&[], Vec::as_slice)
    }

    /// What the records say. No pair depends on another.
    fn find_in_parallel(&self, vulnerabilities: &[Vulnerability], threads: usize) -> Vec<FindingGroup> {
        if threads < 2 || vulnerabilities.len() < FEW {
            return self.find_in_part(vulnerabilities);
        }
        // Small parts, because a few records with many packages take most of the time.
        let parts: Vec<&[Vulnerability]> = vulnerabilities.chunks(FEW / 4).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut findings: Vec<FindingGroup> = Vec::new();
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                findings.extend(self.find_in_part(part));
            }
            findings
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads.min(parts.len())).map(|_| scope.spawn(work)).collect();
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
        groups: &mut Vec<FindingGroup>,
    ) {
        let mut candidates: Vec<usize> = statements
            .iter()
            .flat_map(|s| s.names())
            .filter_map(|name| self.by_name.get(name))
            .flatten()
            .copied()
            .collect();
        let referenced = record::referenced(vulnerability, statements);
        let described = record::described(vulnerability);
        let in_words = referenced.iter().chain(&described);
        candidates.extend(in_words.filter_map(|name| self.by_name.get(name)).flatten());
        if candidates.is_empty() {
            return;
        }
        candidates.sort_unstable();
        candidates.dedup();
        let record = RecordFacts::of(vulnerability, statements, referenced);
        let identify = |package: &PackageFacts<'_>| {
            let mut identified: Vec<(Rc<Identity>, &StatementFacts<'_>)> = Vec::new();
            let mut last: Option<(&StatementFacts<'_>, Option<Rc<Identity>>)> = None;
            for facts in statements {
                let identity = match last {
                    Some((like, identity)) if facts.identifies_like(like) => identity,
                    _ => identify(vulnerability.id, &record, facts, package, self.knowledge).map(Rc::new),
                };
                identified.extend(identity.clone().map(|identity| (identity, facts)));
                last = Some((facts, identity));
            }
            identified
        };
        // Classes of one identity stand together: each question is asked once about them.
        let mut identified = None;
        for class in candidates.into_iter().filter_map(|number| self.classes.get(number)) {
            if identified.as_ref().is_none_or(|(identity, _)| *identity != class.identity) {
                identified = Some((class.identity, identify(&class.facts)));
            }
            if let Some((_, identified)) = identified.as_ref().filter(|(_, i)| !i.is_empty()) {
                self.find_in_class(vulnerability.id, class, &record, identified, groups);
            }
        }
    }

    /// The findings for the packages of a class: one for all of them, but for those that are
    /// corrected otherwise.
    fn find_in_class(
        &self,
        cve: CveId,
        class: &Class<'a>,
        record: &RecordFacts<'_>,
        identified: &[(Rc<Identity>, &StatementFacts<'_>)],
        groups: &mut Vec<FindingGroup>,
    ) {
        let Class { facts, places, .. } = class;
        let vex = self.statements(cve);
        let named = self.named.get(&cve).map_or(&[][..], Vec::as_slice);
        let is_named = |place: usize| named.binary_search(&place).is_ok();
        let first_named = named.get(named.partition_point(|place| *place < places.start));
        let any_named = first_named.is_some_and(|place| *place < places.end);
        let curated = corrections::curated(cve, facts, self.knowledge);
        let decide = |corrections: &[Evidence]| {
            // What a correction touches always has evidence.
            let wanted = |status| !corrections.is_empty() || self.with_evidence.contains(&status);
            status::decide(facts, record, identified, wanted)
        };
        let usual = decide(&curated);
        if vex.is_empty() && !any_named {
            if let (Some(decision), Some(index)) = (usual, self.order.get(places.start)) {
                groups.push(FindingGroup::of(corrected(*index, cve, decision, curated), places.clone()));
            }
            return;
        }
        // The corrections of the group that the next package may join.
        let mut open: Option<Vec<Evidence>> = None;
        for place in places.clone() {
            let Some((index, package)) = self.package(place) else { continue };
            let corrections = if vex.is_empty() && !is_named(place) {
                curated.clone()
            } else {
                corrections::of(cve, package, facts, self.knowledge, vex)
            };
            if let (Some(like), Some(group)) = (&open, groups.last_mut())
                && *like == corrections
            {
                group.extend();
                continue;
            }
            let decision = if corrections == curated { usual.clone() } else { decide(&corrections) };
            open = decision.map(|decision| {
                let finding = corrected(index, cve, decision, corrections.clone());
                groups.push(FindingGroup::of(finding, place..place + 1));
                corrections
            });
        }
    }

    /// The package at a place, and its index.
    fn package(&self, place: usize) -> Option<(usize, &'a Package)> {
        let index = *self.order.get(place)?;
        Some((index, self.packages.get(index)?))
    }

    /// Findings for what `meta.knownVulnerabilities` names and no record led to.
    fn add_known(&self, rejected: &FxHashSet<CveId>, groups: &mut Vec<FindingGroup>) {
        let mut known: Vec<(usize, CveId)> = Vec::new();
        for place in 0..self.order.len() {
            let texts = self.package(place).into_iter().flat_map(|(_, p)| &p.known_vulnerabilities);
            let cves = texts.flat_map(|text| CveId::find_all(text));
            known.extend(cves.filter(|cve| !rejected.contains(cve)).map(|cve| (place, cve)));
        }
        let named: FxHashSet<CveId> = known.iter().map(|(_, cve)| *cve).collect();
        let mut have: FxHashSet<(usize, CveId)> = groups
            .iter()
            .filter(|group| named.contains(&group.finding().cve))
            .flat_map(|group| group.places().map(|place| (place, group.finding().cve)))
            .collect();
        for (place, cve) in known {
            let number = self.classes.partition_point(|class| class.places.end <= place);
            let (Some((index, package)), Some(class)) = (self.package(place), self.classes.get(number))
            else {
                continue;
            };
            if !have.insert((place, cve)) {
                continue;
            }
            let nothing = Decision {
                status: FindingStatus::Unknown,
                confidence: Confidence::Low,
                fixed_in: None,
                evidence: Vec::new(),
            };
            let corrections =
                corrections::of(cve, package, &class.facts, self.knowledge, self.statements(cve));
            groups.push(FindingGroup::of(corrected(index, cve, nothing, corrections), place..place + 1));
        }
    }
}

/// A finding: what the records say, and what is known better.
fn corrected(package: usize, cve: CveId, decision: Decision, corrections: Vec<Evidence>) -> Finding {
    let Decision { mut status, mut confidence, fixed_in, mut evidence } = decision;
    for correction in corrections {
        let Evidence::Correction { status: corrected, by, .. } = &correction else { continue };
        // That a version is fixed says nothing about one that is not affected anyway.
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
    // There may be a million of them.
    let (fixed_in, evidence) = (fixed_in.map(Text::from), evidence.into());
    Finding { package, cve, status, confidence, fixed_in, evidence }
}
