//! Measuring other programs and parts of our own.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{debian, process};

/// What one run of a program took.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// From start to end, as a person waits.
    pub(super) wall: Duration,
    /// Largest resident memory, in bytes.
    pub(super) memory: u64,
    /// Standard output.
    pub(super) output: Vec<u8>,
}

/// Runs a program `times` times as a new process each and gives the run with the least wall time (the others were
/// disturbed by something), with the largest memory of all.
///
/// Memory comes from GNU time: the kernel counts what a process had before `exec` too, so a large parent such as this
/// program would measure itself.
///
/// # Errors
/// When the program cannot be started or ends with a status that `accept` refuses.
pub(super) fn program(
    make: impl Fn() -> Command,
    times: usize,
    accept: impl Fn(i32) -> bool,
) -> anyhow::Result<Run> {
    debian::install("bench", &["time"])?;
    let report = tempfile::NamedTempFile::new()?;
    let mut best: Option<Run> = None;
    for _ in 0..times.max(1) {
        let inner = make();
        let shown = process::display(&inner);
        let mut command = Command::new("/usr/bin/time");
        command.args(["--quiet", "--format=%M", "--output"]).arg(report.path());
        command.arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = inner.get_current_dir() {
            command.current_dir(folder);
        }
        let started = Instant::now();
        let output =
            command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{shown}`"))?;
        let wall = started.elapsed();
        if !output.status.code().is_some_and(&accept) {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("`{shown}` ended with {}:\n{}", output.status, error.trim_end());
        }
        let text = std::fs::read_to_string(report.path())?;
        let kib: u64 = text.trim().parse().with_context(|| format!("GNU time printed {text:?}"))?;
        let memory = (kib * 1024).max(best.as_ref().map_or(0, |run| run.memory));
        let run = Run { wall, memory, output: output.stdout };
        best = Some(match best {
            Some(earlier) if earlier.wall <= run.wall => Run { memory, ..earlier },
            _ => run,
        });
    }
    best.context("nothing was measured")
}

/// Calls a function `times` times and gives its last value with the least wall time.
pub(super) fn function<T>(times: usize, mut call: impl FnMut() -> T) -> (T, Duration) {
    let mut started = Instant::now();
    let mut value = black_box(call());
    let mut least = started.elapsed();
    for _ in 1..times {
        started = Instant::now();
        value = black_box(call());
        least = least.min(started.elapsed());
    }
    (value, least)
}
