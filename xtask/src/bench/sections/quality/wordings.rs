//! Which share of what records write about versions is understood? Counted over all of
//! `affected[].versions[]`.

use super::source_record;
use crate::bench::table::{Cell, Table};
use crate::quality::data::Data;
use std::collections::BTreeMap;
use vulnerability::model::{Precision, VersionRange, VersionScheme};
use vulnerability::ranges::is_placeholder;

/// How many of the texts that are not understood are shown.
const SHOWN: usize = 20;

/// How an entry was read; by the reader's own account.
fn class(range: &VersionRange) -> &'static str {
    match range.precision {
        _ if range.scheme == VersionScheme::Git => "commits of Git",
        Precision::Exact => "a single version",
        Precision::Structured => "a range in the fields made for it",
        Precision::FreeText => "a text, read as a range",
        Precision::Unreadable if is_placeholder(&range.text()) => "nothing, such as `n/a`",
        Precision::Unreadable => NOT_UNDERSTOOD,
    }
}

const NOT_UNDERSTOOD: &str = "a text that is not understood";

/// The census, and the texts that are not understood, the most frequent first.
pub(super) fn tables(data: &Data) -> anyhow::Result<Vec<Table>> {
    let mut texts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut total = 0_usize;
    for record in data.records.values() {
        let record = source_record(record)?;
        let own = record.statements.iter().filter(|statement| !statement.origin.is_applicability());
        for range in own.flat_map(|statement| &statement.ranges) {
            *texts.entry(class(range)).or_default().entry(range.text().into_owned()).or_default() += 1;
            total += 1;
        }
    }
    let mut census = Table::new(
        "versions: what records write, as it is read",
        &["what", "ranges", "share", "different texts"],
    );
    for (what, texts) in &texts {
        let count: usize = texts.values().sum();
        census.row(vec![
            (*what).into(),
            Cell::Number(count as f64, ""),
            Cell::Number(100.0 * count as f64 / total as f64, "%"),
            Cell::Number(texts.len() as f64, ""),
        ]);
    }
    census.note(
        "All of affected[].versions[] of CNA and ADP in the shared records; a text can hold several ranges.",
    );
    let mut open = Table::new("versions: texts that are not understood", &["text", "times"]);
    let mut most: Vec<(&String, &usize)> = texts.get(NOT_UNDERSTOOD).into_iter().flatten().collect();
    most.sort_by_key(|(text, count)| (std::cmp::Reverse(**count), *text));
    for (text, count) in most.into_iter().take(SHOWN) {
        open.row(vec![
            text.chars().take(80).collect::<String>().as_str().into(),
            Cell::Number(*count as f64, ""),
        ]);
    }
    open.note("Such a text decides nothing: the finding says \"unknown\", or another statement decides.");
    Ok(vec![census, open])
}
