//! Passphrases and PINs.

use files::{FileError, ReadError};
use pkcs8::der::zeroize::Zeroizing;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No passphrase is longer.
const MAX_FILE: u64 = 64 << 10;

/// A passphrase, a PIN, or a private key in PEM. It is not printed, and its memory is overwritten
/// when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// What a file holds, at most `limit` bytes. No copy of it stays in memory.
    pub fn read(path: &Path, limit: u64) -> Result<Self, ReadError> {
        // With room for all of it, and a byte that shows that there is more: what grows is moved,
        // and leaves copies.
        let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(64);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        let file = File::open(path).map_err(FileError::on("read", path))?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(FileError::on("read", path))?;
        if bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge { path: path.to_owned(), limit });
        }
        Ok(Self(bytes))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text; `None` if it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where a secret comes from. It is read when it is needed.
#[derive(Debug, Clone, Default)]
pub enum SecretSource {
    /// There is none.
    #[default]
    None,
    /// A file, without the line ends at its end.
    File(PathBuf),
    /// The caller has it.
    Given(Secret),
}

impl SecretSource {
    /// Reads the secret, if there is one.
    pub fn read(&self) -> Result<Option<Secret>, ReadError> {
        match self {
            Self::None => Ok(None),
            Self::Given(secret) => Ok(Some(secret.clone())),
            Self::File(path) => {
                let mut secret = Secret::read(path, MAX_FILE)?;
                while secret.0.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                    secret.0.pop();
                }
                Ok(Some(secret))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_a_file_are_no_part_of_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, b"a secret \r\n\n").unwrap();
        let secret = SecretSource::File(path).read().unwrap().unwrap();
        assert_eq!(secret.as_bytes(), b"a secret ");
        assert_eq!(format!("{secret:?}").find("a secret"), None);
        assert!(SecretSource::None.read().unwrap().is_none());
        assert!(SecretSource::File(folder.path().join("none")).read().is_err());
    }
}
