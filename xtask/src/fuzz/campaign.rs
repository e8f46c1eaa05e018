//! Running the targets for a limited time and reporting the results.

use super::build::Program;
use crate::process;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

/// What one target did.
struct Outcome {
    name: String,
    /// Inputs tried.
    executions: u64,
    /// Edges of the control flow graph reached, as libFuzzer counts them.
    coverage: u64,
    /// What failed: the inputs that did it, and what libFuzzer said about it.
    failure: Option<Failure>,
}

struct Failure {
    inputs: Vec<PathBuf>,
    log: String,
}

/// Runs all programs so that the whole takes about `seconds`, as many at a time as there are
/// processors.
///
/// # Errors
/// When a target crashed, ran out of time or memory on an input, or could not be started.
pub(super) fn run(programs: &[Program], seconds: u64) -> anyhow::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(programs.len()).max(1);
    let rounds = programs.len().div_ceil(workers);
    let each = (seconds / u64::try_from(rounds)?.max(1)).max(1);
    eprintln!("fuzz: {} targets, {each} s each, {workers} at a time", programs.len());
    let queue = Mutex::new(programs.iter());
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().map_or(None, |mut queue| queue.next());
                    let Some(program) = next else { break };
                    let outcome = fuzz(program, each);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push(outcome);
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes
        .into_inner()
        .map_err(|_| anyhow::anyhow!("a thread that ran a fuzz target panicked"))?
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?;
    if outcomes.len() != programs.len() {
        bail!("{} of {} fuzz targets did not run", programs.len() - outcomes.len(), programs.len());
    }
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    report(&outcomes)
}

/// Runs one target once on one file, with its output shown.
pub(super) fn reproduce(program: &Program, file: &Path) -> anyhow::Result<()> {
    process::run(Command::new(&program.path).arg(file))
}

fn fuzz(program: &Program, seconds: u64) -> anyhow::Result<Outcome> {
    let corpus = super::folder().join("corpus").join(&program.name);
    let artifacts = super::folder().join("artifacts").join(&program.name);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot create {}", corpus.display()))?;
    fs::create_dir_all(&artifacts).with_context(|| format!("cannot create {}", artifacts.display()))?;
    let before = files(&artifacts)?;
    let output = Command::new(&program.path)
        .arg(&corpus)
        // libFuzzer appends the name of the file, so the folder needs its slash.
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=20", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", program.path.display()))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let failure = if output.status.success() {
        None
    } else {
        let mut inputs = files(&artifacts)?;
        inputs.retain(|input| !before.contains(input));
        Some(Failure { inputs, log: essence(&log) })
    };
    Ok(Outcome {
        name: program.name.clone(),
        executions: last_number(&log, "stat::number_of_executed_units:"),
        coverage: last_number(&log, " cov:"),
        failure,
    })
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    Ok(entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?)
}

/// The lines of libFuzzer's log that matter: the message of the panic, or the last ones.
fn essence(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let start = panic.unwrap_or(lines.len().saturating_sub(20));
    lines.get(start..).unwrap_or_default().iter().take(20).copied().collect::<Vec<_>>().join("\n")
}

/// The number after the last occurrence of `key` in libFuzzer's log; 0 when it was never printed.
fn last_number(log: &str, key: &str) -> u64 {
    log.rsplit_once(key)
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .unwrap_or(0)
}

fn report(outcomes: &[Outcome]) -> anyhow::Result<()> {
    eprintln!("{:<24} {:>12} {:>8}  result", "target", "executions", "edges");
    for outcome in outcomes {
        let result = if outcome.failure.is_some() { "FAILED" } else { "ok" };
        eprintln!("{:<24} {:>12} {:>8}  {result}", outcome.name, outcome.executions, outcome.coverage);
    }
    let mut failed = Vec::new();
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else { continue };
        failed.push(outcome.name.as_str());
        eprintln!("\n--- {}: libFuzzer's report ---\n{}", outcome.name, failure.log);
        for input in &failure.inputs {
            eprintln!("the input is kept; to reproduce:");
            eprintln!("  cargo xtask fuzz --target {} --reproduce {}", outcome.name, input.display());
        }
    }
    if !failed.is_empty() {
        bail!("fuzz targets failed: {}", failed.join(", "));
    }
    // A target that tried nothing is a broken target, not a good one.
    if let Some(idle) = outcomes.iter().find(|outcome| outcome.executions == 0) {
        bail!("fuzz target {} tried no input", idle.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{essence, last_number};

    #[test]
    fn numbers_of_the_log() {
        let log = "#2\tINITED cov: 7 ft: 8 corp: 1/1b\n#9\tNEW    cov: 12 ft: 20\n\
                   stat::number_of_executed_units: 4711\n";
        assert_eq!(last_number(log, " cov:"), 12);
        assert_eq!(last_number(log, "stat::number_of_executed_units:"), 4711);
        assert_eq!(last_number(log, "absent"), 0);
    }

    #[test]
    fn the_panic_is_what_matters() {
        let log = "#1 pulse\nthread main panicked at x.rs:1\nleft: 1\n";
        assert_eq!(essence(log), "thread main panicked at x.rs:1\nleft: 1");
        assert_eq!(essence("a\nb"), "a\nb");
    }
}
