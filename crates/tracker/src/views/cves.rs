//! CVEs.

use super::{page, parts, time};
use crate::models::cve::Cve;
use crate::models::finding::Status;
use crate::models::record::FieldTouched;
use jiff::Timestamp;
use serde::Serialize;
use vulnerability::model::Vulnerability;

/// The most references that a page names.
const REFERENCES: usize = 40;

/// A CVE in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CveRow {
    pub(crate) id: String,
    pub(crate) title: String,
    /// 'published', 'rejected', 'other'.
    pub(crate) state: String,
    /// 0 none to 4 critical.
    pub(crate) level: Option<i64>,
    /// CVSS.
    pub(crate) score: Option<f64>,
    /// How probable it is that it is exploited in the next thirty days.
    pub(crate) epss: Option<f64>,
    /// The day on which CISA listed it as exploited.
    pub(crate) exploited_since: Option<String>,
    pub(crate) published_at: Option<Timestamp>,
}

impl CveRow {
    /// Its title, or what stands for it.
    pub(crate) fn shown_title(&self) -> &str {
        if self.title.is_empty() { "No title in its record" } else { &self.title }
    }
}

impl From<Cve> for CveRow {
    fn from(cve: Cve) -> Self {
        Self {
            id: cve.summary.id.to_string(),
            title: cve.summary.title,
            state: cve.summary.state,
            level: cve.summary.level,
            score: cve.summary.score,
            epss: cve.epss.map(|(probability, _)| probability),
            exploited_since: cve.summary.exploited_since,
            published_at: cve.summary.published_at,
        }
    }
}

/// All that a page shows of a CVE itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CveFacts {
    #[serde(flatten)]
    pub(crate) row: CveRow,
    /// Who gave the id.
    pub(crate) assigner: Option<String>,
    /// When its record last changed, as it says itself.
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) vector: Option<String>,
    pub(crate) cwes: Vec<String>,
    /// Until when US agencies have to act.
    pub(crate) exploited_due: Option<String>,
    /// Whether ransomware is known to use it.
    pub(crate) ransomware: bool,
    /// The day on which the EU listed it as exploited.
    pub(crate) eu_exploited_since: Option<String>,
    /// How many others are less probable, of 1.
    pub(crate) epss_percentile: Option<f64>,
    /// CISA's SSVC: exploitation, whether it can be automated, technical impact.
    pub(crate) ssvc: [Option<String>; 3],
    pub(crate) description: Option<String>,
    pub(crate) references: Vec<String>,
}

impl CveFacts {
    /// Of what is kept for lists, and of the records.
    pub(crate) fn new(cve: Cve, records: Option<&Vulnerability>) -> Self {
        let records = || records.iter().flat_map(|known| &known.records);
        let mut texts = records().map(|record| record.details.description.trim());
        let urls = records().flat_map(|record| &record.details.references).map(|link| link.url.as_str());
        let mut references: Vec<String> = Vec::new();
        for url in urls.filter(|url| is_web(url)) {
            if references.len() < REFERENCES && !references.iter().any(|known| known == url) {
                references.push(url.to_owned());
            }
        }
        let summary = &cve.summary;
        Self {
            assigner: summary.assigner.clone(),
            updated_at: summary.updated_at,
            vector: summary.vector.clone(),
            cwes: summary.cwes.clone(),
            exploited_due: summary.exploited_due.clone(),
            ransomware: summary.ransomware,
            eu_exploited_since: summary.eu_exploited_since.clone(),
            epss_percentile: cve.epss.map(|(_, percentile)| percentile),
            ssvc: [
                summary.ssvc_exploitation.clone(),
                summary.ssvc_automatable.clone(),
                summary.ssvc_impact.clone(),
            ],
            description: texts.find(|text| !text.is_empty()).map(str::to_owned),
            references,
            row: cve.into(),
        }
    }
}

/// Only addresses that a browser fetches are links: not `javascript:`, not `data:`.
fn is_web(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) && url.len() < 2000
}

/// The list.
#[derive(Debug, Serialize)]
pub(crate) struct CveList {
    pub(crate) cves: Vec<CveRow>,
    /// At least of this level.
    pub(crate) severity: Option<&'static str>,
    pub(crate) year: Option<u16>,
    /// Where it goes on.
    pub(crate) next: Option<String>,
    #[serde(skip)]
    pub(crate) is_first: bool,
}

page!(CveList, "cves.html");

impl CveList {
    /// Where a filter leads.
    fn with_severity(&self, name: &str) -> String {
        match self.year {
            Some(year) => format!("/cves?severity={name}&year={year}"),
            None => format!("/cves?severity={name}"),
        }
    }

    fn is_severity(&self, name: &&str) -> bool {
        self.severity == Some(*name)
    }
}

