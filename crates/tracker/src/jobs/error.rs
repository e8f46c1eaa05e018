//! Why a job did not do its work.

use crate::database::DatabaseError;
use std::error::Error;

/// Why a job ended before its work was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The database says no.
    #[error("the database")]
    Database(#[from] DatabaseError),
    /// Another worker took this one for lost.
    #[error("the lease was lost: another worker may run the job")]
    LeaseLost,
    /// It was asked to stop. What it has written stays, and it goes on next time.
    #[error("it was asked to stop")]
    Stopped,
    /// What it needs cannot be had, or is not what it should be.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

impl JobError {
    /// An error of the job's own.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}
