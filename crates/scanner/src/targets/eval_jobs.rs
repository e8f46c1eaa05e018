//! Lines of nix-eval-jobs: one JSON object a line, for each attribute a derivation or an error.

use super::collect::by_name;
use super::meta::{Meta, cut, texts};
use super::names::split_name;
use super::{MAXIMUM_PACKAGES, TargetContents};
use crate::document::{LineError, with_causes};
use matching::Package;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};

/// The longest line, in bytes.
const MAXIMUM_LINE: u64 = 16 << 20;

/// The most bytes of all lines together.
pub(super) const MAXIMUM_FILE: u64 = 8 << 30;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    #[serde(default)]
    attr: Option<String>,
    #[serde(default)]
    attr_path: Vec<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    system: Option<String>,
    #[serde(default)]
    drv_path: Option<String>,
    #[serde(default)]
    outputs: BTreeMap<String, Option<String>>,
    #[serde(default)]
    meta: Option<Value>,
    #[serde(default)]
    patches: Value,
}

/// Why lines cannot be read.
pub(super) enum EvalJobsError {
    /// What gives the lines failed.
    Io(io::Error),
    /// There are more bytes than `MAXIMUM_FILE`.
    TooLarge,
    /// A line is wrong.
    Line(LineError),
}

#[derive(Debug, thiserror::Error)]
enum LineProblem {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("meta")]
    Meta(#[source] serde_json::Error),
    #[error("neither `name` nor `error`")]
    Nameless,
    #[error("more than {MAXIMUM_LINE} bytes")]
    TooLong,
    #[error("more than {MAXIMUM_PACKAGES} packages")]
    TooMany,
}

/// Lines that are handed over at once, about so many bytes of them.
const BATCH: usize = 256 << 10;
/// Batches that may wait to be parsed.
const WAITING: usize = 4;
/// Unpacking keeps up with no more threads than these.
const MOST_THREADS: usize = 8;

/// Some lines, each with its number.
#[derive(Default)]
struct Batch {
    lines: Vec<(usize, Range<usize>)>,
    bytes: Vec<u8>,
}

/// What a line is.
enum Line {
    Package(Box<Package>),
    FailedEvaluation,
    Wrong(LineProblem),
}

/// Reads all lines; they are parsed on other threads while more are read. A line that is wrong is a
/// warning; only if every line is wrong it is an error.
pub(super) fn parse(reader: impl Read, threads: NonZero<usize>) -> Result<TargetContents, EvalJobsError> {
    let threads = threads.get().min(MOST_THREADS);
    let (send, batches) = sync_channel::<Batch>(WAITING);
    let batches = Mutex::new(batches);
    let work = || {
        let mut parsed = Vec::new();
        // A lock that is poisoned by a panic elsewhere ends this thread too.
        while let Some(batch) = batches.lock().ok().and_then(|batches| batches.recv().ok()) {
            for (number, range) in batch.lines {
                parsed.push((number, parse_line(batch.bytes.get(range).unwrap_or_default())));
            }
        }
        parsed
    };
    let (looked_at, mut lines) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let looked_at = hand_over(reader, MAXIMUM_FILE, &send);
        drop(send);
        let mut lines = Vec::new();
        for thread in threads {
            lines.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        looked_at.map(|looked_at| (looked_at, lines))
    })?;
    lines.sort_unstable_by_key(|(number, _)| *number);
    gather(looked_at, lines).map_err(EvalJobsError::Line)
}

/// Reads all lines and hands them over for parsing, those that are not blank. Gives their number.
fn hand_over(reader: impl Read, maximum: u64, to: &SyncSender<Batch>) -> Result<usize, EvalJobsError> {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let wrong = |number, source| EvalJobsError::Line(LineError::new(number, source));
    let mut total = 0;
    let mut batch = Batch::default();
    let (mut number, mut looked_at) = (0, 0);
    loop {
        let start = batch.bytes.len();
        let read = (&mut reader).take(MAXIMUM_LINE + 1).read_until(b'\n', &mut batch.bytes);
        let count = read.map_err(EvalJobsError::Io)?;
        number += 1;
        if count as u64 > MAXIMUM_LINE {
            return Err(wrong(number, LineProblem::TooLong));
        }
        total += count as u64;
        if total > maximum {
            return Err(EvalJobsError::TooLarge);
        }
        if batch.bytes.get(start..).is_some_and(|line| !line.trim_ascii().is_empty()) {
            looked_at += 1;
            if looked_at > MAXIMUM_PACKAGES {
                return Err(wrong(number, LineProblem::TooMany));
            }
            batch.lines.push((number, start..batch.bytes.len()));
        }
        if (count == 0 || batch.bytes.len() > BATCH) && to.send(std::mem::take(&mut batch)).is_err() {
            // They only go away by panicking, which shows when they are waited for.
            return Ok(looked_at);
        }
        if count == 0 {
            return Ok(looked_at);
        }
    }
}

fn parse_line(line: &[u8]) -> Line {
    match serde_json::from_slice::<Job>(line).map_err(LineProblem::Json).and_then(package) {
        Ok(line) => line,
        Err(problem) => Line::Wrong(problem),
    }
}

