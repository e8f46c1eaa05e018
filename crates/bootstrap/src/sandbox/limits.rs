//! What a step may have: how much of anything, and whose system calls.

use serde::{Deserialize, Serialize};
use std::fmt;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const MIB: u64 = 1 << 20;

/// The machine that the programs of a step are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepArch {
    /// Programs of 64 bits; those of 32 bits cannot make system calls.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// Programs of 32 bits too.
    #[serde(rename = "i686")]
    I686,
}

/// How much of anything a step may have: `[step.limits]` of its file, where each has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepLimits {
    /// Seconds that a step may run.
    pub seconds: u64,
    /// Memory in MiB: of all its processes where the system has control groups that this user may
    /// make, and otherwise of each process.
    pub memory_mib: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// What it leaves in `/out` and `/build` together, in MiB; no file may be larger either.
    pub output_mib: u64,
    /// Files and folders that it leaves there.
    pub files: u64,
    /// What its programs print, in MiB.
    pub log_mib: u64,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self {
            seconds: 12 * 60 * 60,
            memory_mib: 16 << 10,
            processes: 4096,
            output_mib: 16 << 10,
            files: 1_000_000,
            log_mib: 256,
        }
    }
}

// Only a sandbox asks.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
impl StepLimits {
    /// Memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory_mib.saturating_mul(MIB)
    }

    /// What it may leave, in bytes.
    pub(crate) fn output(&self) -> u64 {
        self.output_mib.saturating_mul(MIB)
    }

    /// What it may print, in bytes.
    pub(crate) fn log(&self) -> u64 {
        self.log_mib.saturating_mul(MIB)
    }

    /// The limit of that kind, with its value.
    pub(crate) fn reached(&self, kind: LimitKind) -> ReachedLimit {
        let value = match kind {
            LimitKind::Seconds => self.seconds,
            LimitKind::Memory => self.memory_mib,
            LimitKind::Processes => self.processes,
            LimitKind::Output | LimitKind::File => self.output_mib,
            LimitKind::Files => self.files,
            LimitKind::Log => self.log_mib,
        };
        ReachedLimit { kind, value }
    }
}

/// What there is a limit for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LimitKind {
    /// Its run time.
    Seconds,
    /// Its memory.
    Memory,
    /// Its processes.
    Processes,
    /// All that it leaves.
    Output,
    /// One file.
    File,
    /// The number of its files.
    Files,
    /// What it prints.
    Log,
}

impl LimitKind {
    /// The key in `[step.limits]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Memory => "memory_mib",
            Self::Processes => "processes",
            Self::Output | Self::File => "output_mib",
            Self::Files => "files",
            Self::Log => "log_mib",
        }
    }
}

/// A limit that a step has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedLimit {
    /// Of what.
    pub kind: LimitKind,
    /// Its value, in the unit of its key.
    pub value: u64,
}

impl fmt::Display for ReachedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.kind {
            LimitKind::Seconds => write!(f, "it runs longer than {value} s"),
            LimitKind::Memory => write!(f, "it needs more memory than {value} MiB"),
            LimitKind::Processes => write!(f, "it has more processes than {value}"),
            LimitKind::Output => write!(f, "it leaves more than {value} MiB in /out and /build"),
            LimitKind::File => write!(f, "one of its files is larger than {value} MiB"),
            LimitKind::Files => write!(f, "it leaves more than {value} files in /out and /build"),
            LimitKind::Log => write!(f, "it prints more than {value} MiB"),
        }?;
        write!(f, ", its limit `{}`", self.kind.key())
    }
}
