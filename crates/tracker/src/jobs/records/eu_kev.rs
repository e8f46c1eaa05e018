//! The job that takes in the EU's catalogue of known exploited vulnerabilities: a list of entries
//! with `cveID`, which may be null, and `dateReported`.

use super::sync;
use crate::config::Sources;
use crate::jobs::{Job, JobContext, JobError};
use crate::models::job::Schedule;
use crate::models::record::{self, Source};
use http::{Client, GetOptions};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;
use vulnerability::CveId;

/// The most bytes of the catalogue; CISA's has less than 2 MB.
const LIMIT: u64 = 64 << 20;
/// The most entries.
const MOST: usize = 200_000;
/// A catalogue that has so many hundredths of what is there has lost some.
const FEWEST: usize = 90;

/// The EU's catalogue.
#[derive(Debug, Clone)]
pub struct EuKev {
    sources: Sources,
}

/// Why a catalogue is refused.
#[derive(Debug, thiserror::Error)]
enum CatalogueError {
    #[error("{place} is no list of entries")]
    NoList {
        place: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{place} has more than {MOST} entries")]
    Large { place: String },
    #[error("{place} has {found} entries with a CVE, where there were {before}")]
    FarFewer { place: String, found: usize, before: usize },
}

/// An object that holds the list, as CISA's does.
#[derive(Deserialize)]
struct Wrapped<'c> {
    #[serde(borrow)]
    vulnerabilities: Vec<&'c RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve_id: Option<String>,
}

impl EuKev {
    /// The job.
    pub fn new(sources: &Sources) -> Self {
        Self { sources: sources.clone() }
    }
}

impl Job for EuKev {
    fn name(&self) -> &'static str {
        "eu-kev"
    }

    fn about(&self) -> &'static str {
        "takes in the EU's catalogue of known exploited vulnerabilities"
    }

    fn schedule(&self) -> Schedule {
        Schedule::every(SignedDuration::from_hours(6))
    }

    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError> {
        let url = &self.sources.eu_kev;
        let client = Client::new(self.sources.certificates.as_deref());
        let options = GetOptions { limit: LIMIT, timeout: Duration::from_mins(10), length_required: false };
        let mut bytes = Vec::new();
        client.get_to(url, &mut bytes, &options, &mut |_| {}).map_err(JobError::other)?;
        context.go_on()?;
        let place = http::redacted(url);
        let (entries, without) = entries(&bytes, &place).map_err(JobError::other)?;
        context.count("read", entries.len() as u64);
        context.count("without-cve", without);
        let there = context.app().database.read(|c| record::of_source(c, Source::EuKev))?.len();
        if entries.is_empty() || entries.len() * 100 < there * FEWEST {
            let error = CatalogueError::FarFewer { place, found: entries.len(), before: there };
            return Err(JobError::other(error));
        }
        sync::catalogue(context, Source::EuKev, entries.into_iter().collect(), true).map(drop)
    }
}

/// The entries by CVE, the last of several, and how many have none.
fn entries(bytes: &[u8], place: &str) -> Result<(BTreeMap<CveId, Vec<u8>>, u64), CatalogueError> {
    let wrong = |source| CatalogueError::NoList { place: place.to_owned(), source };
    let list = match serde_json::from_slice::<Vec<&RawValue>>(bytes) {
        Ok(list) => list,
        Err(error) => match serde_json::from_slice::<Wrapped<'_>>(bytes) {
            Ok(wrapped) => wrapped.vulnerabilities,
            Err(_) => return Err(wrong(error)),
        },
    };
    if list.len() > MOST {
        return Err(CatalogueError::Large { place: place.to_owned() });
    }
    let (mut entries, mut without) = (BTreeMap::new(), 0);
    for raw in list {
        let entry: Option<Entry> = serde_json::from_str(raw.get()).ok();
        let id = entry.and_then(|entry| entry.cve_id).and_then(|id| id.trim().parse().ok());
        match id {
            Some(id) => drop(entries.insert(id, raw.get().as_bytes().to_vec())),
            None => without += 1,
        }
    }
    Ok((entries, without))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_objects_with_a_list() {
        let list = r#"[{"cveID":"CVE-2024-1000","dateReported":"2024/05/06"},{"cveID":null},{},7,
            {"cveID":" CVE-2024-1000 ","dateReported":"2024/05/07"}]"#;
        let wrapped = format!(r#"{{"title":"x","vulnerabilities":{list}}}"#);
        for text in [list, &wrapped] {
            let (entries, without) = entries(text.as_bytes(), "x").unwrap();
            assert_eq!((entries.len(), without), (1, 3));
            let entry = &entries[&"CVE-2024-1000".parse().unwrap()];
            assert!(String::from_utf8_lossy(entry).contains("05/07"));
        }
        for text in ["", "{}", "<html>", "[", "null", "{\"vulnerabilities\":3}"] {
            assert!(entries(text.as_bytes(), "x").is_err(), "{text}");
        }
        let many = format!("[{}1]", "1,".repeat(MOST));
        assert!(matches!(entries(many.as_bytes(), "x"), Err(CatalogueError::Large { .. })));
    }
}
