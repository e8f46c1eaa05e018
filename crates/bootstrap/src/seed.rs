//! The first program, from its listing.
//!
//! A program cannot be run before there is one: the driver reads the listing, which is all that there is of the seed, and makes
//! the bytes itself. That the seed makes the same of it is the first step of the chain.

use std::path::{Path, PathBuf};

/// The largest seed, in bytes, that the project allows itself.
pub const LARGEST: usize = 256;

/// Why a listing is no seed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The listing.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something else than digits and comments.
    #[error("{path}:{line}: {character:?} is neither a hexadecimal digit nor a comment")]
    Strange {
        /// The listing.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        character: char,
    },
    /// A byte has one digit only.
    #[error("{path}: the last byte has one digit only")]
    Half {
        /// The listing.
        path: PathBuf,
    },
    /// The seed is meant to be small.
    #[error("{path}: the seed has {size} bytes; {LARGEST} are allowed")]
    Large {
        /// The listing.
        path: PathBuf,
        /// Its bytes.
        size: usize,
    },
}

/// The bytes of the listing at `path`: pairs of hexadecimal digits, with comments from `#` or `;` to the end of the line.
pub fn read(path: &Path) -> Result<Vec<u8>, SeedError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| SeedError::Read { path: path.into(), source })?;
    let mut bytes = Vec::new();
    let mut high = None;
    for (number, line) in text.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or_default();
        for character in code.chars().filter(|c| *c > ' ') {
            let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let strange = || SeedError::Strange { path: path.into(), line: number + 1, character };
            let digit = digit.ok_or_else(strange)?;
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
    }
    if high.is_some() {
        return Err(SeedError::Half { path: path.into() });
    }
    if bytes.len() > LARGEST {
        return Err(SeedError::Large { path: path.into(), size: bytes.len() });
    }
    Ok(bytes)
}
