//! Which steps run, for people who watch, and a line for each that is done.

use bootstrap::build::Watch;
use bootstrap::steps::Step;
use bootstrap::store::StepResult;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Tells what happens on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    running: Mutex<Vec<String>>,
}

impl Progress {
    /// For that many steps.
    pub(super) fn new(steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{elapsed:>4} {bar:20} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, running: Mutex::default() }
    }

    /// Ends the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        self.bar.set_message(running.join(", "));
    }
}

impl Watch for Progress {
    fn started(&self, step: &Step) {
        self.change(|running| running.push(step.name.clone()));
    }

    fn finished(&self, step: &Step, result: &StepResult, known: bool) {
        self.change(|running| running.retain(|name| *name != step.name));
        let took = Duration::from_millis(result.milliseconds).as_secs_f64();
        let how = if known { "known".to_owned() } else { format!("{took:.2} s") };
        let line = format!("{:<12} {how:>8}  {}", step.name, step.summary);
        self.bar.suspend(|| crate::exit::note(line));
        self.bar.inc(1);
    }
}
