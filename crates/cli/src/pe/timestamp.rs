//! Timestamps for signatures, over HTTP.

use authenticode::DigestAlgorithm;
use authenticode::timestamp::{ANSWER_TYPE, MAX_ANSWER, REQUEST_TYPE, TimestampAuthority};
use std::path::PathBuf;
use std::time::Duration;
use vulnerability_db::ingest::Question;

/// How long an authority may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The authority at a URL.
pub(super) fn authority(url: &str, algorithm: DigestAlgorithm) -> TimestampAuthority<'_> {
    let certificates: Option<PathBuf> = crate::db::certificates();
    let send = move |request: &[u8]| {
        let question = Question {
            url,
            media_type: REQUEST_TYPE,
            body: request,
            answer_type: ANSWER_TYPE,
            limit: MAX_ANSWER as u64,
            time: TIMEOUT,
            certificates: certificates.as_deref(),
        };
        Ok(question.ask()?)
    };
    TimestampAuthority::new(algorithm, send)
}
