//! Reading a target file: limits, and the compression that its first bytes or its name show.

use super::TargetError;
use super::compression::{self, Compression};
use crate::document::utf16;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The most bytes that a file may have after decompression, for formats that are read as a whole.
///
/// A `packages.json` of nixpkgs has some 150 MB; SBOMs of whole distributions stay below that.
pub(super) const MAXIMUM: u64 = 384 << 20;

/// Opens a file, looking through its compression.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, TargetError> {
    let fail = |source| TargetError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(fail(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let mut start = [0; compression::LOOK];
    let mut length = 0;
    while let Some(rest) = start.get_mut(length..).filter(|r| !r.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    let start = start.get(..length).unwrap_or_default();
    let compression = match Compression::of(start) {
        // It has no magic number.
        Compression::None if path.extension().is_some_and(|e| e == "br") => Compression::Brotli,
        found => found,
    };
    // Chained rather than rewound, so that pipes (`/dev/stdin`, process substitution) can be read
    // too.
    let whole = BufReader::with_capacity(128 << 10, io::Cursor::new(start.to_vec()).chain(file));
    let mut text = compression.open(whole).map_err(fail)?;
    let mut start = Vec::with_capacity(utf16::LOOK);
    text.by_ref().take(utf16::LOOK as u64).read_to_end(&mut start).map_err(fail)?;
    Ok(utf16::reader(&start.clone(), io::Cursor::new(start).chain(text)))
}

/// Reads a whole file, at most `maximum` bytes after decompression.
pub(super) fn read_all(path: &Path, maximum: u64) -> Result<Vec<u8>, TargetError> {
    let bytes = read_at_most(&mut open(path)?, maximum.saturating_add(1))
        .map_err(|source| TargetError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > maximum {
        return Err(TargetError::TooLarge { path: path.to_owned(), maximum });
    }
    Ok(bytes)
}

/// Reads to the end or to `most` bytes. Unlike `read_to_end` alone, never reserves more than `most`
/// needs.
fn read_at_most(reader: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    const FIRST: usize = 64 << 10;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let more = (bytes.len() / 2).max(FIRST).min(most - bytes.len());
        bytes.try_reserve_exact(more)?;
        if reader.take(more as u64).read_to_end(&mut bytes)? < more {
            break;
        }
    }
    Ok(bytes)
}
