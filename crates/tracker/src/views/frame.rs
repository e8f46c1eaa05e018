//! What all pages share: who looks at them, where they lead, what was just done.

use crate::assets;
use crate::controllers::visitor::Visitor;
use crate::models::permission::Action;
use crate::secret;
use jiff::Timestamp;

/// Where the pages' heads lead, in order; each to those who may.
const NAVIGATION: &[(&str, &str, Action)] = &[
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
    form_key: Option<String>,
}

/// Who may be asked.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) text: String,
    /// A link, if it is an address.
    pub(crate) to: Option<String>,
}

impl Contact {
    fn new(text: &str) -> Self {
        let to = if text.starts_with("https://") {
            Some(text.to_owned())
        } else {
            (text.contains('@') && !text.contains(char::is_whitespace)).then(|| format!("mailto:{text}"))
        };
        Self { text: text.to_owned(), to }
    }
}

impl Frame {
    /// Around a page for somebody.
    pub(crate) fn new(visitor: &Visitor) -> Self {
        let config = &visitor.app.config;
        let (path, query) = visitor.address.split_once('?').unwrap_or((&visitor.address, ""));
        let is_here =
            |to: &str| path == to || path.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
        let links = NAVIGATION.iter().filter(|(_, _, action)| visitor.may(*action));
        let links = links.map(|(to, name, _)| Link { to, name, current: is_here(to) }).collect();
        let stem = if path == "/" { "/index" } else { path };
        let json = if query.is_empty() { format!("{stem}.json") } else { format!("{stem}.json?{query}") };
        let flash = visitor.flash.clone();
        Self {
            site: config.title.clone(),
            contact: config.contact.as_deref().map(Contact::new),
            links,
            visitor: visitor.account.as_ref().map(|account| account.name.clone()),
            undo: flash.as_ref().and_then(|flash| flash.undo.clone()),
            flash: flash.map(|flash| flash.text),
            json,
            here: visitor.address.clone(),
            style: assets::STYLE.address(),
            script: assets::SCRIPT.address(),
            mark: assets::MARK.address(),
            now: visitor.app.now(),
            request: visitor.request.clone(),
            form_key: visitor.form_key().map(str::to_owned),
        }
    }

    /// The hidden field that proves that a form is from here; every form needs it.
    pub(crate) fn form_token(&self) -> String {
        self.form_key.as_deref().map(secret::form_token).unwrap_or_default()
    }
}
