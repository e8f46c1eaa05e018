//! What the matcher's findings do to suggestions. Pure.
//!
//! A finding that is affected, or open with some confidence, raises a suggestion. CVEs of one
//! package that were published together and are fixed together are one suggestion, as long as
//! nobody has decided on it. Where the matcher changes its mind, an open suggestion stays and is
//! marked; a decision of a person stays as it is.

use super::State;
use super::risk::{Signs, risk};
use crate::models::finding::Finding;
use crate::models::ids::{PackageId, SuggestionId};
use matching::{Confidence, FindingStatus};
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;
use vulnerability::model::Level;

/// What of a CVE's record matters here.
#[derive(Debug, Clone, Default)]
pub struct CveFacts {
    /// Who published it.
    pub assigner: Option<String>,
    /// When: a day.
    pub published: Option<jiff::civil::Date>,
    /// Whether it was withdrawn.
    pub rejected: bool,
    /// Its severity.
    pub level: Option<Level>,
    /// What the order of the queue rests on.
    pub signs: Signs,
}

/// A suggestion as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Existing {
    /// Its number.
    pub id: SuggestionId,
    /// Its package.
    pub package: PackageId,
    /// Its state.
    pub state: State,
    /// What its CVEs have in common.
    pub together: String,
    /// Its CVEs.
    pub cves: BTreeSet<CveId>,
    /// Whether the matcher agreed last.
    pub agrees: bool,
    /// Its summary, as it was computed last.
    pub summary: Summary,
}

/// What a suggestion shows of its CVEs without looking at each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The worst severity.
    pub level: Option<Level>,
    /// The highest score.
    pub score: Option<f64>,
    /// The highest probability of exploitation.
    pub epss: Option<f64>,
    /// Whether one is exploited.
    pub exploited: bool,
    /// The confidence of the finding with the highest risk.
    pub confidence: Confidence,
    /// The highest risk.
    pub risk: f64,
}

/// A change of suggestions.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A new one.
    Raise {
        /// Of this package.
        package: PackageId,
        /// With these CVEs.
        cves: BTreeSet<CveId>,
        /// What they have in common.
        together: String,
        /// What it shows.
        summary: Summary,
    },
    /// CVEs join one that is open.
    Join {
        /// It.
        suggestion: SuggestionId,
        /// The CVEs.
        cves: BTreeSet<CveId>,
    },
    /// What it shows is new.
    Summarise {
        /// It.
        suggestion: SuggestionId,
        /// What it shows.
        summary: Summary,
    },
    /// The matcher agrees again, or no longer.
    Agree {
        /// It.
        suggestion: SuggestionId,
        /// Whether.
        agrees: bool,
    },
}

/// Whether a finding is worth a person's look.
pub fn raises(finding: &Finding) -> bool {
    match finding.status {
        FindingStatus::Affected => true,
        FindingStatus::Unknown => finding.confidence >= Confidence::Medium,
        FindingStatus::Fixed | FindingStatus::NotAffected => false,
    }
}

