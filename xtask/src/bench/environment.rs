//! What a measurement depends on: machine, date, commit.

use crate::{process, workspace};
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::process::Command;

/// Printed above every run.
pub(super) struct Environment {
    processor: String,
    processors: usize,
    memory_gib: u64,
    date: String,
    /// Short commit, with `+changes` when the work tree differs from it.
    commit: String,
    rustc: String,
}

impl Environment {
    /// Reads it from `/proc`, git and the compiler.
    pub(super) fn read() -> anyhow::Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
        let meminfo = fs::read_to_string("/proc/meminfo").context("cannot read /proc/meminfo")?;
        let git =
            |arguments: &[&str]| line(Command::new("git").current_dir(workspace::root()).args(arguments));
        let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
        let commit = git(&["rev-parse", "--short", "HEAD"])?;
        Ok(Self {
            processor: field(&cpuinfo, "model name").unwrap_or("unknown processor").to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: field(&meminfo, "MemTotal")
                .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok())
                .map_or(0, |kib| (kib + (1 << 19)) >> 20),
            date: line(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?,
            commit: if changes.is_empty() { commit } else { format!("{commit}+changes") },
            rustc: line(Command::new(workspace::rustc()).arg("--version"))?,
        })
    }

    /// The same as an object.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "processor": self.processor, "processors": self.processors, "memory_gib": self.memory_gib,
            "date": self.date, "commit": self.commit, "rustc": self.rustc,
        })
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, processors, memory_gib, date, commit, rustc } = self;
        write!(f, "{processors} x {processor}, {memory_gib} GiB, {rustc}, {date}, commit {commit}")
    }
}

/// The value of the first `key : value` line.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
}

fn line(command: &mut Command) -> anyhow::Result<String> {
    Ok(process::output(command)?.trim().to_owned())
}
