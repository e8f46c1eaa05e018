//! Doing something with each of many files.

use crate::exit;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// Does something with each file. One that fails is reported, and the rest goes on.
pub(crate) fn each(
    paths: &[PathBuf],
    mut act: impl FnMut(&Path) -> anyhow::Result<()>,
) -> Result<ExitCode, exit::Failure> {
    let mut failed = false;
    for path in paths {
        if let Err(error) = act(path) {
            exit::report(&error);
            failed = true;
        }
    }
    if failed { Err(exit::Failure::reported()) } else { Ok(ExitCode::SUCCESS) }
}

/// The same with several files at a time, one a processor, and a bar on a terminal.
pub(crate) fn each_at_once(
    paths: &[PathBuf],
    act: impl Fn(&Path) -> anyhow::Result<()> + Sync,
) -> Result<ExitCode, exit::Failure> {
    let shown = paths.len() > 1 && !exit::is_quiet();
    let bar = if shown { ProgressBar::new(paths.len() as u64) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} files, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = act(path) {
                bar.suspend(|| exit::report(&error));
                failed.store(true, Ordering::Relaxed);
            }
            bar.inc(1);
        }
    };
    let processors = available_parallelism().map_or(1, usize::from).min(paths.len());
    std::thread::scope(|scope| {
        for _ in 1..processors {
            scope.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    if failed.into_inner() { Err(exit::Failure::reported()) } else { Ok(ExitCode::SUCCESS) }
}

/// Digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
