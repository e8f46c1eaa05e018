//! Text for terminals.
//!
//! Names, records and messages come from anybody, and a terminal obeys what is printed on it. Two
//! things keep it safe:
//!
//! - Text from outside goes through [`clean`] (or [`Clean`] in a format string) where it is put
//!   into a sentence: then it cannot pretend to be a line of ours, either.
//! - What a program prints goes through [`stdout`] and [`stderr`] (feature `streams`), which let
//!   nothing pass to a terminal but text and our colours, also if the first was forgotten.
//!
//! [`wrapped`], [`paragraph`] and [`columns`] lay text out. [`Progress`] is how libraries report
//! how far they are; [`Bar`] (feature `bars`) shows it.

#[cfg(feature = "bars")]
mod bar;
#[cfg(feature = "streams")]
mod output;
mod progress;
#[cfg(feature = "streams")]
mod screen;
mod text;

#[cfg(feature = "bars")]
pub use bar::Bar;
#[cfg(feature = "streams")]
pub use output::{Output, Stream, stderr, stdout, stdout_bytes};
pub use progress::{Progress, Silent, Unit};
pub use text::{Clean, clean, columns, paragraph, wrapped};

/// How many columns the terminal has; 100 where there is none.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0))
}