/// Plans the steps. `existing` are at least the suggestions of the packages that findings are of,
/// and those with a CVE that was `matched`; of these, and of open ones of such packages, `findings`
/// are whole: also those of CVEs that were not matched this time. `facts` know all CVEs of both.
pub fn plan(
    existing: &[Existing],
    findings: &[Finding],
    matched: &dyn Fn(CveId) -> bool,
    facts: &dyn Fn(CveId) -> CveFacts,
) -> Vec<Step> {
    let by_pair: BTreeMap<(PackageId, CveId), &Finding> =
        findings.iter().map(|finding| ((finding.package, finding.cve), finding)).collect();
    let known: BTreeSet<(PackageId, CveId)> =
        existing.iter().flat_map(|s| s.cves.iter().map(|cve| (s.package, *cve))).collect();
    let mut raised: BTreeMap<(PackageId, String), BTreeSet<CveId>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| raises(finding)) {
        let of_cve = facts(finding.cve);
        if of_cve.rejected || known.contains(&(finding.package, finding.cve)) {
            continue;
        }
        let key = (finding.package, together(finding, &of_cve));
        raised.entry(key).or_default().insert(finding.cve);
    }
    let mut steps = Vec::new();
    for suggestion in existing {
        let key = (suggestion.package, suggestion.together.clone());
        let joins = (suggestion.state == State::Open).then(|| raised.remove(&key)).flatten();
        let mut cves = suggestion.cves.clone();
        if let Some(more) = joins {
            cves.extend(&more);
            steps.push(Step::Join { suggestion: suggestion.id, cves: more });
        }
        // What was not matched this time is as it was.
        if !cves.iter().any(|cve| matched(*cve)) {
            continue;
        }
        let still: Vec<&Finding> =
            cves.iter().filter_map(|cve| by_pair.get(&(suggestion.package, *cve)).copied()).collect();
        let agrees = still.iter().any(|finding| raises(finding) && !facts(finding.cve).rejected);
        if agrees != suggestion.agrees {
            steps.push(Step::Agree { suggestion: suggestion.id, agrees });
        }
        let summary = summary(&still, facts);
        if let Some(summary) = summary.filter(|summary| *summary != suggestion.summary) {
            steps.push(Step::Summarise { suggestion: suggestion.id, summary });
        }
    }
    for ((package, together), cves) in raised {
        let of: Vec<&Finding> =
            cves.iter().filter_map(|cve| by_pair.get(&(package, *cve)).copied()).collect();
        if let Some(summary) = summary(&of, facts) {
            steps.push(Step::Raise { package, cves, together, summary });
        }
    }
    steps
}

/// What CVEs that are decided together have in common: who published them, on which day, and the
/// versions that fix them.
fn together(finding: &Finding, facts: &CveFacts) -> String {
    let mut fixed: Vec<&str> =
        finding.channels.iter().flat_map(|c| &c.versions).filter_map(|v| v.fixed_in.as_deref()).collect();
    fixed.sort_unstable();
    fixed.dedup();
    let (Some(assigner), Some(published), false) = (&facts.assigner, facts.published, fixed.is_empty())
    else {
        return finding.cve.to_string();
    };
    format!("{assigner} {published} {}", fixed.join(" "))
}

fn summary(findings: &[&Finding], facts: &dyn Fn(CveId) -> CveFacts) -> Option<Summary> {
    let mut sum: Option<Summary> = None;
    for finding in findings {
        let of_cve = facts(finding.cve);
        let one = Summary {
            level: of_cve.level,
            score: of_cve.signs.score,
            epss: of_cve.signs.epss,
            exploited: of_cve.signs.exploited,
            confidence: finding.confidence,
            risk: risk(&of_cve.signs, finding.status, finding.confidence),
        };
        sum = Some(sum.map_or(one, |sum| Summary {
            level: sum.level.max(one.level),
            score: highest(sum.score, one.score),
            epss: highest(sum.epss, one.epss),
            exploited: sum.exploited || one.exploited,
            confidence: if one.risk > sum.risk { one.confidence } else { sum.confidence },
            risk: sum.risk.max(one.risk),
        }));
    }
    sum
}