/// A package in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InChannel {
    pub(crate) channel: String,
    pub(crate) supported: bool,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) status: Status,
    pub(crate) fixed_in: Option<String>,
    pub(crate) evidence: Vec<String>,
}

/// One CVE.
#[derive(Debug, Serialize)]
pub(crate) struct CvePage {
    pub(crate) answer: Answer,
    #[serde(flatten)]
    pub(crate) facts: CveFacts,
    pub(crate) channels: Vec<InChannel>,
    pub(crate) changes: Vec<FieldTouched>,
}

page!(CvePage, "cve.html");

/// The answer in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// 'bad', 'good', 'open' or 'quiet'.
    #[serde(skip)]
    pub(crate) look: &'static str,
}

impl Answer {
    /// From the state of the record, and what holds in the channels that are looked after: the
    /// worst of each counts.
    pub(crate) fn new(state: &str, matched: bool, channels: &[InChannel]) -> Self {
        let told = |look, text: String| Self { text, look };
        if state == "rejected" {
            return told("quiet", "This id was withdrawn: it stands for no vulnerability.".to_owned());
        }
        if channels.is_empty() && !matched {
            return told("quiet", "It has not been matched with the packages of nixpkgs yet.".to_owned());
        }
        if channels.is_empty() {
            return told("quiet", "Nothing in nixpkgs is known to be touched by it.".to_owned());
        }
        let mut worst: Vec<(&str, Status)> = Vec::new();
        for row in channels.iter().filter(|row| row.supported) {
            match worst.iter_mut().find(|(name, _)| *name == row.channel) {
                // `Status` begins with the worst.
                Some((_, status)) => *status = row.status.min(*status),
                None => worst.push((&row.channel, row.status)),
            }
        }
        let of = |wanted: Status| -> Vec<&str> {
            worst.iter().filter(|(_, status)| *status == wanted).map(|(name, _)| *name).collect()
        };
        let (affected, unknown, all) = (of(Status::Affected), of(Status::Unknown), worst.len());
        match (affected.len(), unknown.len()) {
            _ if all == 0 => told("quiet", "No channel that is looked after is affected.".to_owned()),
            (0, 0) => told("good", format!("No longer open: {} affected.", none_of(all))),
            (0, _) => {
                told("open", format!("Whether {} affected cannot be told from the record.", are(&unknown)))
            }
            (some, _) if some == all => told("bad", format!("Open: {} affected.", all_of(&affected))),
            (some, _) => {
                told("bad", format!("Open in {some} of {all} channels: {} affected.", are(&affected)))
            }
        }
    }
}

fn none_of(all: usize) -> String {
    if all == 1 { "the channel is not".to_owned() } else { format!("none of {all} channels is") }
}

fn all_of(names: &[&str]) -> String {
    if let [name] = names { format!("{name} is") } else { format!("all {} channels are", names.len()) }
}

/// Names as a subject with its verb.
fn are(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} is"),
        [one, other] => format!("{one} and {other} are"),
        [first, .., last] => format!("{first}, {} more and {last} are", names.len() - 2),
        [] => "nothing is".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(channel: &str, status: Status, supported: bool) -> InChannel {
        InChannel {
            channel: channel.to_owned(),
            supported,
            package: "p".to_owned(),
            version: "1".to_owned(),
            status,
            fixed_in: None,
            evidence: Vec::new(),
        }
    }

    #[test]
    fn the_answer_comes_first() {
        use Status::{Affected, Fixed, NotAffected, Unknown};
        let answer = |rows: &[(&str, Status, bool)]| {
            let rows: Vec<_> = rows.iter().map(|(name, status, on)| row(name, *status, *on)).collect();
            Answer::new("published", true, &rows).text
        };
        assert_eq!(answer(&[]), "Nothing in nixpkgs is known to be touched by it.");
        assert_eq!(answer(&[("a", Affected, true)]), "Open: a is affected.");
        assert_eq!(
            answer(&[("a", Affected, true), ("a", Fixed, true), ("b", Fixed, true)]),
            "Open in 1 of 2 channels: a is affected."
        );
        assert_eq!(
            answer(&[("a", Fixed, true), ("b", NotAffected, true), ("old", Affected, false)]),
            "No longer open: none of 2 channels is affected."
        );
        assert_eq!(
            answer(&[("a", Unknown, true), ("b", Fixed, true)]),
            "Whether a is affected cannot be told from the record."
        );
        assert_eq!(answer(&[("old", Affected, false)]), "No channel that is looked after is affected.");
        assert_eq!(
            Answer::new("rejected", true, &[row("a", Affected, true)]).text,
            "This id was withdrawn: it stands for no vulnerability."
        );
    }
}
