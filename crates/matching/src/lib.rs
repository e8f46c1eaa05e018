//! Pure functions from (packages, vulnerabilities, curated knowledge) to findings.
//!
//! The flow of data: [`Matcher::new`] derives the names under which records may know the packages,
//! the caller loads the vulnerabilities that use any of these [names](Matcher::names), and
//! [`Matcher::find`] joins the two: it decides identity, then status, then applies corrections
//! (patches, curated statements, VEX). Every [`Finding`] carries the [`Evidence`] for each of these
//! steps. [`find()`] does all of it at once. Nothing here reads a file, uses the network, or starts
//! a thread that the caller did not grant.

mod corrections;
mod equivalence;
mod explain;
mod facts;
mod find;
mod finding;
mod findings;
mod identity;
mod knowledge;
mod package;
mod prose;
mod set;
mod status;
mod text;
mod vex;
mod vocabulary;

pub use explain::explain;
pub use find::{Matcher, find};
pub use finding::{Confidence, CorrectionSource, Evidence, Finding, FindingStatus, IdentityRule};
pub use findings::{FindingGroup, Findings};
pub use knowledge::{Knowledge, KnowledgeError, TomlProblem};
pub use package::Package;
pub use text::{Text, Texts};
pub use vex::{VexProduct, VexStatement};
