//! The log: one line of JSON for each event, on standard error. Secrets are no part of any.

use tracing_subscriber::fmt;

/// Writes events from here on. A second call changes nothing.
pub fn begin() {
    let log = fmt().json().flatten_event(true).with_writer(std::io::stderr);
    let log = log.with_max_level(tracing::Level::INFO).with_target(false);
    // Somebody else may have begun.
    let _ = log.try_init();
}
