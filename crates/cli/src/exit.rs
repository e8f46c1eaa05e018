//! How a command ends: exit codes, and what is printed on standard error.

use crate::hint;
use anstyle::{AnsiColor, Style};
use scanner::report::Appearance;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};
use terminal::{Bar, Clean, Stream};

/// Findings at or above the bar.
pub(crate) const FOUND: u8 = 1;
/// Wrong use.
pub(crate) const USAGE: u8 = 2;
/// It could not be done.
pub(crate) const COULD_NOT: u8 = 3;

/// Why a command ends early, and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    error: Option<anyhow::Error>,
}

impl Failure {
    /// The user asked for something that cannot be.
    pub(crate) fn usage(error: anyhow::Error) -> Self {
        Self { code: USAGE, error: Some(error) }
    }

    /// It could not be done.
    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self { code: COULD_NOT, error: Some(error.into()) }
    }

    /// It could not be done, and the errors have been reported.
    pub(crate) const fn reported() -> Self {
        Self { code: COULD_NOT, error: None }
    }

    /// Reports the error and gives the code. That whoever reads our output has seen enough is no
    /// error.
    pub(crate) fn report(self) -> ExitCode {
        if let Some(error) = &self.error {
            if is_broken_pipe(error) {
                return ExitCode::SUCCESS;
            }
            report(error);
        }
        ExitCode::from(self.code)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(error)
    }
}

/// The most characters of an error: names and messages of libraries can be as long as what they are
/// about.
const LONGEST: usize = 2000;

/// Prints an error with all its causes, once, and what may help. All errors are printed here.
pub(crate) fn report(error: &anyhow::Error) {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Some libraries repeat the cause in their own text.
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    labelled(AnsiColor::Red.on_default().bold(), "error", text);
    if let Some(text) = hint::of(error) {
        hint(text);
    }
}

/// How much is printed besides errors and results.
static VERBOSITY: AtomicU8 = AtomicU8::new(USUAL);
const QUIET: u8 = 0;
const USUAL: u8 = 1;
const VERBOSE: u8 = 2;

/// Sets how much is printed besides errors and results.
pub(crate) fn set_verbosity(quiet: bool, verbose: bool) {
    let level = if quiet {
        QUIET
    } else if verbose {
        VERBOSE
    } else {
        USUAL
    };
    VERBOSITY.store(level, Ordering::Relaxed);
}

/// Prints what only `-v` asks for.
pub(crate) fn detail<T: Display>(text: impl FnOnce() -> T) {
    if VERBOSITY.load(Ordering::Relaxed) >= VERBOSE {
        note(text());
    }
}

/// Whether nothing but errors and results is asked for.
pub(crate) fn is_quiet() -> bool {
    VERBOSITY.load(Ordering::Relaxed) == QUIET
}

/// Shows how far the work is, unless nothing but errors and results is asked for.
pub(crate) fn progress() -> Bar {
    if is_quiet() { Bar::hidden() } else { Bar::default() }
}

/// Prints a warning.
pub(crate) fn warn(text: impl Display) {
    if is_quiet() {
        return;
    }
    labelled(AnsiColor::Yellow.on_default().bold(), "warning", text);
}

/// Prints what may help.
pub(crate) fn hint(text: impl Display) {
    if is_quiet() {
        return;
    }
    labelled(AnsiColor::Cyan.on_default().bold(), "hint", text);
}

/// Prints a line on standard error.
pub(crate) fn note(text: impl Display) {
    // If standard error is closed there is nowhere to say so.
    let _ = writeln!(terminal::stderr(), "{}", Clean(text));
}

fn labelled(style: Style, label: &str, text: impl Display) {
    let _ = writeln!(terminal::stderr(), "{style}{label}:{style:#} {}", Clean(text));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = match cause.downcast_ref::<io::Error>() {
            Some(error) => Some(error.kind()),
            None => cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind),
        };
        kind == Some(ErrorKind::BrokenPipe)
    })
}

/// Colour and width of a stream.
pub(crate) fn appearance(stream: Stream, all: bool) -> Appearance {
    Appearance { colour: stream.has_colour(), width: terminal::width(), all }
}

/// A sentence behind an indentation: broken between words where people read it on a terminal, on
/// one line elsewhere.
pub(crate) fn sentence(text: &str, indent: &str) -> String {
    let text = terminal::clean(text);
    if !Stream::Stdout.is_terminal() {
        return format!("{indent}{text}");
    }
    // Long lines are hard to read, however wide the window is.
    terminal::paragraph(&text, indent, terminal::width().min(120))
}
