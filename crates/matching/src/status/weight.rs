//! How much an opinion on a version weighs.

/// How much a statement's opinion weighs. Later ones beat earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It does not decide.
    Nothing,
    /// Everything, or a default without a list.
    Everything,
    /// Other versions are named than this one, or prose.
    Vague,
    /// The version itself is named, or lies inside or outside of ranges with ends, or a default is
    /// given beside a list.
    Precise,
}
