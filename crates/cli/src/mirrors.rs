//! Mirrors that the configuration names, for whatever fetches.

use std::sync::OnceLock;

static MIRRORS: OnceLock<Vec<(&'static str, String)>> = OnceLock::new();

/// Sets them, once: the key of the configuration and the URL.
pub(crate) fn set(mirrors: Vec<(&'static str, String)>) {
    let _ = MIRRORS.set(mirrors);
}

/// The one of a key.
pub(crate) fn get(key: &str) -> Option<String> {
    MIRRORS.get()?.iter().find(|(name, _)| *name == key).map(|(_, url)| url.clone())
}
