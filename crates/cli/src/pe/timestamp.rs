//! Timestamps for signatures, over HTTP.

use authenticode::DigestAlgorithm;
use authenticode::timestamp::{ANSWER_TYPE, MAX_ANSWER, REQUEST_TYPE, TimestampAuthority};
use http::{Client, PostRequest};
use std::time::Duration;

/// How long an authority may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The authority at a URL.
pub(super) fn authority(url: &str, algorithm: DigestAlgorithm) -> TimestampAuthority<'_> {
    let client = Client::new(crate::update::certificates().as_deref());
    TimestampAuthority::new(algorithm, move |request| {
        Ok(client.post(&PostRequest {
            url,
            media_type: REQUEST_TYPE,
            body: request,
            answer_type: ANSWER_TYPE,
            limit: MAX_ANSWER as u64,
            timeout: TIMEOUT,
        })?)
    })
}
