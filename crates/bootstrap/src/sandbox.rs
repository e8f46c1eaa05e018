//! Runs one step with nothing of the host but its kernel.
//!
//! A step gets user, mount, process, network, host-name, IPC, cgroup and time namespaces of its
//! own. It sees `/in/NAME` (read-only), `/out` and `/build` (where it begins), `/dev/null` and
//! `/dev/zero`, and of `/proc` its own processes if it asks for it. There is no network, not even
//! to itself. It is user and group 1000 of its namespace, without any capability, and cannot get
//! one. The host sees the user who started the driver, or, if that is root, a user of its own: a
//! step is never root. No file of the driver's is open in it; what it prints goes through a pipe.
//! The environment is [`environment`]; the file mask 022; standard input is empty.
//!
//! **System calls** are those of a list; the others do not exist for a step.
//!
//! **Time**: the second is always [`TIME`], and the nanosecond moves slowly, for the system calls
//! that tell the time and for the times of files alike. Programs do not find the kernel's vDSO,
//! which would tell the time without a system call; the processor's own counter (`rdtsc`) is that
//! of the step's clock. What is left is in docs/bootstrap.md.
//!
//! **Limits**: [`StepLimits`].
//!
//! **Not covered**: the order in which a folder of `/build` lists its files is the file system's.
//! Inputs and sources are written in the order of their names.
//!
//! Three processes take part, all of them this program started again (see [`serve`]): the
//! *helper*, which makes the namespaces and keeps the limits; *init*, the first process inside,
//! which lays out the root folder, answers system calls, and ends with the step; and the step's
//! programs. Each dies with the one before it, so a killed driver leaves none.
//!
//! Namespaces, the filter of system calls, the processor's counter and the registers of a stopped
//! program are those of Linux on x86-64: they are in the module `x86_64`, and on other machines
//! `unsupported` stands in its place.

mod limits;
#[cfg(any(test, not(all(target_os = "linux", target_arch = "x86_64"))))]
mod unsupported;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod x86_64;

pub use limits::{LimitKind, ReachedLimit, StepArch, StepLimits};

use crate::obstacle::Obstacle;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
use unsupported as machine;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use x86_64 as machine;

/// The second since 1970 that every step sees. Not 0: some programs take that for no time at all.
pub const TIME: i64 = 1;

/// What is to be run, and with what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SandboxTask {
    /// An empty folder, on which the root is mounted.
    pub root: PathBuf,
    /// What is seen as `/in/NAME`.
    pub inputs: BTreeMap<String, PathBuf>,
    /// What is seen as `/out`.
    pub out: PathBuf,
    /// What is seen as `/build`.
    pub build: PathBuf,
    /// Whether `/proc` is seen.
    pub proc: bool,
    /// A program of the host that is seen as `/busybox`, for a person who looks around; steps have
    /// none.
    #[serde(default)]
    pub shell: Option<PathBuf>,
    /// Whose system calls its programs make.
    pub arch: StepArch,
    /// How much of anything it may have.
    pub limits: StepLimits,
    /// Programs and their arguments, one after the other.
    pub run: Vec<Vec<String>>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskOutcome {
    /// All programs ended with 0.
    Done,
    /// A program did not; those behind it were not run.
    Failed {
        /// Which of the programs, counted from 0.
        command: usize,
        /// How it ended, in words.
        how: String,
    },
    /// The task was ended at a limit.
    Limited {
        /// Which of the programs ran, counted from 0.
        command: usize,
        /// The limit.
        limit: ReachedLimit,
    },
}

/// What the sandbox's processes answer.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// All programs ended with 0.
    Done,
    /// A program did not.
    Failed { command: usize, how: String },
    /// A limit was reached.
    Limited { command: usize, limit: ReachedLimit },
    /// The sandbox itself could not be made.
    Broken { problem: String, obstacle: Option<Obstacle> },
}

