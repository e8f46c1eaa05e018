//! Reading up to a limit.

use crate::FileError;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is larger than is allowed.
    #[error("{}: more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is allowed.
        limit: u64,
    },
    /// It is a folder, a pipe or a device where a regular file is wanted.
    #[error("{}: not a regular file", path.display())]
    NotRegular {
        /// What it is not.
        path: PathBuf,
    },
    /// It is not text.
    #[error("{}: not UTF-8 at byte {offset}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not part of a character.
        offset: usize,
    },
}

/// The bytes of the file at `path`, which may also be a pipe or a device; at most `limit`.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(FileError::on("read", path))?;
    read(&file, path, limit)
}

/// The bytes of the regular file at `path`, at most `limit`. A pipe is refused before it is opened:
/// that could wait forever.
pub fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let regular = |found: io::Result<std::fs::Metadata>| match found {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(ReadError::NotRegular { path: path.to_owned() }),
        Err(error) => Err(FileError::new("read", path, error).into()),
    };
    regular(std::fs::metadata(path))?;
    let file = File::open(path).map_err(FileError::on("read", path))?;
    // Somebody may have put something else in its place meanwhile.
    regular(file.metadata())?;
    read(&file, path, limit)
}

/// The text of the file at `path`, in UTF-8, at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64) -> Result<String, ReadError> {
    String::from_utf8(read_limited(path, limit)?).map_err(|error| ReadError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

fn read(file: &File, path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that there is more.
    let mut taken = file.take(limit.saturating_add(1));
    taken.read_to_end(&mut bytes).map_err(FileError::on("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn limits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
        assert!(matches!(read_limited(&path, 4), Err(ReadError::TooLarge { limit: 4, .. })));
        // Its length is not known before.
        assert!(matches!(read_limited(Path::new("/dev/zero"), 4), Err(ReadError::TooLarge { .. })));
        assert_eq!(read_regular(&path, u64::MAX).unwrap(), b"12345");
        for path in ["/dev/zero", "/"] {
            assert!(matches!(read_regular(Path::new(path), 4), Err(ReadError::NotRegular { .. })));
        }
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
        assert!(matches!(read_regular(&pipe, 4), Err(ReadError::NotRegular { .. })));
        let missing = read_limited(&folder.path().join("none"), 4).unwrap_err();
        assert!(missing.to_string().ends_with("/none"), "{missing}");
        fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(read_text(&path, 9), Err(ReadError::NotText { offset: 2, .. })));
    }
}
