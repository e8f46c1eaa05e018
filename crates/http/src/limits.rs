//! Limits that every request has.

use std::time::Duration;

/// The longest wait for a connection, or for the beginning of the answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How many redirects are followed.
pub(crate) const MAX_REDIRECTS: u32 = 5;
