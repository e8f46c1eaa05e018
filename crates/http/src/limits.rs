//! Limits that every request has.

use std::time::Duration;

/// The longest wait for a connection, or for the beginning of the answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How many redirects are followed.
pub(crate) const MAX_REDIRECTS: u32 = 5;
/// The longest wait for the next byte of an answer, unless the client is given another one.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
