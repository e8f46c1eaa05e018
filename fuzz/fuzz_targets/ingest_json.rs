//! Arrays, pages and lines of records, split without reading the whole: as many come out as another
//! reader counts.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use terminal::Silent;
use vulnerability_db::ingest::{
    ImportLimits, IngestError, SourceKind, SourceLocation, SourceProblem, UpdateOptions, update,
};

/// How many records stand in a document by a reader that needs all of it at once.
fn count(kind: SourceKind, text: &str) -> Option<usize> {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        vulnerabilities: Vec<&'a RawValue>,
    }
    if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return Some(elements.len());
    }
    if kind == SourceKind::Nvd && serde_json::from_str::<serde_json::Value>(text).is_ok() {
        return serde_json::from_str::<Page<'_>>(text).ok().map(|page| page.vulnerabilities.len());
    }
    // Lines are recognised by the first one, which is an object by itself.
    let mut lines = text.split('\n').map(|line| line.trim_matches(|c: char| c.is_ascii_whitespace()));
    let first = lines.clone().next()?;
    let object = first.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
    let more = lines.clone().skip(1).any(|line| !line.is_empty());
    (object && more).then(|| lines.by_ref().filter(|line| !line.is_empty()).count())
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, document)) = data.split_first() else { return };
    let kind = if choice % 2 == 0 { SourceKind::Cve } else { SourceKind::Nvd };
    let folder =
        tempfile::Builder::new().prefix("fuzz-").tempdir_in("/dev/shm").expect("memory for a folder");
    let file = folder.path().join("records.json");
    std::fs::write(&file, document).expect("the file can be written");
    let sources = [SourceLocation { kind, location: file.display().to_string() }];
    let mut options = UpdateOptions::new(Timestamp::UNIX_EPOCH);
    options.limits = ImportLimits { record: 1 << 20, unpacked: 4 << 20, ..ImportLimits::default() };
    let database = folder.path().join("database");
    match update(&database, &sources, &options, &Silent) {
        Ok(report) => {
            let expected = std::str::from_utf8(document).ok().and_then(|text| count(kind, text));
            let source = &report.sources[0];
            if let Some(expected) = expected {
                assert_eq!(source.records + source.invalid, expected as u64, "{source:?}");
            }
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let whole = std::str::from_utf8(document)
                .ok()
                .and_then(|t| serde_json::from_str::<Vec<&RawValue>>(t).ok());
            // One that holds no valid record is no source of records.
            let nothing_in_it = matches!(
                &error,
                IngestError::Source {
                    problem: SourceProblem::NothingValid { .. } | SourceProblem::NoRecords(_),
                    ..
                }
            );
            assert!(whole.is_none() || nothing_in_it, "an array that is whole was refused: {error}");
        }
    }
});
