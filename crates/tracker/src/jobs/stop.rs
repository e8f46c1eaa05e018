//! A wish to stop, which threads wait for while they wait for something else.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A wish to stop. A clone is another handle of the same one.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks everybody to stop.
    pub fn ask(&self) {
        *self.state() = true;
        self.0.1.notify_all();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        *self.state()
    }

    /// Waits for so long, or until somebody asks; says whether somebody did.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.state();
        while !*state {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        // A bool cannot be half written.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
