//! The sections, one file each.

mod bootstrap;
mod pe;
mod quality;
mod scan;
mod update;
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
    Section { name: "update", what: "importing records", run: update::run },
    Section { name: "scan", what: "a closure and a whole evaluation against all records", run: scan::run },
    Section { name: "quality", what: "precision and recall on pairs labelled by reading", run: quality::run },
    Section { name: "pe", what: "digests, signing and verifying of EFI programs", run: pe::run },
    Section { name: "bootstrap", what: "from the seed to tcc", run: bootstrap::run },
    Section { name: "vulnix", what: "the same derivations and records as vulnix", run: vulnix::run },
];
