//! The sections, one file each.

mod quality;
mod vulnix;

use super::table::Table;

/// One section.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) run: fn() -> anyhow::Result<Vec<Table>>,
}

/// All sections, in the order in which they run.
pub(super) const ALL: &[Section] = &[
    Section { name: "quality", what: "precision and recall on pairs labelled by hand", run: quality::run },
    Section { name: "vulnix", what: "the same derivations and records as vulnix", run: vulnix::run },
];
