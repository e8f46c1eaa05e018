//! The job "advisories": publishes what is due, and computes the status in each channel anew where
//! a channel or a branch behind it has moved.

use super::{Job, JobContext, JobError};
use crate::models::advisory::{edit, recompute};
use crate::models::channel::{self, Head};
use crate::models::job::Schedule;
use jiff::SignedDuration;

/// The job.
#[derive(Debug)]
pub(super) struct Advisories;

impl Job for Advisories {
    fn name(&self) -> &'static str {
        "advisories"
    }

    fn about(&self) -> &'static str {
        "publishes what is due, and computes the status in each channel"
    }

    fn schedule(&self) -> Schedule {
        Schedule::every(SignedDuration::from_mins(1))
    }

    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError> {
        let at = context.now();
        let last: Vec<Head> = context.cursor().unwrap_or_default();
        context.write(|transaction, saving| {
            let published = edit::publish_due(transaction, at)?;
            saving.count("published", published.len() as u64);
            let heads = channel::heads(transaction, true)?;
            if heads != last {
                saving.count("statuses changed", recompute::all(transaction, at)?);
                saving.save(transaction, &heads)?;
            }
            Ok(())
        })
    }
}
