//! Standard output and standard error.

use crate::screen::{Filter, Screen};
use anstream::{AutoStream, ColorChoice};
use std::io::{self, IsTerminal, Write};

/// One of the two streams of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Whether it is a terminal.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        }
    }

    /// Whether colours are wanted there: on a terminal that has them and without `NO_COLOR`, or
    /// with `CLICOLOR_FORCE`.
    pub fn has_colour(self) -> bool {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&io::stdout()),
            Self::Stderr => AutoStream::choice(&io::stderr()),
        };
        choice != ColorChoice::Never
    }

    fn write_all(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().write_all(bytes),
            Self::Stderr => io::stderr().write_all(bytes),
        }
    }

    fn filter(self) -> Filter {
        match (self.is_terminal(), self.has_colour()) {
            (true, colour) => Filter::Terminal { colour },
            (false, false) => Filter::Plain,
            (false, true) => Filter::Bytes,
        }
    }
}

/// Standard output for text. On a terminal nothing but text and colours passes; elsewhere colours
/// are left out unless they are wanted.
pub fn stdout() -> Output {
    Output::new(Stream::Stdout, Stream::Stdout.filter())
}

/// Standard error, as [`stdout`].
pub fn stderr() -> Output {
    Output::new(Stream::Stderr, Stream::Stderr.filter())
}

/// Standard output for bytes, such as the content of a file. They pass as they are unless it is a
/// terminal.
pub fn stdout_bytes() -> Output {
    let filter = match Stream::Stdout.filter() {
        Filter::Plain => Filter::Bytes,
        other => other,
    };
    Output::new(Stream::Stdout, filter)
}

/// [`stdout`] or [`stderr`].
#[derive(Debug)]
pub struct Output {
    stream: Stream,
    screen: Screen,
    passed: Vec<u8>,
}

impl Output {
    fn new(stream: Stream, filter: Filter) -> Self {
        Self { stream, screen: Screen::new(filter), passed: Vec::new() }
    }

    fn write_passed(&mut self) -> io::Result<()> {
        let written = self.stream.write_all(&self.passed);
        self.passed.clear();
        written
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.screen.passes_unchanged(bytes) {
            self.stream.write_all(bytes)?;
        } else {
            self.screen.pass(bytes, &mut self.passed);
            self.write_passed()?;
        }
        Ok(bytes.len())
    }

    /// One message is one write, so that those of several threads do not mix.
    fn write_fmt(&mut self, arguments: std::fmt::Arguments<'_>) -> io::Result<()> {
        match arguments.as_str() {
            Some(text) => self.write_all(text.as_bytes()),
            None => self.write_all(arguments.to_string().as_bytes()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.stream {
            Stream::Stdout => io::stdout().flush(),
            Stream::Stderr => io::stderr().flush(),
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.screen.end(&mut self.passed);
        // Whoever wants to know has called `flush`.
        let _ = self.write_passed();
    }
}
