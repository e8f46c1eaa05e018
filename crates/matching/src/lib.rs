//! Pure functions from (packages, vulnerabilities, curated knowledge) to findings.
//!
//! The flow of data: [`Package::keys`](package::Package) names under which a package may be known, the caller loads the
//! vulnerabilities that speak of any of these names, and [`find`] joins the two, decides identity, then
//! status, then applies corrections (patches, curated statements, VEX). Every [`Finding`] carries the [`Evidence`] for
//! each of these steps. Nothing here reads a file or asks the network.

mod alike;
pub mod context;
pub mod corrections;
pub mod explain;
pub mod find;
pub mod finding;
pub mod identity;
pub mod knowledge;
pub mod owners;
pub mod package;
mod prose;
pub mod set;
pub mod status;
pub mod vex;

pub use explain::explain;
pub use find::{Matcher, find};
pub use finding::{Confidence, Evidence, Finding, FindingStatus};
pub use knowledge::Knowledge;
pub use package::Package;
