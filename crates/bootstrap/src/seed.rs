//! The first program, from its listing.
//!
//! A program cannot be run before there is one: the driver reads the listing, which is all that
//! there is of the seed, and makes the bytes itself. That the seed makes the same of it is the
//! first step of the chain.

use files::ReadError;
use std::path::{Path, PathBuf};

/// The largest seed, in bytes, that the project allows itself.
pub const LARGEST: usize = 256;

/// The largest listing, in bytes.
const LARGEST_LISTING: u64 = 1 << 20;

/// Why a listing is no seed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something else than digits and comments.
    #[error("{}:{line}: {character:?} is neither a hexadecimal digit nor a comment", path.display())]
    NotADigit {
        /// The listing.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The character there.
        character: char,
    },
    /// A byte has one digit only.
    #[error("{}: the last byte has one digit only", path.display())]
    HalfByte {
        /// The listing.
        path: PathBuf,
    },
    /// The seed is meant to be small.
    #[error("{}: the seed has {size} bytes; {LARGEST} are allowed", path.display())]
    TooLarge {
        /// The listing.
        path: PathBuf,
        /// Its bytes.
        size: usize,
    },
}

/// The text of the listing at `path`.
pub(crate) fn text(path: &Path) -> Result<String, SeedError> {
    Ok(files::read_text(path, LARGEST_LISTING)?)
}

/// The bytes of the listing at `path`: pairs of hexadecimal digits, with comments from `#` or `;`
/// to the end of the line.
pub fn read(path: &Path) -> Result<Vec<u8>, SeedError> {
    let text = text(path)?;
    let mut bytes = Vec::new();
    let mut high = None;
    for (number, line) in text.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or_default();
        for character in code.chars().filter(|c| *c > ' ') {
            let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let not_a_digit = || SeedError::NotADigit { path: path.into(), line: number + 1, character };
            let digit = digit.ok_or_else(not_a_digit)?;
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
    }
    if high.is_some() {
        return Err(SeedError::HalfByte { path: path.into() });
    }
    if bytes.len() > LARGEST {
        return Err(SeedError::TooLarge { path: path.into(), size: bytes.len() });
    }
    Ok(bytes)
}
