//! Runs one step with nothing of the host but its kernel.
//!
//! A step gets user, mount, process, network, host-name, IPC and cgroup namespaces of its own. It sees `/in/NAME` (read-only),
//! `/out` and `/build` (where it begins), `/dev/null` and `/dev/zero`, and `/proc` if it asks for it. There is no network, not
//! even to itself. It is user and group 0 of its namespace, without any capability, and cannot get one; the host sees the
//! user who started the driver. The environment is [`environment`]; the file mask 022; standard input is empty.
//!
//! **Time**: system calls that tell it are answered with [`TIME`], and programs do not find the kernel's vDSO, which would tell
//! it without a system call; the processor's own counter (`rdtsc`) ends a program that reads it. What is left: times of files
//! that the step itself makes (outputs get one fixed time), `sysinfo`, and how long things take.
//!
//! **Not covered**: the order in which a folder of `/build` lists its files is the file system's. Inputs and sources are written
//! in the order of their names.
//!
//! Three processes take part, all of them this program started again (see [`serve`]): the *helper*, which makes the namespaces;
//! *init*, the first process inside, which lays out the root folder, watches, and ends with the step; and the step's programs. Each dies
//! with the one before it, so a killed driver leaves none.

mod inside;
mod limits;
mod trace;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The second since 1970 that every step sees. Not 0: some programs take that for no time at all.
pub const TIME: i64 = 1;

/// What is to be run, and with what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
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
    /// A program of the host that is seen as `/busybox`, for a person who looks around; steps have none.
    #[serde(default)]
    pub shell: Option<PathBuf>,
    /// Programs and their arguments, one after the other.
    pub run: Vec<Vec<String>>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All programs ended with 0.
    Done,
    /// A program did not; those behind it were not run.
    Failed {
        /// Which of the programs, counted from 0.
        command: usize,
        /// How it ended, in words.
        how: String,
    },
    /// The sandbox itself could not be made.
    Broken(String),
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

/// How this program is started again: it must then call [`serve`] before anything else, while it has one thread.
#[derive(Debug, Clone)]
pub struct Helper {
    /// The program.
    pub program: PathBuf,
    /// Arguments that make it call [`serve`].
    pub arguments: Vec<String>,
}

/// Runs a task; what its programs print goes to `log`.
pub fn run(helper: &Helper, task: &Task, log: &File) -> io::Result<Outcome> {
    let mut child = Command::new(&helper.program)
        .args(&helper.arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log.try_clone()?)
        .spawn()?;
    let text = serde_json::to_vec(task)?;
    if let Some(mut input) = child.stdin.take() {
        // If it is gone already, its exit status says more.
        let _ = input.write_all(&text);
    }
    let output = child.wait_with_output()?;
    Ok(outcome(&output.stdout, output.status))
}

/// Runs a task whose programs use the terminal of this process. The task is put into `file`, because standard input is theirs.
pub fn run_in_terminal(helper: &Helper, task: &Task, file: &Path) -> io::Result<Outcome> {
    std::fs::write(file, serde_json::to_vec(task)?)?;
    let mut command = Command::new(&helper.program);
    let output = command
        .args(&helper.arguments)
        .arg(file)
        .env_clear()
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?
        .wait_with_output()?;
    Ok(outcome(&output.stdout, output.status))
}

fn outcome(told: &[u8], status: ExitStatus) -> Outcome {
    match serde_json::from_slice(told) {
        Ok(outcome) if status.success() => outcome,
        _ => Outcome::Broken(format!("the sandbox ended without a result: {status}")),
    }
}

/// The helper: reads a [`Task`] from `file`, or from standard input, runs it, and writes an [`Outcome`] to standard output.
///
/// Call it while the process has one thread: it changes what the whole process sees.
pub fn serve(file: Option<&Path>) -> io::Result<()> {
    let task: Task = match file {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => serde_json::from_reader(io::stdin().lock())?,
    };
    let outcome = inside::enter(&task).unwrap_or_else(Outcome::Broken);
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &outcome)?;
    out.flush()
}

/// `path`, which must be absolute, below `root`.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