/// Why a task was not run, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// There is no sandbox for this kind of machine.
    #[error("the bootstrap's sandbox runs on x86_64-linux only")]
    Unsupported,
    /// The sandbox's process cannot be started, or its task cannot be given to it.
    #[error("cannot start the sandbox")]
    Start(#[source] io::Error),
    /// The sandbox's process ended without a result.
    #[error("the sandbox ended without a result: {0}")]
    NoResult(ExitStatus),
    /// The kernel refused something that the sandbox consists of. The text comes from another
    /// process.
    #[error("{problem}")]
    Setup {
        /// What was refused.
        problem: String,
        /// Why, if that is known.
        #[source]
        obstacle: Option<Obstacle>,
    },
}

impl SandboxError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unsupported => Some(
                "build on an x86_64-linux machine; with a copy of its store (--store) the reports work here: plan, graph, audit, \
                 provenance, export",
            ),
            Self::Setup { obstacle, .. } => obstacle.as_ref().map(Obstacle::hint),
            _ => None,
        }
    }
}

/// The environment that every step has: nothing of the host's.
pub fn environment(added: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let fixed = [
        ("HOME", "/build"),
        ("LC_ALL", "C"),
        ("SOURCE_DATE_EPOCH", "1"),
        ("TZ", "UTC"),
        ("TMPDIR", "/build"),
    ];
    let mut all: BTreeMap<String, String> =
        fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    all.extend(added.clone());
    all
}

/// How this program is started again: it must then call [`serve`] before anything else, while it
/// has one thread.
#[derive(Debug, Clone)]
pub struct SandboxHelper {
    /// The program.
    pub program: PathBuf,
    /// Arguments that make it call [`serve`].
    pub arguments: Vec<String>,
}

/// Runs a task; what its programs print goes to `log`.
pub fn run(helper: &SandboxHelper, task: &SandboxTask, log: &File) -> Result<TaskOutcome, SandboxError> {
    machine::check()?;
    let mut child = Command::new(&helper.program)
        .args(&helper.arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log.try_clone().map_err(SandboxError::Start)?)
        .spawn()
        .map_err(SandboxError::Start)?;
    let text = serde_json::to_vec(task).map_err(|error| SandboxError::Start(error.into()))?;
    if let Some(mut input) = child.stdin.take() {
        // If it is gone already, its exit status says more.
        let _ = input.write_all(&text);
    }
    let output = child.wait_with_output().map_err(SandboxError::Start)?;
    outcome(&output.stdout, output.status)
}

/// Runs a task whose programs use the terminal of this process. The task is put into `file`,
/// because standard input is theirs.
pub fn run_in_terminal(
    helper: &SandboxHelper,
    task: &SandboxTask,
    file: &Path,
) -> Result<TaskOutcome, SandboxError> {
    machine::check()?;
    let start = || {
        std::fs::write(file, serde_json::to_vec(task)?)?;
        Command::new(&helper.program)
            .args(&helper.arguments)
            .arg(file)
            .env_clear()
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?
            .wait_with_output()
    };
    let output = start().map_err(SandboxError::Start)?;
    outcome(&output.stdout, output.status)
}

fn outcome(answer: &[u8], status: ExitStatus) -> Result<TaskOutcome, SandboxError> {
    match serde_json::from_slice(answer) {
        Ok(Answer::Done) if status.success() => Ok(TaskOutcome::Done),
        Ok(Answer::Failed { command, how }) if status.success() => Ok(TaskOutcome::Failed { command, how }),
        Ok(Answer::Limited { command, limit }) if status.success() => {
            Ok(TaskOutcome::Limited { command, limit })
        }
        Ok(Answer::Broken { problem, obstacle }) if status.success() => {
            Err(SandboxError::Setup { problem, obstacle })
        }
        _ => Err(SandboxError::NoResult(status)),
    }
}

/// The helper: reads a [`SandboxTask`] from `file`, or from standard input, runs it, and writes how
/// it ended to standard output.
///
/// Call it while the process has one thread: it changes what the whole process sees.
pub fn serve(file: Option<&Path>) -> io::Result<()> {
    let task: SandboxTask = match file {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => serde_json::from_reader(io::stdin().lock())?,
    };
    let answer = machine::enter(&task);
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    out.flush()
}
