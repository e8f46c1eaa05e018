//! What a job is given to run with.

use super::{JobError, Stop};
use crate::app::App;
use crate::database::Transaction;
use crate::models::job::{self, Claim, Counts};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a job runs with: the service, the lease, the wish to stop, and what it counts.
#[derive(Debug)]
pub struct JobContext<'c> {
    app: &'c App,
    claim: &'c Claim,
    /// Asked when the worker stops, or when the lease was lost.
    stop: &'c Stop,
    lost: &'c Stop,
    counts: Counts,
}

impl<'c> JobContext<'c> {
    pub(super) fn new(app: &'c App, claim: &'c Claim, stop: &'c Stop, lost: &'c Stop) -> Self {
        Self { app, claim, stop, lost, counts: Counts::new() }
    }

    /// The service.
    pub fn app(&self) -> &'c App {
        self.app
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// Where the job goes on: what the last `Saving::save` noted.
    pub fn cursor<T: DeserializeOwned>(&self) -> Option<T> {
        self.claim.cursor.clone().and_then(|cursor| serde_json::from_value(cursor).ok())
    }

    /// An error if the job is to stop. It is asked for wherever the job may end.
    ///
    /// # Errors
    /// [`JobError::Stopped`], [`JobError::LeaseLost`].
    pub fn go_on(&self) -> Result<(), JobError> {
        if self.lost.is_asked() {
            Err(JobError::LeaseLost)
        } else if self.stop.is_asked() {
            Err(JobError::Stopped)
        } else {
            Ok(())
        }
    }

    /// Counts something.
    pub fn count(&mut self, name: &str, number: u64) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let counted = self.counts.entry(name.to_owned()).or_default();
        *counted = counted.saturating_add(number);
    }

    /// What was counted.
    pub(super) fn into_counts(self) -> Counts {
        self.counts
    }

    /// Writes, if the lease holds, and renews it. All that `work` wrote is there when it succeeds,
    /// nothing when it fails.
    ///
    /// # Errors
    /// [`JobError::LeaseLost`]; those of `work` and of the database.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>, &mut Saving<'_>) -> Result<T, JobError>,
    ) -> Result<T, JobError> {
        let (claim, now) = (self.claim, self.now());
        let mut saving = Saving { claim, counts: self.counts.clone() };
        let result = self.app.database.write(|transaction| {
            if !job::renew(transaction, claim, now)? {
                return Err(JobError::LeaseLost);
            }
            work(transaction, &mut saving)
        })?;
        // What a transaction counted counts only once it is there.
        self.counts = saving.counts;
        Ok(result)
    }
}

/// What a job notes in a transaction of its work.
#[derive(Debug)]
pub struct Saving<'s> {
    claim: &'s Claim,
    counts: Counts,
}

impl Saving<'_> {
    /// Counts something that this transaction does.
    pub fn count(&mut self, name: &str, number: u64) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let counted = self.counts.entry(name.to_owned()).or_default();
        *counted = counted.saturating_add(number);
    }

    /// Notes where the job goes on once this transaction is there.
    ///
    /// # Errors
    /// Those of the database, and where the cursor is no JSON.
    pub fn save(
        &mut self,
        transaction: &mut Transaction<'_>,
        cursor: &impl Serialize,
    ) -> Result<(), JobError> {
        let cursor = serde_json::to_value(cursor).map_err(JobError::other)?;
        Ok(job::save(transaction, self.claim, &cursor, &self.counts)?)
    }
}
