//! The kinds of cases.

mod certificates;
mod images;
mod known;
mod revocations;
mod signatures;
mod tables;

use crate::case::{Case, World};

/// All cases, always the same.
pub(crate) fn all(world: &World<'_>) -> Vec<Case> {
    let mut cases = signatures::cases(world);
    cases.extend(tables::cases(world));
    cases.extend(certificates::cases(world));
    cases.extend(revocations::cases(world));
    cases.extend(images::cases(world));
    cases.extend(known::cases());
    cases
}
