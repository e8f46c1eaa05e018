//! Statements of others on whether a product is affected (VEX), in the form that matching needs.
//! Reading the document formats is the scanner's work.

use crate::finding::FindingStatus;
use crate::package::Package;
use serde::{Deserialize, Serialize};
use vulnerability::CveId;

/// One VEX statement on one vulnerability and some products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexStatement {
    /// The vulnerability.
    pub cve: CveId,
    /// The products; empty means every package of the target.
    pub products: Vec<VexProduct>,
    /// The status it gives.
    pub status: FindingStatus,
    /// The reason that the document gives: justification and impact statement.
    pub reason: String,
    /// The document and the place in it, such as `vex.json, statements[3]`.
    pub origin: String,
}

/// How a VEX document names a product. All parts that are given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VexProduct {
    /// The package's pname.
    pub pname: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// A store path (full, or its base name).
    pub store_path: Option<String>,
}

impl VexProduct {
    /// Whether it names this package. A product without any part names nothing.
    pub fn names(&self, package: &Package) -> bool {
        let base = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
        let some = self.pname.is_some() || self.store_path.is_some();
        some && self.pname.as_deref().is_none_or(|p| p == package.pname)
            && self.version.as_deref().is_none_or(|v| v == package.version)
            && self
                .store_path
                .as_deref()
                .is_none_or(|p| package.store_paths.iter().any(|s| base(s) == base(p)))
    }
}
