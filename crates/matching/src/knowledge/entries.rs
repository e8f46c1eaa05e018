//! The entries of knowledge files.

use crate::finding::FindingStatus;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::BTreeMap;
use vulnerability::CveId;

/// One file of curated knowledge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct File {
    pub(super) software: Vec<Software>,
    pub(super) family: Vec<Family>,
    pub(super) never: Vec<Never>,
    pub(super) statement: Vec<CuratedStatement>,
    pub(super) version: Vec<VersionNote>,
    pub(super) support: Vec<Support>,
    pub(super) vendor: Vec<Vendor>,
    pub(super) generic_names: Vec<String>,
    pub(super) distributions: Vec<String>,
}

/// Which names in records mean which packages. A record that uses one of the product names under a
/// vendor that is not listed is about other software.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Software {
    /// The packages, by pname in any case; `*` at the end stands for any rest. A package of a
    /// language's set is written with the set and its bare name, such as `python:django`.
    pub(crate) packages: Vec<String>,
    /// Product names in records, in any spelling.
    pub(crate) products: Vec<String>,
    /// Vendors in records, in any spelling. Empty: any vendor, because the product name is
    /// unmistakable.
    #[serde(default)]
    pub(crate) vendors: Vec<String>,
    /// The software's source repositories, for records that name only the maker's place for
    /// advisories.
    #[serde(default)]
    pub(crate) repositories: Vec<String>,
    /// Only packages whose version begins with this text, such as `1.`.
    #[serde(default)]
    pub(crate) version_begins: String,
    /// Only packages whose version contains this text, such as `esr`.
    #[serde(default)]
    pub(crate) version_contains: String,
    /// Only packages whose version does not contain this text.
    #[serde(default)]
    pub(crate) version_lacks: String,
    /// Why, if it is not obvious.
    #[serde(default, rename = "reason")]
    _reason: String,
}

impl Software {
    /// Whether the entry is about packages of this version.
    pub(crate) fn fits_version(&self, version: &str) -> bool {
        version.starts_with(&self.version_begins)
            && (self.version_contains.is_empty() || version.contains(&self.version_contains))
            && (self.version_lacks.is_empty() || !version.contains(&self.version_lacks))
    }
}

/// Packages that records call by one name: which of them is meant, only the text says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Family {
    /// Product names in records, in any spelling.
    pub(crate) products: Vec<String>,
    /// The packages.
    pub(crate) members: Vec<Member>,
    /// Why.
    #[serde(rename = "reason")]
    _reason: String,
}

/// Some packages of a family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Member {
    /// The packages, by pname, as in [`Software`].
    pub(crate) packages: Vec<String>,
    /// Words (lower case) that a title or description has when these packages are meant.
    pub(crate) words: Vec<String>,
}

/// A combination that never matches. All parts that are given must fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Never {
    /// The packages, by pname, as in [`Software`].
    pub(crate) packages: Vec<String>,
    /// One CVE.
    pub(crate) cve: Option<CveId>,
    /// Product names.
    #[serde(default)]
    pub(crate) products: Vec<String>,
    /// Vendors.
    #[serde(default)]
    pub(crate) vendors: Vec<String>,
    /// Only packages whose version contains this text, such as `cudnn`.
    #[serde(default)]
    pub(crate) version_contains: String,
    /// Why.
    #[serde(rename = "reason")]
    _reason: String,
}

impl Never {
    /// Whether it forbids its packages to match this CVE and these names, which are squashed.
    pub(crate) fn covers<'n>(
        &self,
        cve: CveId,
        mut products: impl Iterator<Item = &'n String>,
        vendors: &[String],
    ) -> bool {
        self.cve.is_none_or(|c| c == cve)
            && (self.products.is_empty() || products.any(|p| self.products.contains(p)))
            && (self.vendors.is_empty() || self.vendors.iter().any(|v| vendors.contains(v)))
    }
}

