//! Records as they come in: read, hashed and packed before anything is written.

use super::{RawRecord, Source};
use crate::json;
use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use vulnerability::CveId;
use vulnerability::cve::{self, ContainerPlace, CveError};
use vulnerability::kev::{CatalogEntry, KevError};
use vulnerability::model::{KnownExploited, SourceRecord};
use vulnerability::nvd::{self, NvdError};

/// The most bytes of a record.
const LIMIT: usize = 16 << 20;
/// The most characters of a name or of a rating.
const LONGEST_WORD: usize = 80;

/// Why a record cannot be taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is no record of the CVE list.
    #[error(transparent)]
    Cve(#[from] CveError),
    /// It is no record of the NVD.
    #[error(transparent)]
    Nvd(#[from] NvdError),
    /// It is no entry of CISA's catalogue.
    #[error(transparent)]
    Kev(#[from] KevError),
    /// It is no entry of the EU's catalogue.
    #[error("it is no entry of the EU's catalogue")]
    EuKev(#[from] serde_json::Error),
    /// It is about another vulnerability than was said.
    #[error("it is about {0}")]
    Other(CveId),
    /// Its number is larger than any real one.
    #[error("{0}: the number is too large to be a real one")]
    Number(CveId),
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum Content {
    /// A record of the CVE list or of the NVD.
    Record {
        /// In the terms of the model.
        record: Box<SourceRecord>,
        /// Who gave the identifier.
        assigner: Option<String>,
        /// CISA's rating.
        ssvc: Ssvc,
    },
    /// An entry of CISA's catalogue.
    Kev(KnownExploited),
    /// An entry of the EU's catalogue: the day that it names, as `YYYY-MM-DD`.
    EuKev(Option<String>),
    /// The catalogue has it no more.
    Removed,
}

/// CISA's rating of a vulnerability, by the Stakeholder-Specific Vulnerability Categorization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ssvc {
    /// `none`, `poc`, `active`
    pub exploitation: Option<String>,
    /// `yes`, `no`
    pub automatable: Option<String>,
    /// `partial`, `total`
    pub impact: Option<String>,
}

/// A record, ready to be stored.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// What it is about.
    pub cve: CveId,
    /// Who says it.
    pub source: Source,
    /// What it says.
    pub content: Content,
    pub(in crate::models) hash: [u8; 32],
    pub(in crate::models) packed: Vec<u8>,
    pub(in crate::models) bytes: Vec<u8>,
}

impl NewRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// Where it is no record of the source, or of another CVE.
    pub fn read(cve: CveId, source: Source, bytes: Vec<u8>) -> Result<Self, RecordError> {
        // The end of a file is no part of a record, and not all who hand it on keep it.
        let bytes = match bytes.trim_ascii() {
            trimmed if trimmed.len() == bytes.len() => bytes,
            trimmed => trimmed.to_vec(),
        };
        let content = content(cve, source, &bytes)?;
        if i64::try_from(cve.number()).is_err() {
            return Err(RecordError::Number(cve));
        }
        Ok(Self {
            cve,
            source,
            content,
            hash: Sha256::digest(&bytes).into(),
            packed: json::pack_bytes(&bytes),
            bytes,
        })
    }

    /// What stands for an entry that a catalogue has no more.
    pub fn removed(cve: CveId, source: Source) -> Self {
        let (bytes, packed) = (Vec::new(), json::pack_bytes(&[]));
        Self { cve, source, content: Content::Removed, hash: Sha256::digest([]).into(), packed, bytes }
    }
}

/// Reads what a stored record says.
///
/// # Errors
/// Where this program does not understand it any more.
pub(in crate::models) fn stored(record: &RawRecord) -> Result<Content, RecordError> {
    if record.body.is_empty() {
        return Ok(Content::Removed);
    }
    content(record.cve, record.source, &record.body)
}

fn content(cve: CveId, source: Source, bytes: &[u8]) -> Result<Content, RecordError> {
    let (found, content) = match source {
        Source::Cve => {
            let record = cve::Record::parse(bytes, LIMIT)?;
            let metadata = record.document().cve_metadata.as_ref();
            let assigner = metadata.and_then(|m| m.assigner_short_name.as_deref()).map(word);
            let (ssvc, model) = (ssvc(&record), Box::new(record.to_source_record()));
            (model.id, Content::Record { record: model, assigner, ssvc })
        }
        Source::Nvd => {
            let record = Box::new(nvd::Record::parse(bytes, LIMIT)?.to_source_record());
            (record.id, Content::Record { record, assigner: None, ssvc: Ssvc::default() })
        }
        Source::Kev => {
            let (id, entry) = CatalogEntry::parse(bytes, LIMIT)?.to_model(0)?;
            (id, Content::Kev(entry))
        }
        Source::EuKev => {
            let entry: EuEntry = serde_json::from_slice(bytes)?;
            let day = entry.date_reported.map(|day| word(&day.replace('/', "-")));
            (cve, Content::EuKev(day.filter(|day| day.parse::<jiff::civil::Date>().is_ok())))
        }
    };
    if found != cve {
        return Err(RecordError::Other(found));
    }
    Ok(content)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EuEntry {
    date_reported: Option<String>,
}

/// The rating in CISA's container.
fn ssvc(record: &cve::Record<'_>) -> Ssvc {
    let mut ssvc = Ssvc::default();
    for (place, container) in record.containers() {
        let provider = container.provider_metadata.as_ref().and_then(|p| p.short_name.as_deref());
        if place == ContainerPlace::Cna || provider != Some("CISA-ADP") {
            continue;
        }
        for metric in container.metrics.as_deref().unwrap_or_default() {
            let other = metric.other.as_ref().filter(|o| o.metric_type.as_deref() == Some("ssvc"));
            let Some(content) = other.and_then(|other| other.content.as_ref()) else { continue };
            for option in content.0.get("options").and_then(Json::as_array).into_iter().flatten() {
                let get = |name: &str| option.get(name).and_then(Json::as_str).map(word);
                ssvc.exploitation = get("Exploitation").or(ssvc.exploitation);
                ssvc.automatable = get("Automatable").or(ssvc.automatable);
                ssvc.impact = get("Technical Impact").or(ssvc.impact);
            }
        }
    }
    ssvc
}

fn word(text: &str) -> String {
    terminal::clean(text.trim()).chars().take(LONGEST_WORD).collect()
}
