//! What is matched: packages, from whatever source they are known.

use crate::text::Text;
use serde::{Deserialize, Serialize};
use vulnerability::Stated;
use vulnerability::cpe::Cpe;
use vulnerability::purl::Purl;

/// A package as far as it is known. Only `name`, `pname` and `version` are always there; the more
/// of the rest, the surer the findings. Made as `Package { pname, version, ..Package::default() }`,
/// since it may get more fields.
///
/// Store paths are texts: matching only compares them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Package {
    /// The derivation name, such as `python3.11-requests-2.31.0`.
    pub name: Text,
    /// The name without its version.
    pub pname: Text,
    /// The version; empty if the name has none.
    pub version: Text,
    /// The attribute path in nixpkgs, such as `python3Packages.requests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<Text>,
    /// The system it is built for, such as `x86_64-linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text>,
    /// Store paths of its outputs, as far as they are part of the target.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub store_paths: Vec<Text>,
    /// Store path of its derivation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Text>,
    /// `meta.homepage`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub homepages: Vec<Text>,
    /// URLs of its sources (`src` of the derivation).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_urls: Vec<Text>,
    /// `meta.description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// `meta.position`, such as `pkgs/tools/networking/curl/default.nix:94`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Text>,
    /// File names of its patches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Text>,
    /// `meta.knownVulnerabilities`: texts, often with CVE identifiers inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_vulnerabilities: Vec<Text>,
    /// CPE names from `meta.identifiers` or an SBOM; texts that are none are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<Stated<Cpe>>,
    /// Package URLs from `meta.identifiers` or an SBOM; texts that are none are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<Stated<Purl>>,
    /// Links to the components of SBOMs that it was read from: `urn:cdx:SERIAL/VERSION#REF`, the
    /// serial number in lower case and the reference unescaped. Only VEX documents name them.
    #[serde(skip)]
    pub bom_links: Vec<Text>,
}

impl Package {
    /// Whether something is known of it that only Nix's packages have.
    pub(crate) fn is_of_nix(&self) -> bool {
        !self.store_paths.is_empty() || self.derivation.is_some() || self.attribute.is_some()
    }
}
