//! Lines of nix-eval-jobs: one JSON object a line, for each attribute a derivation or an error.

use super::collect::by_name;
use super::meta::{Meta, shortened, texts};
use super::names::split_name;
use super::{MAXIMUM_PACKAGES, TargetContents};
use crate::document::{LineError, with_causes};
use matching::{Package, Texts};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
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
struct Job<'a> {
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
    /// Most of it is of no use here.
    #[serde(default, borrow)]
    meta: Option<&'a RawValue>,
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

/// What lines are.
#[derive(Default)]
struct Parsed {
    /// The packages, each with the number of its line.
    packages: Vec<(usize, Package)>,
    failed_evaluations: usize,
    wrong: Vec<(usize, LineProblem)>,
}

impl Parsed {
    fn add(&mut self, number: usize, line: Result<Option<Package>, LineProblem>) {
        match line {
            Ok(Some(package)) => self.packages.push((number, package)),
            Ok(None) => self.failed_evaluations += 1,
            Err(problem) => self.wrong.push((number, problem)),
        }
    }

    fn append(&mut self, mut other: Self) {
        self.packages.reserve_exact(other.packages.len());
        self.packages.append(&mut other.packages);
        self.failed_evaluations += other.failed_evaluations;
        self.wrong.append(&mut other.wrong);
    }
}

/// Reads all lines; they are parsed on other threads while more are read. A line that is wrong is a
/// warning; only if every line is wrong it is an error.
pub(super) fn parse(reader: impl Read, threads: NonZero<usize>) -> Result<TargetContents, EvalJobsError> {
    let threads = threads.get().min(MOST_THREADS);
    let (send, batches) = sync_channel::<Batch>(WAITING);
    let batches = Mutex::new(batches);
    let work = || {
        let mut parsed = Parsed::default();
        let mut shared = Texts::default();
        // A lock that is poisoned by a panic elsewhere ends this thread too.
        while let Some(batch) = batches.lock().ok().and_then(|batches| batches.recv().ok()) {
            for (number, range) in batch.lines {
                parsed.add(number, parse_line(batch.bytes.get(range).unwrap_or_default(), &mut shared));
            }
        }
        parsed
    };
    let (looked_at, parsed) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let looked_at = hand_over(reader, MAXIMUM_FILE, &send);
        drop(send);
        let mut parsed = Parsed::default();
        for thread in threads {
            parsed.append(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        looked_at.map(|looked_at| (looked_at, parsed))
    })?;
    gather(looked_at, parsed).map_err(EvalJobsError::Line)
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

/// The package of a line; none if it could not be evaluated.
fn parse_line(line: &[u8], shared: &mut Texts) -> Result<Option<Package>, LineProblem> {
    package(serde_json::from_slice::<Job<'_>>(line)?, shared)
}

/// Puts together what the lines are.
fn gather(looked_at: usize, parsed: Parsed) -> Result<TargetContents, LineError> {
    let Parsed { mut packages, failed_evaluations, mut wrong } = parsed;
    wrong.sort_unstable_by_key(|(number, _)| *number);
    if packages.is_empty() && failed_evaluations == 0 && !wrong.is_empty() {
        let (number, source) = wrong.swap_remove(0);
        return Err(LineError::new(number, source));
    }
    packages.sort_unstable_by(|(a, first), (b, second)| by_name(first, second).then(a.cmp(b)));
    let packages = packages.into_iter().map(|(_, package)| package).collect();
    let mut contents =
        TargetContents { packages, looked_at, failed_evaluations, ..TargetContents::default() };
    for (number, problem) in wrong {
        contents.warn(format!("line {number}"), with_causes(&problem));
    }
    Ok(contents)
}

fn package(job: Job<'_>, shared: &mut Texts) -> Result<Option<Package>, LineProblem> {
    if job.error.is_some() && job.drv_path.is_none() {
        return Ok(None);
    }
    let name = job.name.filter(|n| !n.is_empty()).ok_or(LineProblem::Nameless)?;
    let (pname, version) = split_name(&name);
    let attribute = if job.attr_path.is_empty() { job.attr } else { Some(job.attr_path.join(".")) };
    let patches = texts(&job.patches, shared);
    let mut share = |text: &str| shared.share(shortened(text));
    let mut package = Package {
        name: share(&name),
        pname: share(&pname),
        version: share(&version),
        // Each has its own.
        attribute: attribute.as_deref().map(|attribute| shortened(attribute).into()),
        system: job.system.as_deref().map(&mut share),
        derivation: job.drv_path.as_deref().map(&mut share),
        store_paths: job.outputs.values().flatten().map(|path| share(path)).collect(),
        patches,
        ..Package::default()
    };
    if let Some(meta) = job.meta {
        let meta: Meta = serde_json::from_str(meta.get()).map_err(LineProblem::Meta)?;
        meta.apply(&mut package, shared);
    }
    Ok(Some(package))
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
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let deep = format!("{{\"name\":\"b\",\"meta\":{nested}}}\n{}", r#"{"name":"a-1"}"#);
        let contents = parsed(&deep);
        assert_eq!(contents.packages.len(), 1);
        assert!(contents.warnings[0].problem.contains("recursion limit"), "{:?}", contents.warnings);
    }
}
