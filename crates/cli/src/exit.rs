//! Exit codes, errors and how text looks.

use anstream::AutoStream;
use anstream::stream::RawStream;
use anstyle::{AnsiColor, Style};
use scanner::report::Appearance;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// Findings at or above the bar.
pub(crate) const FOUND: u8 = 1;
/// Wrong use.
pub(crate) const USAGE: u8 = 2;
/// Could not scan.
pub(crate) const COULD_NOT_SCAN: u8 = 3;

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
    pub(crate) fn scan(error: impl Into<anyhow::Error>) -> Self {
        Self { code: COULD_NOT_SCAN, error: Some(error.into()) }
    }

    /// It could not be done, and the user knows why.
    pub(crate) const fn told() -> Self {
        Self { code: COULD_NOT_SCAN, error: None }
    }

    /// Tells the user and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        if let Some(error) = &self.error {
            tell(error);
        }
        ExitCode::from(self.code)
    }
}

/// The most characters of an error: names and messages of libraries can be as long as what they are about.
const LONGEST: usize = 2000;

/// Prints an error with all its causes, once.
pub(crate) fn tell(error: &anyhow::Error) {
    let style: Style = AnsiColor::Red.on_default().bold();
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
    anstream::eprintln!("{style}error:{style:#} {}", scanner::report::clean(&text));
}

/// Whether whoever reads our output has seen enough, which is no error.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|e| e.downcast_ref::<std::io::Error>());
    io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prints a warning.
pub(crate) fn warn(text: &str) {
    let style: Style = AnsiColor::Yellow.on_default().bold();
    anstream::eprintln!("{style}warning:{style:#} {}", scanner::report::clean(text));
}

/// Colour and width for a stream: colour only on a terminal and without `NO_COLOR`.
pub(crate) fn appearance(stream: &impl RawStream, all: bool) -> Appearance {
    let colour = !matches!(AutoStream::choice(stream), anstream::ColorChoice::Never);
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    Appearance { colour, width, all }
}

/// A sentence behind an indentation: broken between words where people read it on a terminal, on one line elsewhere.
pub(crate) fn sentence(text: &str, indent: &str) -> String {
    let text = scanner::report::clean(text);
    if !std::io::stdout().is_terminal() {
        return format!("{indent}{text}");
    }
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    // Long lines are hard to read, however wide the window is.
    scanner::report::paragraph(&text, indent, width.min(120))
}
