//! The queue, and a suggestion.

use super::cves::{CveRow, InChannel};
use super::{page, parts, time};
use crate::models::suggestion::Reason;
use crate::models::suggestion::row::SuggestionRow;
use jiff::Timestamp;
use serde::Serialize;

/// A page of the queue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Queue {
    pub(crate) suggestions: Vec<SuggestionRow>,
    /// How many there are, up to a limit.
    pub(crate) count: i64,
    /// What is asked, as it stands in the address.
    pub(crate) query: String,
    pub(crate) next: Option<String>,
    #[serde(skip)]
    pub(crate) state: &'static str,
    #[serde(skip)]
    pub(crate) severity: &'static str,
    #[serde(skip)]
    pub(crate) text: String,
    #[serde(skip)]
    pub(crate) counted_all: bool,
    #[serde(skip)]
    pub(crate) may_decide: bool,
    #[serde(skip)]
    pub(crate) reasons: [Reason; 11],
}

page!(Queue, "queue.html");

/// One suggestion.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestionPage {
    #[serde(flatten)]
    pub(crate) row: SuggestionRow,
    pub(crate) reason: Option<Reason>,
    pub(crate) note: Option<String>,
    pub(crate) records: Vec<CveRow>,
    pub(crate) in_channels: Vec<(String, Vec<InChannel>)>,
    pub(crate) history: Vec<Step>,
    #[serde(skip)]
    pub(crate) may_decide: bool,
    #[serde(skip)]
    pub(crate) reasons: [Reason; 11],
}

page!(SuggestionPage, "suggestion.html");

impl SuggestionPage {
    /// What became of it, in a sentence.
    fn answer(&self) -> (&'static str, String) {
        use crate::models::suggestion::State;
        match (self.row.state, self.reason) {
            (State::Open, _) if self.row.agrees => ("bad", "Nobody has decided yet.".to_owned()),
            (State::Open, _) => {
                ("open", "Nobody has decided yet, and the matcher no longer agrees.".to_owned())
            }
            (State::Accepted, _) => ("good", "Accepted: it is part of an advisory.".to_owned()),
            (State::Dismissed, Some(reason)) => ("quiet", format!("Dismissed. {}.", reason.text())),
            (State::Dismissed, None) => ("quiet", "Dismissed.".to_owned()),
            (State::ClosedByRule, _) => ("quiet", "Closed by a rule.".to_owned()),
        }
    }
}

/// An entry of the history.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    pub(crate) action: String,
    pub(crate) who: Option<String>,
}
