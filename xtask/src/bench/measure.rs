//! Measuring other programs and parts of our own.

use crate::{debian, process};
use anyhow::{Context, bail};
use std::hint::black_box;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

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

/// Runs a program `times` times as a new process each and gives the run with the least wall time
/// (the others were disturbed by something), with the largest memory of all.
///
/// Memory comes from GNU time: the kernel counts what a process had before `exec` too, so a large
/// parent such as this program would measure itself.
///
/// # Errors
/// When the program cannot be started or ends with a status that `accept` refuses.
pub(super) fn program(
    make: impl Fn() -> anyhow::Result<Command>,
    times: usize,
    accept: impl Fn(i32) -> bool,
) -> anyhow::Result<Run> {
    let mut best: Option<Run> = None;
    for _ in 0..times.max(1) {
        let run = once(&make()?, &accept)?;
        let memory = run.memory.max(best.as_ref().map_or(0, |best| best.memory));
        best = Some(match best {
            Some(earlier) if earlier.wall <= run.wall => Run { memory, ..earlier },
            _ => Run { memory, ..run },
        });
    }
    best.context("nothing was measured")
}

/// Runs a program once.
///
/// # Errors
/// As [`program`].
pub(super) fn once(inner: &Command, accept: impl Fn(i32) -> bool) -> anyhow::Result<Run> {
    debian::install("bench", &["time"])?;
    let report = tempfile::NamedTempFile::new()?;
    let mut command = Command::new("/usr/bin/time");
    command.args(["--quiet", "--format=%M", "--output"]).arg(report.path());
    let started = Instant::now();
    let output = output_of(around(command, inner), inner, accept)?;
    let wall = started.elapsed();
    let text = std::fs::read_to_string(report.path())?;
    let kib: u64 = text.trim().parse().with_context(|| format!("GNU time printed {text:?}"))?;
    Ok(Run { wall, memory: kib * 1024, output: output.stdout })
}

/// How many instructions a program executes, in all threads, counted by valgrind. That takes fifty
/// times as long, but the number hardly depends on what else the machine does.
///
/// # Errors
/// As [`program`], and when valgrind prints no number.
pub(super) fn instructions(inner: &Command, accept: impl Fn(i32) -> bool) -> anyhow::Result<u64> {
    debian::install("bench", &["valgrind"])?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let output = output_of(around(command, inner), inner, accept)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let number = text.rsplit_once("I refs:").and_then(|(_, rest)| rest.lines().next());
    let number = number.with_context(|| format!("valgrind counted nothing:\n{text}"))?;
    Ok(number.trim().replace(',', "").parse()?)
}

/// A command that starts another one, in the same folder and environment.
fn around(mut outer: Command, inner: &Command) -> Command {
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = inner.get_current_dir() {
        outer.current_dir(folder);
    }
    outer
}

fn output_of(mut command: Command, inner: &Command, accept: impl Fn(i32) -> bool) -> anyhow::Result<Output> {
    let shown = process::display(inner);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.code().is_some_and(accept) {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` ended with {}:\n{}", output.status, error.trim_end());
    }
    Ok(output)
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