/// A statement about one CVE and some packages, such as "not affected: built without the feature".
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CuratedStatement {
    /// The CVE.
    pub(crate) cve: CveId,
    /// The packages, by pname, as in [`Software`].
    pub(crate) packages: Vec<String>,
    /// The versions, as a range such as `>= 1.0, < 1.4.2`; empty means all.
    #[serde(default)]
    pub(crate) versions: String,
    /// What is true.
    pub(crate) status: CuratedStatus,
    /// Why.
    pub(crate) reason: String,
}

/// Statuses that may be curated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CuratedStatus {
    /// Affected.
    Affected,
    /// Not affected.
    NotAffected,
    /// Fixed, for instance by a backport.
    Fixed,
}

impl From<CuratedStatus> for FindingStatus {
    fn from(status: CuratedStatus) -> Self {
        match status {
            CuratedStatus::Affected => Self::Affected,
            CuratedStatus::NotAffected => Self::NotAffected,
            CuratedStatus::Fixed => Self::Fixed,
        }
    }
}

/// How a package's version relates to the versions in records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct VersionNote {
    /// The packages, by exact pname.
    pub(crate) packages: Vec<String>,
    /// Text to take away at the start.
    #[serde(default)]
    pub(crate) strip_prefix: String,
    /// Characters after which the rest is nixpkgs' own, such as `-` in glibc's `2.26-131`; empty
    /// means none.
    #[serde(default)]
    pub(crate) cut_at: String,
    /// Replacements from left to right, such as `_` by `.`.
    #[serde(default)]
    pub(crate) replace: Vec<(String, String)>,
    /// Releases that came before the first version in the present scheme sort before everything:
    /// their pattern is "no dot inside".
    #[serde(default)]
    pub(crate) undotted_is_older: bool,
    /// Versions of a kit by what it holds: the third number is a band of a hundred releases. For
    /// each band, such as `8.0.3` of 8.0.300 to 8.0.399, pairs of a release's number in it and the
    /// third number of what is inside, from which both count on until the next pair.
    #[serde(default)]
    pub(super) bands: BTreeMap<String, Vec<(u32, u32)>>,
    /// Java's numbering: `8u202-b08`, `1.8.0_202` and `8.0.202` are update 202 of release 8.
    #[serde(default)]
    pub(crate) java: bool,
    /// Why.
    #[serde(rename = "reason")]
    _reason: String,
}

impl VersionNote {
    /// The version of what is inside of this release, if its band is known.
    pub(super) fn inside(&self, version: &str) -> Option<String> {
        let (line, release) = version.rsplit_once('.')?;
        let release: u32 = release.parse().ok()?;
        let steps = self.bands.get(&format!("{line}.{}", release / 100))?;
        let number = release % 100;
        let (from, inside) = steps.iter().rfind(|(from, _)| *from <= number).or_else(|| steps.first())?;
        Some(format!("{line}.{}", inside.saturating_add(number.saturating_sub(*from))))
    }
}

/// Until when a maker looked after a line of releases. Records that name only supported lines say
/// nothing of it later.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Support {
    /// The packages, by pname, as in [`Software`].
    pub(crate) packages: Vec<String>,
    /// The line: the versions that are this text or begin with it and a dot.
    pub(crate) line: String,
    /// The last day of support.
    #[serde(deserialize_with = "day")]
    pub(crate) until: Date,
    /// Where that is written.
    #[serde(rename = "source")]
    _source: String,
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
    date.ok_or_else(|| D::Error::custom("`until` must be a day, as `2023-10-31`"))
}

/// A vendor whose records are written by a convention of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Vendor {
    /// What reports call the vendor.
    pub(crate) name: String,
    /// What records call it, in any spelling; `*` at the end stands for any rest.
    pub(crate) spellings: Vec<String>,
    /// The titles and descriptions of its records name no other system, no part for a language and
    /// no add-on: they need not be read for those.
    #[serde(default)]
    pub(crate) texts_limit_nothing: bool,
    /// A range with only an upper end is the last affected release of its line, not of all lines
    /// before.
    #[serde(default)]
    pub(crate) one_range_a_line: bool,
    /// All of its products but these, in any spelling; `*` at the end stands for any rest.
    #[serde(default)]
    pub(crate) products_without: Vec<String>,
    /// Why.
    #[serde(rename = "reason")]
    _reason: String,
}
