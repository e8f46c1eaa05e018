//! What comes out: findings, each with the evidence that led to it.

use crate::text::Text;
use serde::Serialize;
use vulnerability::CveId;
use vulnerability::model::Origin;

/// One package and one vulnerability that may concern it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Index into the packages that were given.
    pub package: usize,
    /// The vulnerability.
    pub cve: CveId,
    /// Whether the package's version is affected.
    pub status: FindingStatus,
    /// How sure identity and status are together.
    pub confidence: Confidence,
    /// The first version above the package's that is not affected, where the record gives it.
    pub fixed_in: Option<Text>,
    /// What led to it, in the order of reasoning: identity, version, corrections.
    pub evidence: Box<[Evidence]>,
}

/// The status of a package with regard to a vulnerability; named as in VEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingStatus {
    /// The version is affected and nothing corrects that.
    Affected,
    /// It is the right software, but the record leaves this version open.
    Unknown,
    /// It would be affected, but a patch or a curated statement says that it is fixed here.
    Fixed,
    /// The version is not affected, or a curated statement says so.
    NotAffected,
}

impl FindingStatus {
    /// All of them, worst first.
    pub const ALL: [Self; 4] = [Self::Affected, Self::Unknown, Self::Fixed, Self::NotAffected];
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A name that fits, and little else.
    Low,
    /// Name and some second sign fit, or the version was read from free text.
    Medium,
    /// Identity is certain, and the version decision rests on a structured range.
    High,
}

/// One step of the reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[non_exhaustive]
pub enum Evidence {
    /// The statement is about this package.
    #[serde(rename_all = "camelCase")]
    Identity {
        /// The statement.
        origin: Origin,
        /// The rule that says so.
        rule: IdentityRule,
        /// What the record says, such as `haxx / curl`.
        stated: Text,
        /// What the package says, such as `curl`.
        package: Text,
    },
    /// Another sign for or against the identity.
    #[serde(rename_all = "camelCase")]
    Sign {
        /// Whether it is a sign for the identity.
        supports: bool,
        /// The sign in words.
        text: String,
    },
    /// What the version ranges of the statement say.
    #[serde(rename_all = "camelCase")]
    Version {
        /// The statement.
        origin: Origin,
        /// The package's version.
        version: Text,
        /// The range as the record has it, or what stands in for one.
        range: String,
        /// The comparisons that decided, such as `8.3.0 >= 7.69.0`.
        comparisons: Vec<String>,
        /// The status that follows.
        status: FindingStatus,
    },
    /// A correction from outside the record.
    #[serde(rename_all = "camelCase")]
    Correction {
        /// Where it comes from: `patch`, `meta.knownVulnerabilities`, `curated`, `vex`, …
        by: CorrectionSource,
        /// In words, such as the patch's file name or the statement's reason.
        text: String,
        /// The status that follows.
        status: FindingStatus,
    },
}

/// The rules by which a statement is taken to be about a package, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IdentityRule {
    /// The curated knowledge maps the record's name to this package.
    Curated,
    /// `meta.identifiers` (or an SBOM) gives the same CPE.
    Cpe,
    /// The same package URL.
    Purl,
    /// The same name in the same package collection.
    Collection,
    /// A distribution's spelling of the name: `python-urllib3`, `golang-github-prometheus-promu`.
    Spelling,
    /// The same source repository.
    Repository,
    /// The same product name, and vendor and homepage agree.
    ProductAndVendor,
    /// The same product name alone.
    Product,
    /// The record names no product, or a repository of advisories, and links to the package's own
    /// repository.
    Reference,
}

/// Where a correction comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CorrectionSource {
    /// A patch of the derivation names the CVE.
    Patch,
    /// `meta.knownVulnerabilities` names the CVE.
    KnownVulnerabilities,
    /// The curated knowledge of the project (or of a file that the user gives).
    Curated,
    /// A VEX document.
    Vex,
}
