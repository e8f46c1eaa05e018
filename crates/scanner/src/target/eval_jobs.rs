//! Lines of nix-eval-jobs: one JSON object a line, for each attribute a derivation or an error.

use super::collect::by_name;
use super::meta::{Meta, cut, texts};
use super::names::split_name;
use super::{Contents, Kind, MAXIMUM_PACKAGES, TargetError, bytes};
use matching::Package;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line, in bytes.
const MAXIMUM_LINE: u64 = 16 << 20;

/// The most bytes of all lines together.
const MAXIMUM_FILE: u64 = 8 << 30;

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

/// Reads a file, plain or compressed.
pub fn read(path: &Path) -> Result<Contents, TargetError> {
    parse(bytes::open(path)?).map_err(|error| match error {
        LineError::Io(source) => TargetError::Io { path: path.to_owned(), source },
        LineError::Line { number, problem } => TargetError::Invalid {
            path: path.to_owned(),
            kind: Kind::EvalJobs,
            problem: format!("line {number}: {problem}"),
        },
    })
}

enum LineError {
    Io(std::io::Error),
    Line { number: usize, problem: String },
}

/// Reads all lines. A line that is wrong is a warning; only if every line is wrong it is an error.
fn parse(reader: impl Read) -> Result<Contents, LineError> {
    let mut reader = BufReader::with_capacity(256 << 10, reader.take(MAXIMUM_FILE));
    let mut contents = Contents::default();
    let mut line = Vec::new();
    let mut number = 0;
    let mut first_problem = None;
    loop {
        line.clear();
        let count =
            (&mut reader).take(MAXIMUM_LINE + 1).read_until(b'\n', &mut line).map_err(LineError::Io)?;
        if count == 0 {
            break;
        }
        number += 1;
        if line.len() as u64 > MAXIMUM_LINE {
            let problem = format!("more than {MAXIMUM_LINE} bytes");
            return Err(LineError::Line { number, problem });
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        contents.looked_at += 1;
        if contents.looked_at > MAXIMUM_PACKAGES {
            let problem = format!("more than {MAXIMUM_PACKAGES} packages");
            return Err(LineError::Line { number, problem });
        }
        match serde_json::from_slice::<Job>(&line)
            .map_err(|e| e.to_string())
            .and_then(|job| take(job, &mut contents))
        {
            Ok(()) => {}
            Err(problem) => {
                contents.warn(format!("line {number}"), problem.clone());
                first_problem.get_or_insert((number, problem));
            }
        }
    }
    if contents.packages.is_empty()
        && contents.failed_evaluations == 0
        && let Some((number, problem)) = first_problem
    {
        return Err(LineError::Line { number, problem });
    }
    by_name(&mut contents.packages);
    Ok(contents)
}

fn take(job: Job, contents: &mut Contents) -> Result<(), String> {
    if job.error.is_some() && job.drv_path.is_none() {
        contents.failed_evaluations += 1;
        return Ok(());
    }
    let name = job.name.filter(|n| !n.is_empty()).ok_or("neither `name` nor `error`")?;
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
        let meta: Meta = serde_json::from_value(meta).map_err(|e| format!("meta: {e}"))?;
        meta.apply(&mut package);
    }
    contents.packages.push(package);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Contents {
        parse(text.as_bytes()).unwrap_or_else(|_| panic!("readable"))
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
    fn nothing_but_wrong_lines_is_an_error() {
        let error = parse("\n[1,2]\n".as_bytes());
        assert!(matches!(error, Err(LineError::Line { number: 2, .. })));
    }

    #[test]
    fn deep_lines_are_errors_of_that_line() {
        let deep = format!("{{\"meta\":{}\n{}", "[".repeat(10_000), r#"{"name":"a-1"}"#);
        let contents = parsed(&deep);
        assert_eq!(contents.packages.len(), 1);
        assert!(contents.warnings[0].problem.contains("recursion limit"), "{:?}", contents.warnings);
    }
}
