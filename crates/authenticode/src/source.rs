//! Where bytes are read from: memory, or a file of any size.

use core::convert::Infallible;

/// An image, or a part of one: bytes of known number that can be read anywhere.
pub trait ImageSource {
    /// Why it cannot be read.
    type Error: core::error::Error + Send + Sync + 'static;

    /// Its length in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` with the bytes from `offset` on. Whoever calls has made sure that there are
    /// as many.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Self::Error>;
}

impl ImageSource for [u8] {
    type Error = Infallible;

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Infallible> {
        let found = usize::try_from(offset).ok().and_then(|start| self.get(start..)?.get(..buffer.len()));
        match found {
            Some(found) => buffer.copy_from_slice(found),
            // Against the contract; there is nothing better to give.
            None => buffer.fill(0),
        }
        Ok(())
    }
}

/// A file. Its length is that of the moment when it was opened; one that becomes shorter is an
/// error when it is read.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct FileSource {
    file: std::fs::File,
    length: u64,
}

#[cfg(feature = "std")]
impl FileSource {
    /// Takes over an open file.
    pub fn new(file: std::fs::File) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        Ok(Self { file, length: metadata.len() })
    }

    /// The open file.
    pub fn file(&self) -> &std::fs::File {
        &self.file
    }
}

#[cfg(feature = "std")]
impl ImageSource for FileSource {
    type Error = std::io::Error;

    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), std::io::Error> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }
}