/// Puts together what the lines are.
fn gather(looked_at: usize, lines: Vec<(usize, Line)>) -> Result<TargetContents, LineError> {
    let mut contents = TargetContents { looked_at, ..TargetContents::default() };
    let mut first_problem = None;
    for (number, line) in lines {
        match line {
            Line::Package(package) => contents.packages.push(*package),
            Line::FailedEvaluation => contents.failed_evaluations += 1,
            Line::Wrong(problem) => {
                contents.warn(format!("line {number}"), with_causes(&problem));
                first_problem.get_or_insert((number, problem));
            }
        }
    }
    if contents.packages.is_empty()
        && contents.failed_evaluations == 0
        && let Some((number, source)) = first_problem
    {
        return Err(LineError::new(number, source));
    }
    by_name(&mut contents.packages);
    Ok(contents)
}

fn package(job: Job) -> Result<Line, LineProblem> {
    if job.error.is_some() && job.drv_path.is_none() {
        return Ok(Line::FailedEvaluation);
    }
    let name = job.name.filter(|n| !n.is_empty()).ok_or(LineProblem::Nameless)?;
    let (pname, version) = split_name(&name);
    let attribute = if job.attr_path.is_empty() { job.attr } else { Some(job.attr_path.join(".")) };
    let mut package = Package {
        name: cut(&name),
        pname: cut(&pname),
        version: cut(&version),
        attribute: attribute.as_deref().map(cut),
        system: job.system.as_deref().map(cut),
        derivation: job.drv_path.as_deref().map(cut),
        store_paths: job.outputs.into_values().flatten().map(|p| cut(&p)).collect(),
        patches: texts(&job.patches),
        ..Package::default()
    };
    if let Some(meta) = job.meta {
        let meta: Meta = serde_json::from_value(meta).map_err(LineProblem::Meta)?;
        meta.apply(&mut package);
    }
    Ok(Line::Package(Box::new(package)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZero<usize> = NonZero::new(2).unwrap();

    fn parsed(text: &str) -> TargetContents {
        parse(text.as_bytes(), TWO).unwrap_or_else(|_| panic!("readable"))
    }

    #[test]
    fn errors_are_counted_and_wrong_lines_named() {
        let text = concat!(
            r#"{"attr":"a","attrPath":["a","b"],"name":"a-1.2","drvPath":"/nix/store/x.drv","outputs":{"out":"/nix/store/x-a-1.2"},"patches":["CVE-2020-1.patch"]}"#,
            "\n\n",
            r#"{"attr":"c","attrPath":["c"],"error":"throws"}"#,
            "\n{\"attr\": 3}\n{\"attr\":\"nameless\"}\nnot json",
        );
        let contents = parsed(text);
        assert_eq!(contents.packages.len(), 1);
        let package = &contents.packages[0];
        assert_eq!((package.pname.as_str(), package.version.as_str()), ("a", "1.2"));
        assert_eq!(package.attribute.as_deref(), Some("a.b"));
        assert_eq!(package.patches, ["CVE-2020-1.patch"]);
        assert_eq!(contents.failed_evaluations, 1);
        let places: Vec<&str> = contents.warnings.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(places, ["line 4", "line 5", "line 6"]);
    }

    #[test]
    fn many_lines_keep_their_numbers() {
        let description = "x".repeat(1000);
        let lines = (1..=3000).map(|number| match number % 7 {
            0 => "{".to_owned(),
            _ => format!(r#"{{"name":"p-{number:04}","meta":{{"description":"{description}"}}}}"#),
        });
        let contents = parsed(&lines.collect::<Vec<_>>().join("\n"));
        assert_eq!((contents.looked_at, contents.packages.len()), (3000, 3000 - 3000 / 7));
        let versions: Vec<usize> = contents.packages.iter().map(|p| p.version.parse().unwrap()).collect();
        assert_eq!(versions, (1..=3000).filter(|n| n % 7 != 0).collect::<Vec<_>>());
        assert_eq!(contents.warnings.first().map(|w| w.place.as_str()), Some("line 7"));
        assert_eq!(contents.warnings.get(1).map(|w| w.place.as_str()), Some("line 14"));
    }

    /// What is beyond the limit is refused, not left out.
    #[test]
    fn no_more_bytes_than_are_allowed() {
        let text = "{\"name\":\"a-1\"}\n".repeat(4);
        let lines = |maximum| {
            let (send, _batches) = sync_channel(1);
            hand_over(text.as_bytes(), maximum, &send)
        };
        assert!(matches!(lines(text.len() as u64), Ok(4)));
        assert!(matches!(lines(text.len() as u64 - 1), Err(EvalJobsError::TooLarge)));
    }

    #[test]
    fn nothing_but_wrong_lines_is_an_error() {
        let error = parse("\n[1,2]\n".as_bytes(), TWO);
        assert!(matches!(error, Err(EvalJobsError::Line(error)) if error.to_string() == "line 2"));
    }

    #[test]
    fn deep_lines_are_errors_of_that_line() {
        let deep = format!("{{\"meta\":{}\n{}", "[".repeat(10_000), r#"{"name":"a-1"}"#);
        let contents = parsed(&deep);
        assert_eq!(contents.packages.len(), 1);
        assert!(contents.warnings[0].problem.contains("recursion limit"), "{:?}", contents.warnings);
    }
}
