//! One run of a scan.

use crate::threads::available_threads;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use matching::FindingStatus;
use std::num::NonZero;

/// One run of a scan: what differs from another run over the same things.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// When it is.
    pub time: Timestamp,
    /// Which day it is for whoever runs it: a rule counts until that day has ended.
    pub today: Date,
    /// Its identity: a random UUID (version 4) in lower case.
    pub id: String,
    /// Only findings of these statuses are reported with their evidence and vulnerabilities; the
    /// others are only counted.
    pub reported: Vec<FindingStatus>,
    /// How many threads may load and match records.
    pub threads: NonZero<usize>,
}

impl Run {
    /// A run that reports everything, on all processors, where the day is that of UTC.
    pub fn new(time: Timestamp, id: String) -> Self {
        let today = TimeZone::UTC.to_datetime(time).date();
        Self { time, today, id, reported: FindingStatus::ALL.to_vec(), threads: available_threads() }
    }
}
