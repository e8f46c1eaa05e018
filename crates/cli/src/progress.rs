//! How far the work is, for people who watch: nothing is shown where nobody does.

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vulnerability_db::ingest::Progress;

/// A bar with rate and remaining time on standard error, if that is a terminal.
#[derive(Debug, Default)]
pub(crate) struct Bar {
    current: Mutex<Option<ProgressBar>>,
    records: Arc<AtomicU64>,
}

impl Bar {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bar {
    fn start(&self, what: &str, total: Option<u64>) {
        self.records.store(0, Ordering::Relaxed);
        let records = Arc::clone(&self.records);
        let show = move |state: &ProgressState, out: &mut dyn Write| {
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
        let template = match total {
            Some(_) => "{msg} {wide_bar} {percent}% {records} {eta} left",
            None => "{msg} {spinner} {bytes} {records} {elapsed}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        bar.set_style(style.with_key("records", show));
        bar.set_message(what.rsplit('/').next().unwrap_or(what).to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.current() = Some(bar);
    }

    fn advance(&self, bytes: u64, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        if let Some(bar) = &*self.current() {
            bar.inc(bytes);
        }
    }

    fn message(&self, text: &str) {
        match &*self.current() {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{text}")),
            None => anstream::eprintln!("{text}"),
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.current().take() {
            bar.finish_and_clear();
        }
    }
}