fn highest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::finding::{Certainty, InChannel, OfVersion};
    use crate::models::ids::ChannelId;

    fn cve(number: u32) -> CveId {
        format!("CVE-2024-{number:04}").parse().unwrap()
    }

    fn finding(package: i64, number: u32, status: FindingStatus, fixed_in: Option<&str>) -> Finding {
        let version = OfVersion {
            version: "1.0".into(),
            attributes: vec!["a".into()],
            more_attributes: 0,
            status: status.into(),
            confidence: Certainty::High,
            fixed_in: fixed_in.map(str::to_owned),
            evidence: Vec::new(),
        };
        let channels = vec![InChannel { channel: ChannelId(1), versions: vec![version] }];
        Finding {
            package: PackageId(package),
            cve: cve(number),
            status,
            confidence: Confidence::High,
            channels,
        }
    }

    fn facts(cve: CveId) -> CveFacts {
        CveFacts {
            assigner: Some("curl".into()),
            published: Some("2024-09-11".parse().unwrap()),
            // By convention of these tests.
            rejected: cve == self::cve(9999),
            ..CveFacts::default()
        }
    }

    fn run(existing: &[Existing], findings: &[Finding]) -> Vec<Step> {
        plan(existing, findings, &|_| true, &facts)
    }

    fn raised(steps: &[Step]) -> Vec<Vec<CveId>> {
        let cves = |step: &Step| match step {
            Step::Raise { cves, .. } => Some(cves.iter().copied().collect()),
            _ => None,
        };
        steps.iter().filter_map(cves).collect()
    }

    fn existing(state: State, steps: &[Step]) -> Vec<Existing> {
        let make = |(id, step): (i64, &Step)| match step {
            Step::Raise { package, cves, together, summary } => Some(Existing {
                id: SuggestionId(id),
                package: *package,
                state,
                together: together.clone(),
                cves: cves.clone(),
                agrees: true,
                summary: *summary,
            }),
            _ => None,
        };
        (1..).zip(steps).filter_map(make).collect()
    }

    #[test]
    fn what_is_fixed_together_is_decided_together() {
        use FindingStatus::{Affected, Fixed, NotAffected, Unknown};
        let findings = [
            finding(1, 1, Affected, Some("2.0")),
            finding(1, 2, Affected, Some("2.0")),
            finding(1, 3, Affected, Some("3.0")),
            finding(2, 1, Affected, Some("2.0")),
            finding(1, 4, Unknown, None),
            finding(1, 5, Affected, None),
            finding(1, 6, Fixed, Some("2.0")),
            finding(1, 7, NotAffected, Some("2.0")),
            finding(1, 9999, Affected, Some("2.0")),
        ];
        let mut raised = raised(&run(&[], &findings));
        raised.sort();
        let expected = [vec![1], vec![1, 2], vec![3], vec![4], vec![5]];
        assert_eq!(raised, expected.map(|numbers| numbers.into_iter().map(cve).collect::<Vec<_>>()));
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let findings = [finding(1, 1, FindingStatus::Affected, Some("2.0"))];
        for state in State::ALL {
            let existing = existing(state, &run(&[], &findings));
            assert_eq!(run(&existing, &findings), []);
        }
    }

    #[test]
    fn a_later_cve_joins_only_what_is_open() {
        let first = [finding(1, 1, FindingStatus::Affected, Some("2.0"))];
        let both = [first[0].clone(), finding(1, 2, FindingStatus::Affected, Some("2.0"))];
        for state in State::ALL {
            let existing = existing(state, &run(&[], &first));
            let steps = run(&existing, &both);
            let joined = Step::Join { suggestion: SuggestionId(1), cves: [cve(2)].into() };
            assert_eq!(steps.contains(&joined), state == State::Open, "{state:?}: {steps:?}");
            assert_eq!(raised(&steps).is_empty(), state == State::Open, "{state:?}: {steps:?}");
        }
    }

    #[test]
    fn a_change_of_mind_is_shown_and_closes_nothing() {
        let affected = [finding(1, 1, FindingStatus::Affected, Some("2.0"))];
        let not = [finding(1, 1, FindingStatus::NotAffected, Some("2.0"))];
        for state in State::ALL {
            let mut existing = existing(state, &run(&[], &affected));
            for (findings, agrees) in [(&not[..], false), (&[], false), (&affected, true)] {
                existing[0].agrees = !agrees;
                let steps = run(&existing, findings);
                let agree = Step::Agree { suggestion: SuggestionId(1), agrees };
                assert!(steps.contains(&agree), "{state:?} {agrees}: {steps:?}");
                assert!(!steps.iter().any(|step| matches!(step, Step::Raise { .. })));
                existing[0].agrees = agrees;
                assert!(!run(&existing, findings).contains(&agree));
            }
        }
    }

    #[test]
    fn what_was_not_matched_is_as_it_was() {
        let affected = [finding(1, 1, FindingStatus::Affected, Some("2.0"))];
        let existing = existing(State::Open, &run(&[], &affected));
        assert_eq!(plan(&existing, &[], &|_| false, &facts), []);
    }
}
