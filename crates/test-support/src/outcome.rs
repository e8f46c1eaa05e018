//! Running programs, and what comes of it.

use serde_json::Value;
use std::fmt;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Gives a program its input and takes its output, side by side: one after the other, both could
/// wait for ever. A program may stop reading early.
pub fn run_with_input(command: &mut Command, input: impl Into<Vec<u8>>) -> Output {
    let input = input.into();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

/// How a program ended and what it printed. An assertion that does not hold shows all of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    call: String,
    status: String,
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

impl Outcome {
    /// Runs a program that prints UTF-8.
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self::new(command, output)
    }

    /// The same for a program that reads its standard input.
    #[track_caller]
    pub fn with_input(command: &mut Command, input: impl Into<Vec<u8>>) -> Self {
        let output = run_with_input(command, input);
        Self::new(command, output)
    }

    /// What came of a call.
    #[track_caller]
    pub fn new(command: &Command, output: Output) -> Self {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let call = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|error| {
                panic!("{call} printed what is not UTF-8: {}", String::from_utf8_lossy(error.as_bytes()))
            })
        };
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { status: output.status.to_string(), code: output.status.code(), stdout, stderr, call }
    }

    /// The exit code must be this one.
    #[track_caller]
    pub fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
    }

    /// The same, to go on with.
    #[must_use]
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        self.assert_code(code);
        self
    }

    /// It must have succeeded: what it printed to standard output.
    #[track_caller]
    pub fn success(self) -> String {
        self.with_code(0).stdout
    }

    /// It must have ended with this code: what it printed to standard error.
    #[track_caller]
    pub fn failure(self, code: i32) -> String {
        self.with_code(code).stderr
    }

    /// Standard output, then standard error.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Without the hint that the records are old, as those of tests are on most days.
    #[must_use]
    pub fn without_age(mut self) -> Self {
        let hint = "hint: what is known is not of today";
        self.stderr = self.stderr.split_inclusive('\n').filter(|line| !line.starts_with(hint)).collect();
        self
    }

    /// Exit code, standard output, standard error. A signal must not have ended it.
    #[track_caller]
    pub fn parts(self) -> (i32, String, String) {
        let code = self.code.unwrap_or_else(|| panic!("{self}"));
        (code, self.stdout, self.stderr)
    }

    /// Standard output must be JSON: its value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.call, self.status)?;
        write!(f, "--- standard output\n{}\n--- standard error\n{}", self.stdout, self.stderr)
    }
}
