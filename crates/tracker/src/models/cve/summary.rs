//! What lists show of a CVE, from its records.

use super::moment;
use crate::models::record::{Content, Source, Ssvc};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;
use vulnerability::model::{State, Vulnerability};

/// The most characters of a title.
const LONGEST_TITLE: usize = 300;
/// The most characters of a vector.
const LONGEST_VECTOR: usize = 400;
/// The most weaknesses.
const MOST_WEAKNESSES: usize = 50;

/// What lists show of a CVE.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its identifier.
    pub id: CveId,
    /// `published`, `rejected`, `other`
    pub state: String,
    /// The CNA's title, or how the description begins.
    pub title: String,
    /// Who gave the identifier.
    pub assigner: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When a source last changed it.
    pub updated_at: Option<Timestamp>,
    /// 0 none to 4 critical.
    pub level: Option<i64>,
    /// CVSS, 0 to 10.
    pub score: Option<f64>,
    /// The vector of that score.
    pub vector: Option<String>,
    /// Weaknesses, such as `CWE-79`.
    pub cwes: Vec<String>,
    /// In CISA's catalogue since that day.
    pub exploited_since: Option<String>,
    /// By when US agencies must act.
    pub exploited_due: Option<String>,
    /// Used by ransomware, as far as CISA knows.
    pub ransomware: bool,
    /// In the EU's catalogue since that day.
    pub eu_exploited_since: Option<String>,
    /// CISA's rating: `none`, `poc`, `active`.
    pub ssvc_exploitation: Option<String>,
    /// CISA's rating: `yes`, `no`.
    pub ssvc_automatable: Option<String>,
    /// CISA's rating: `partial`, `total`.
    pub ssvc_impact: Option<String>,
}

/// A CVE in the terms of the model, without its score.
pub(super) fn vulnerability(id: CveId, contents: &BTreeMap<Source, Content>) -> Vulnerability {
    let mut known = Vulnerability { id, records: Vec::new(), known_exploited: None, epss: None };
    // In the order of the sources, which is that of the model.
    for content in contents.values() {
        match content {
            Content::Record { record, .. } => known.records.push((**record).clone()),
            Content::Kev(entry) => known.known_exploited = Some(entry.clone()),
            Content::EuKev(_) | Content::Removed => {}
        }
    }
    known
}

impl Summary {
    /// Of what the sources say.
    pub fn of(id: CveId, contents: &BTreeMap<Source, Content>) -> Self {
        let known = vulnerability(id, contents);
        let state = match known.records.first().map(|record| record.state) {
            Some(State::Rejected) => "rejected",
            Some(State::Published) => "published",
            Some(State::Other) | None => "other",
        };
        let severity = known.severity();
        let vector = severity.and_then(|severity| severity.vector.as_deref());
        let weaknesses: BTreeSet<&str> = known
            .records
            .iter()
            .flat_map(|record| &record.details.weaknesses)
            .map(String::as_str)
            .filter(|name| is_weakness(name))
            .collect();
        let (assigner, ssvc) = match contents.get(&Source::Cve) {
            Some(Content::Record { assigner, ssvc, .. }) => (assigner.clone(), ssvc.clone()),
            _ => (None, Ssvc::default()),
        };
        let exploited = known.known_exploited.as_ref();
        Self {
            id,
            state: state.to_owned(),
            title: shortened(known.summary(), LONGEST_TITLE),
            assigner,
            published_at: known.records.iter().find_map(|record| record.published).map(moment),
            updated_at: known.records.iter().filter_map(|record| record.updated).max().map(moment),
            level: severity.map(|severity| severity.level as i64),
            score: severity.and_then(|severity| severity.score).map(f64::from).map(tenths),
            vector: vector.map(|vector| shortened(vector, LONGEST_VECTOR)),
            cwes: weaknesses.into_iter().take(MOST_WEAKNESSES).map(str::to_owned).collect(),
            exploited_since: exploited.map(|entry| entry.date_added.to_string()),
            exploited_due: exploited.and_then(|entry| entry.due_date).map(|day| day.to_string()),
            ransomware: exploited.is_some_and(|entry| entry.ransomware),
            eu_exploited_since: match contents.get(&Source::EuKev) {
                Some(Content::EuKev(day)) => day.clone(),
                _ => None,
            },
            ssvc_exploitation: ssvc.exploitation,
            ssvc_automatable: ssvc.automatable,
            ssvc_impact: ssvc.impact,
        }
    }
}

/// Scores have one digit after the point; as `f32` they are not quite that.
fn tenths(score: f64) -> f64 {
    (score * 10.0).round() / 10.0
}

fn is_weakness(name: &str) -> bool {
    name.strip_prefix("CWE-")
        .is_some_and(|number| (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A text from outside on one line, and of no more than so many characters.
fn shortened(text: &str, most: usize) -> String {
    let line = terminal::clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_on_one_line_and_not_longer() {
        assert_eq!(shortened("a\n b\u{1b}[0m", 20).lines().count(), 1);
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äö…");
        assert_eq!(shortened(&"x".repeat(1000), 300).chars().count(), 300);
    }

    #[test]
    fn weaknesses_have_numbers() {
        for (name, is) in [("CWE-79", true), ("CWE-", false), ("NVD-CWE-Other", false), ("CWE-7x", false)] {
            assert_eq!(is_weakness(name), is, "{name}");
        }
    }

    #[test]
    fn nothing_known_is_a_summary_too() {
        let summary = Summary::of("CVE-2024-1000".parse().unwrap(), &BTreeMap::new());
        assert_eq!((summary.state.as_str(), summary.title.as_str(), summary.level), ("other", "", None));
    }
}
