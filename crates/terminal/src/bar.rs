//! Progress on standard error.

use crate::{Progress, Unit, clean, stderr};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A bar with the remaining time on standard error, if that is a terminal. Messages are printed in
/// any case.
#[derive(Debug, Default)]
pub struct Bar {
    current: Mutex<Option<ProgressBar>>,
    records: Arc<AtomicU64>,
    hidden: bool,
}

impl Bar {
    /// Only messages, and no bar on any terminal.
    pub fn hidden() -> Self {
        Self { hidden: true, ..Self::default() }
    }

    fn current(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bar {
    fn start(&self, task: &str, total: Option<u64>, unit: Unit) {
        if self.hidden {
            return;
        }
        self.records.store(0, Ordering::Relaxed);
        let records = Arc::clone(&self.records);
        let show = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let count = records.load(Ordering::Relaxed);
            let seconds = state.elapsed().as_secs_f64();
            if count > 0 && seconds > 0.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rate for people"
                )]
                let rate = (count as f64 / seconds) as u64;
                // What is shown is not worth an error.
                let _ = write!(out, "{} records, {}/s", HumanCount(count), HumanCount(rate));
            }
        };
        let template = match (total, unit) {
            (Some(_), Unit::Bytes) => "{msg} {wide_bar} {percent}% {records} {eta} left",
            (Some(_), Unit::Items) => "{msg} {wide_bar} {pos}/{len} {records} {eta} left",
            (None, Unit::Bytes) => "{msg} {spinner} {bytes} {records} {elapsed}",
            (None, Unit::Items) => "{msg} {spinner} {pos} {records} {elapsed}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        bar.set_style(style.with_key("records", show));
        // The end of a path or URL says enough.
        bar.set_message(clean(task.rsplit('/').next().unwrap_or(task)));
        bar.enable_steady_tick(Duration::from_millis(100));
        if let Some(old) = self.current().replace(bar) {
            old.finish_and_clear();
        }
    }

    fn advance(&self, amount: u64) {
        if let Some(bar) = &*self.current() {
            bar.inc(amount);
        }
    }

    fn records(&self, count: u64) {
        self.records.fetch_add(count, Ordering::Relaxed);
    }

    fn status(&self, text: &str) {
        if let Some(bar) = &*self.current() {
            bar.set_message(clean(text));
        }
    }

    fn message(&self, text: &str) {
        let print = || {
            // There is nowhere to say that nothing can be said.
            let _ = writeln!(stderr(), "{}", clean(text));
        };
        match &*self.current() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.current().take() {
            bar.finish_and_clear();
        }
    }
}
