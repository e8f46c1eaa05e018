//! What steps take and give: files and folders, named by what they hold.

use files::{FileError, NodeKind, TreeError};
use nix_formats::HashAlgorithm;
use nix_formats::nar::{NarError, NarLimits, hash_tree};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of what a reader gives.
    pub fn of_reader(mut reader: impl Read) -> std::io::Result<Self> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = reader.read(&mut buffer)?;
            if read == 0 {
                return Ok(Self(hash.finalize().into()));
            }
            hash.update(buffer.get(..read).unwrap_or_default());
        }
    }

    /// Of a file.
    pub fn of_file(path: &Path) -> Result<Self, FileError> {
        File::open(path).and_then(Self::of_reader).map_err(FileError::on("read", path))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no SHA-256: that has 64 hexadecimal digits")]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let wrong = || DigestError(text.chars().take(80).collect());
        let digits: Vec<u8> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        if digits.len() != 64 {
            return Err(wrong());
        }
        Ok(Self(bytes.try_into().map_err(|_| wrong())?))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// The kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A file, by the SHA-256 of its bytes.
    File,
    /// A file that may be executed, by the SHA-256 of its bytes.
    Program,
    /// A folder, by the SHA-256 of its Nix archive.
    Folder,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Program => "program",
            Self::Folder => "folder",
        })
    }
}

/// A file or folder, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Object {
    /// Of which kind it is.
    pub kind: ObjectKind,
    /// The SHA-256, of what its kind says.
    pub sha256: Digest,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind, self.sha256)
    }
}

/// Why a file or folder cannot be an object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder has something in it that a Nix archive cannot hold, or cannot be read.
    #[error("cannot read {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why it failed.
        source: NarError,
    },
    /// A tree is too deep, or cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It is a link, a device, or what else there is.
    #[error("{} is {kind}, and neither a file nor a folder", path.display())]
    Neither {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: NodeKind,
    },
}

impl Object {
    /// What the file or folder at `path` is. Links, devices and what else a step might leave as its
    /// output are errors; inside of folders links are kept as they are.
    pub fn at(path: &Path) -> Result<Self, ObjectError> {
        let found = path.symlink_metadata().map_err(FileError::on("read", path))?;
        if found.is_dir() {
            let hashed = hash_tree(path, HashAlgorithm::Sha256, &NarLimits::default());
            let (hash, _) = hashed.map_err(|source| ObjectError::Folder { path: path.to_owned(), source })?;
            // It is a SHA-256, and that has 32 bytes.
            let mut sha256 = [0; 32];
            sha256.iter_mut().zip(hash.digest()).for_each(|(to, from)| *to = *from);
            return Ok(Self { kind: ObjectKind::Folder, sha256: Digest(sha256) });
        }
        if !found.is_file() {
            return Err(ObjectError::Neither { path: path.to_owned(), kind: NodeKind::of(&found) });
        }
        let kind =
            if found.permissions().mode() & 0o100 == 0 { ObjectKind::File } else { ObjectKind::Program };
        Ok(Self { kind, sha256: Digest::of_file(path)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_and_shown() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), text);
        assert_eq!(text.parse::<Digest>().unwrap(), Digest::of(b""));
        for wrong in ["", "e3", &text[1..], &format!("{text}00"), &text.replace('e', "g"), &"é".repeat(32)] {
            wrong.parse::<Digest>().unwrap_err();
        }
    }
}
