//! Levels of SBAT, and what EFI programs say of themselves.

use authenticode::file::{ImageFile, ImageFileError};
use authenticode::pe::{ImageError, Layout, section_name};
use authenticode::sbat::{SHIM_SECTION, Sbat, SbatError, SbatLevel};
use authenticode::verify::SbatData;
use files::{FileError, ReadError, read_limited};
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Shim has one megabyte.
const MAX_FILE: u64 = 16 << 20;

/// Why a level, or the SBAT data of a program, cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShimError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A program cannot be read.
    #[error(transparent)]
    Image(#[from] ImageFileError),
    /// A file begins as programs do, and is none.
    #[error("{}", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError<Infallible>,
    },
    /// A program that is not shim.
    #[error("{} carries no levels as shim does", path.display())]
    NotShim {
        /// The file.
        path: PathBuf,
    },
    /// The text is not what SBAT wants.
    #[error("{}", path.display())]
    Sbat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SbatError,
    },
    /// The section of a program is one that shim would not look at.
    #[error("{}: .sbat: {problem}", path.display())]
    Section {
        /// The file.
        path: PathBuf,
        /// What is wrong with the section.
        problem: &'static str,
    },
}

/// Whether a file begins as EFI programs do.
pub fn is_image(path: &Path) -> Result<bool, ReadError> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(2).read_to_end(&mut start));
    read.map_err(FileError::on("read", path))?;
    Ok(start == b"MZ")
}

/// A level from a file of text, a variable of efivarfs, or shim itself (its latest).
pub fn read_level(path: &Path) -> Result<SbatLevel, ShimError> {
    if is_image(path)? {
        let [_, latest] = read_shim_levels(path)?;
        return Ok(latest);
    }
    let bytes = read_limited(path, MAX_FILE)?;
    // efivarfs puts four bytes of attributes before the text; no text has zeros there.
    let text = match bytes.split_first_chunk::<4>() {
        Some(([_, 0, 0, 0], text)) => text,
        _ => &bytes,
    };
    SbatLevel::read(text).map_err(|source| ShimError::Sbat { path: path.to_owned(), source })
}

/// The levels that shim carries: the one that it sets by itself, and the latest.
pub fn read_shim_levels(path: &Path) -> Result<[SbatLevel; 2], ShimError> {
    let bytes = read_limited(path, MAX_FILE)?;
    let layout = Layout::read(bytes.as_slice())
        .map_err(|source| ShimError::Layout { path: path.to_owned(), source })?;
    let levels = levels_of_shim(&bytes, &layout);
    let levels = levels.ok_or_else(|| ShimError::NotShim { path: path.to_owned() })?;
    levels.map_err(|source| ShimError::Sbat { path: path.to_owned(), source })
}

fn levels_of_shim(image: &[u8], layout: &Layout) -> Option<Result<[SbatLevel; 2], SbatError>> {
    let section = layout.sections.iter().find(|section| {
        section_name(image, layout, section).is_ok_and(|name| name == SHIM_SECTION.as_bytes())
    })?;
    let range = section.content_range();
    let content = image.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
    SbatLevel::read_shim(content)
}

/// The components that a program, or a file of text, names; `None` for a program without the
/// section.
pub fn read_sbat(path: &Path) -> Result<Option<Sbat>, ShimError> {
    let failed = |source| ShimError::Sbat { path: path.to_owned(), source };
    if !is_image(path)? {
        return Sbat::read(&read_limited(path, MAX_FILE)?).map(Some).map_err(failed);
    }
    let ImageFile { source, layout } = ImageFile::open(path)?;
    let data = SbatData::read(&source, &layout)
        .map_err(|error: io::Error| ReadError::from(FileError::new("read", path, error)))?;
    match data {
        SbatData::Missing => Ok(None),
        SbatData::Odd(problem) => Err(ShimError::Section { path: path.to_owned(), problem }),
        SbatData::Read(read) => read.map(Some).map_err(failed),
    }
}
