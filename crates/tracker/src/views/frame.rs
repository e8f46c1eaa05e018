//! What all pages share: who looks at them, where they lead, what was just done.

use crate::models::permission::Action;
use crate::secret;
use jiff::Timestamp;

/// Where the pages' heads lead, in order; each to those who may.
pub(crate) const NAVIGATION: &[(&str, &str, Action)] = &[
    ("/suggestions", "Suggestions", Action::SeeQueue),
    ("/cves", "CVEs", Action::Read),
    ("/packages", "Packages", Action::Read),
    ("/channels", "Channels", Action::Read),
    ("/jobs", "Jobs", Action::SeeJobs),
];

/// A link in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) to: &'static str,
    pub(crate) name: &'static str,
    pub(crate) current: bool,
}

/// What is around a page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) site: String,
    pub(crate) contact: Option<Contact>,
    pub(crate) links: Vec<Link>,
    pub(crate) visitor: Option<String>,
    pub(crate) flash: Option<String>,
    pub(crate) undo: Option<String>,
    /// The address of this page in JSON.
    pub(crate) json: String,
    /// Where to come back to after signing in.
    pub(crate) here: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) mark: String,
    pub(crate) now: Timestamp,
    pub(crate) request: String,
    pub(crate) form_key: Option<String>,
}

/// Who may be asked.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) text: String,
    /// A link, if it is an address.
    pub(crate) to: Option<String>,
}

impl Contact {
    pub(crate) fn new(text: &str) -> Self {
        let to = if text.starts_with("https://") {
            Some(text.to_owned())
        } else {
            (text.contains('@') && !text.contains(char::is_whitespace)).then(|| format!("mailto:{text}"))
        };
        Self { text: text.to_owned(), to }
    }
}

impl Frame {
    /// The hidden field that proves that a form is from here; every form needs it.
    pub(crate) fn form_token(&self) -> String {
        self.form_key.as_deref().map(secret::form_token).unwrap_or_default()
    }
}
