//! How libraries report how far they are.

/// Whoever shows how far the work is. Calls may come from several threads. What is not overridden
/// is not shown.
pub trait Progress: Sync {
    /// A task begins. `total` is the sum of what [`advance`](Self::advance) will be given, if it is
    /// known.
    fn start(&self, _task: &str, _total: Option<u64>, _unit: Unit) {}
    /// So much more of the task is done, in its unit.
    fn advance(&self, _amount: u64) {}
    /// So many more records were found in what the task reads.
    fn records(&self, _count: u64) {}
    /// What is being done at present, in place of what was said of it before.
    fn status(&self, _text: &str) {}
    /// Something to be read also when the task is done.
    fn message(&self, _text: &str) {}
    /// The task is done, or has failed.
    fn finish(&self) {}
}

/// What a task is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes that are read, or received.
    Bytes,
    /// Things that are done one by one: records that are checked, steps that are built.
    Items,
}

/// Shows nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {}
