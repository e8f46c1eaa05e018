//! What happens during a download, and how servers know what they have.

use crate::HttpErrorKind;
use std::time::Duration;

/// What happens during a download.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum GetEvent<'a> {
    /// The content begins, or goes on after a connection broke.
    Begins {
        /// How many bytes all of it has, if the server says so.
        length: Option<u64>,
        /// How many of them are there already.
        held: u64,
        /// How the server knows this state.
        validators: &'a Validators,
    },
    /// More of the content is here.
    Received {
        /// So many more bytes.
        bytes: u64,
    },
    /// It failed and will be tried again.
    Retries {
        /// How long from now.
        wait: Duration,
        /// Why it failed.
        problem: &'a HttpErrorKind,
    },
}

/// How a server knows one state of what it has (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Its entity tag, with its quotation marks.
    pub etag: Option<String>,
    /// When it was changed, as the server writes it.
    pub last_modified: Option<String>,
}

impl Validators {
    /// What `If-Range` accepts: a strong tag, else a time.
    pub(crate) fn strong(&self) -> Option<&str> {
        let etag = self.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
        etag.or(self.last_modified.as_deref())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
