//! What is installed here, which findings that gives, and the report in the format that was asked
//! for.
//!
//! [`targets`] reads what there is to scan and gives packages, [`suppress`] and [`vex`] read what
//! users say about findings, [`scan()`] makes the [`Scan`] of it, and [`report`] writes that down.
//! Matching itself is the work of the crate `matching`.

mod aliases;
pub mod diff;
mod document;
mod fail_on;
pub mod report;
mod result;
mod run;
mod scan;
pub mod suppress;
pub mod targets;
mod threads;
mod unknown_name;
mod user_file;
pub mod vex;

pub use aliases::{cve_of_advisory, is_advisory};
pub use document::{DocumentError, FieldProblem, LineError, XmlError, YamlError};
pub use fail_on::{Counted, FailOn, Lacks};
pub use result::{Action, FindingEntry, Records, Scan, ScannedTarget, Summary};
pub use run::Run;
pub use scan::{Policy, ScanError, Target, scan};
pub use threads::{available_threads, parallel};
pub use unknown_name::UnknownName;
pub use user_file::{UserFileError, knowledge, suppression_rules, vex_statements};
