//! Time and chance, as values that tests can give.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant, SystemTime};

/// Time and chance.
pub trait Clock: fmt::Debug + Send + Sync {
    /// A time to measure how long something takes.
    fn now(&self) -> Instant;
    /// The time of day, which servers may name.
    fn system_time(&self) -> SystemTime;
    /// Waits.
    fn sleep(&self, time: Duration);
    /// A number from 0 to 1, another one each time.
    fn chance(&self) -> f64;
}

/// The real ones.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn chance(&self) -> f64 {
        // The keys of hash tables are random, and differ each time. That is enough to spread
        // clients out.
        RandomState::new().hash_one(()) as f64 / u64::MAX as f64
    }
}
