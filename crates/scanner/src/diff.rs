//! What changed between two scans: which findings come, go, change or stay, and why.
//!
//! A side of the comparison is a [`Snapshot`]: of a [`Scan`](crate::Scan) that was just made, or of
//! a report that was stored. [`compare`] is pure.

mod compare;
mod json;
mod snapshot;
mod text;

pub use compare::{Change, Diff, DiffEntry, Open, Reason, compare, retain_news};
pub use json::write as write_json;
pub use snapshot::{Snapshot, SnapshotError};
pub use text::write as write_text;
