//! What a provider of CSAF documents offers beside them (section 7): its metadata, the list of all
//! documents and that of changes.

use super::super::text::{line, time};
use super::super::{Publisher, to_text};
use super::{file_name, publisher};
use crate::models::advisory::Code;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

/// Where the metadata are, below the site's address.
pub const METADATA: &str = "/.well-known/csaf/provider-metadata.json";
/// Where the key is, below the site's address.
pub const KEY: &str = "/.well-known/csaf/openpgp.asc";
/// Where the documents are, below the site's address: all of them are for everybody.
pub const FOLDER: &str = "/.well-known/csaf/white";

/// Where the documents are.
pub fn folder(publisher: &Publisher) -> String {
    format!("{}{FOLDER}", publisher.url)
}

/// The folder of a document, by its first publication.
pub fn year(first: Timestamp) -> String {
    format!("{:04}", TimeZone::UTC.to_datetime(first).year())
}

/// A key that signs documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// In hexadecimal.
    pub fingerprint: String,
    /// Where it can be fetched.
    pub url: String,
}

/// The provider's metadata. With a key it is a trusted provider.
pub fn metadata(of: &Publisher, updated: Timestamp, key: Option<&SigningKey>) -> String {
    let keys: Vec<_> =
        key.iter().map(|key| json!({ "fingerprint": key.fingerprint, "url": key.url })).collect();
    to_text(&json!({
        "canonical_url": format!("{}{METADATA}", of.url),
        "distributions": [{ "directory_url": format!("{}/", folder(of)) }],
        "last_updated": time(updated),
        "list_on_CSAF_aggregators": true,
        "metadata_version": "2.0",
        "mirror_on_CSAF_aggregators": true,
        "public_openpgp_keys": keys,
        "publisher": publisher(of),
        "role": if key.is_some() { "csaf_trusted_provider" } else { "csaf_provider" },
    }))
}

/// A document, as the lists name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The advisory.
    pub code: Code,
    /// When it was first published.
    pub first: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

impl Listed {
    /// Below the folder.
    pub fn path(&self) -> String {
        format!("{}/{}", year(self.first), file_name(&self.code))
    }
}

/// `index.txt`: all documents.
pub fn index(listed: &[Listed]) -> String {
    listed.iter().map(|one| one.path() + "\n").collect()
}

/// `changes.csv`: all documents with the time of their last change, the newest first.
pub fn changes(listed: &[Listed]) -> String {
    let mut listed: Vec<_> = listed.iter().collect();
    listed.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.code.cmp(&b.code)));
    let lines = listed.into_iter().map(|one| format!("\"{}\",\"{}\"", one.path(), time(one.changed)));
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// A line as `sha256sum` writes it.
pub fn digest_line(digest: &[u8], file: &str) -> String {
    format!("{}  {}\n", crate::hex::encode(digest), line(file).unwrap_or_default())
}
