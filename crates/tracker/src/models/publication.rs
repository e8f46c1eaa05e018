//! What is published of an advisory, as documents for programs and people.
//!
//! All of them are pure functions of one value, [`Published`], which holds what everybody may see:
//! the newest revision, never a draft. Texts in it are outside text, and each document cleans what
//! it takes.

pub mod atom;
pub mod csaf;
pub mod cyclonedx;
pub mod load;
pub mod openpgp;
pub mod openvex;
pub mod osv;
pub mod plain;
pub mod purl;
pub mod statement;
pub mod text;

use crate::models::advisory::Code;
use crate::models::advisory::content::Link;
use crate::models::advisory::status::{Justification, Ranges, Status};
use jiff::Timestamp;
use vulnerability::CveId;
use vulnerability::model::Level;

/// Who publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// What the site calls itself.
    pub name: String,
    /// How it is reached, without a slash at the end.
    pub url: String,
    /// Who may be asked.
    pub contact: Option<String>,
}

impl Publisher {
    /// The page of an advisory.
    pub fn page(&self, code: &Code) -> String {
        format!("{}/advisories/{code}", self.url)
    }
}

/// An advisory, as far as it is for everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Who publishes it.
    pub publisher: Publisher,
    /// What it is called.
    pub code: Code,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// How severe it is.
    pub level: Option<Level>,
    /// The vulnerabilities, each once.
    pub cves: Vec<Cve>,
    /// What to read.
    pub links: Vec<Link>,
    /// The packages that it concerns.
    pub packages: Vec<Package>,
    /// What changed, and when: the oldest first, at least its first publication.
    pub changes: Vec<Change>,
    /// When it was taken back.
    pub withdrawn: Option<Timestamp>,
}

/// A vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cve {
    /// Its name.
    pub id: CveId,
    /// Its title, where the record has one.
    pub title: Option<String>,
    /// A CVSS vector.
    pub vector: Option<String>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is called.
    pub name: String,
    /// Versions that are affected.
    pub ranges: Ranges,
    /// Affected versions that some channel has or had, without those that a patch fixes.
    pub versions: Vec<String>,
    /// How it stands in each channel.
    pub channels: Vec<InChannel>,
}

/// A package in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InChannel {
    /// The channel.
    pub channel: String,
    /// How the package stands, as the worst of its versions does.
    pub status: Status,
    /// VEX's reason, where it is not affected.
    pub justification: Option<Justification>,
    /// Why, for people.
    pub why: String,
    /// What the channel has of it, and how each stands.
    pub builds: Vec<Build>,
}

/// One version of a package in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The attribute.
    pub attribute: String,
    /// The name without the version.
    pub pname: String,
    /// The version.
    pub version: String,
    /// How it stands.
    pub status: Status,
    /// VEX's reason, where it is not affected.
    pub justification: Option<Justification>,
    /// Why, for people.
    pub why: String,
}

/// Something that changed in what is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The revision, from 1.
    pub revision: i64,
    /// How many times the status in a channel had changed since the revision: 0 is the revision
    /// itself.
    pub minor: u32,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub summary: String,
}

impl Change {
    /// The version of the document that it brought (Semantic Versioning).
    pub fn version(&self) -> String {
        format!("{}.{}.0", self.revision, self.minor)
    }
}

impl Published {
    /// When it was first published.
    pub fn published_at(&self) -> Timestamp {
        self.changes.first().map_or(Timestamp::UNIX_EPOCH, |change| change.at)
    }

    /// When anything of it last changed.
    pub fn changed_at(&self) -> Timestamp {
        self.changes.last().map_or(Timestamp::UNIX_EPOCH, |change| change.at)
    }

    /// Its title, as it can be shown.
    fn clean_title(&self) -> String {
        text::line(&self.title).unwrap_or_else(|| self.code.to_string())
    }

    /// What it says, as it can be shown.
    fn clean_body(&self) -> Option<String> {
        Some(text::prose(&self.body)).filter(|body| !body.is_empty())
    }
}

/// What is common to all JSON documents: readable, with a line end.
pub fn to_text(document: &serde_json::Value) -> String {
    // Values have texts as keys, and no failing parts.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_else(|error| unreachable!("{error}"));
    text.push('\n');
    text
}
