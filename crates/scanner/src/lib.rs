//! What is installed here, which findings that gives, and the report in the format that was asked for.
//!
//! [`targets`] reads what there is to scan and gives packages, [`suppress`] and [`vex`] read what users say about
//! findings, [`report`] writes the result down. Matching itself is the crate `matching`'s work.

mod cyclonedx;
pub mod fail_on;
pub mod output;
pub mod record;
pub mod report;
pub mod scan;
pub mod suppress;
pub mod targets;
pub mod user_file;
pub mod vex;
mod xml;
mod yaml;
