//! Store paths: `/nix/store/<digest>-<name>`, a digest of 160 bits in Nix's base-32 and a name.
//!
//! [`StorePath`] is the part after the store folder, since the folder is a property of the store;
//! [`StoreDir`] joins and takes apart. How paths are *computed* is in `make`.

mod make;

use crate::base32;
use crate::text::{character_at, shorten};
use std::fmt;
use std::str::FromStr;

pub use make::{FixedMethod, MakePathError, PathReferences};
pub(crate) use make::{fold, output_name};

/// Why a text is not a store path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorePathError {
    /// It is not directly inside the store folder.
    #[error("`{path}` is not a path in the store {store}")]
    NotInStore {
        /// The text.
        path: String,
        /// The store folder.
        store: String,
    },
    /// It has no room for a digest, a dash and a name.
    #[error("`{0}` is too short for a store path")]
    TooShort(String),
    /// The digest has a wrong character.
    #[error("`{path}`: {character:?} at offset {offset} is not a digit of a store path's digest")]
    Digest {
        /// The text.
        path: String,
        /// The wrong character.
        character: char,
        /// Its offset.
        offset: usize,
    },
    /// The name is not one that Nix allows.
    #[error("`{path}`: {problem}")]
    Name {
        /// The text.
        path: String,
        /// What is wrong.
        problem: StoreNameError,
    },
}

/// Why a name is not allowed in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreNameError {
    /// It has no characters.
    #[error("the name is empty")]
    Empty,
    /// More than [`StorePath::MAX_NAME_LEN`] bytes.
    #[error("the name has {0} bytes, more than {limit}", limit = StorePath::MAX_NAME_LEN)]
    TooLong(usize),
    /// `.`, `..`, or these followed by a dash: they would be special to file systems or scripts.
    #[error("the name is or begins like a special folder (`.`, `..`, `.-`, `..-`)")]
    Dots,
    /// A character other than letters, digits and `+-._?=`.
    #[error("the name has the character {character:?} at offset {offset}")]
    Character {
        /// The character.
        character: char,
        /// Its offset in the name.
        offset: usize,
    },
}

/// Checks a name for the store by the rules of Nix (`checkName` in `path.cc`).
pub fn check_name(name: &str) -> Result<(), StoreNameError> {
    if name.is_empty() {
        return Err(StoreNameError::Empty);
    }
    if name.len() > StorePath::MAX_NAME_LEN {
        return Err(StoreNameError::TooLong(name.len()));
    }
    if matches!(name, "." | "..") || name.starts_with(".-") || name.starts_with("..-") {
        return Err(StoreNameError::Dots);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_' | b'?' | b'=');
    match name.bytes().position(|b| !allowed(b)) {
        None => Ok(()),
        Some(offset) => {
            let (offset, character) = character_at(name, offset);
            Err(StoreNameError::Character { character, offset })
        }
    }
}

/// A store path without its folder: `<digest>-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath(Box<str>);

impl StorePath {
    /// Digits of the digest.
    pub const DIGEST_LEN: usize = 32;
    /// Longest name that Nix accepts: file names may have 255 bytes, and suffixes such as `.lock`
    /// must still fit.
    pub const MAX_NAME_LEN: usize = 211;

    /// Reads `<digest>-<name>`.
    pub fn from_base_name(text: &str) -> Result<Self, StorePathError> {
        let shown = || shorten(text);
        let digest =
            text.as_bytes().get(..Self::DIGEST_LEN).ok_or_else(|| StorePathError::TooShort(shown()))?;
        if let Some(offset) = digest.iter().position(|byte| base32::digit_value(*byte).is_none()) {
            let (offset, character) = character_at(text, offset);
            return Err(StorePathError::Digest { path: shown(), character, offset });
        }
        let name = text.get(Self::DIGEST_LEN..).and_then(|rest| rest.strip_prefix('-'));
        let name = name.ok_or_else(|| StorePathError::TooShort(shown()))?;
        check_name(name).map_err(|problem| StorePathError::Name { path: shown(), problem })?;
        Ok(Self(text.into()))
    }

    /// A path from its digest of 20 bytes and its name.
    pub fn from_parts(digest: &[u8; 20], name: &str) -> Result<Self, StorePathError> {
        let text = format!("{}-{name}", base32::encode(digest));
        check_name(name).map_err(|problem| StorePathError::Name { path: text.clone(), problem })?;
        Ok(Self(text.into()))
    }

    /// `<digest>-<name>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest, 32 digits.
    pub fn digest(&self) -> &str {
        self.0.get(..Self::DIGEST_LEN).unwrap_or("")
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.get(Self::DIGEST_LEN + 1..).unwrap_or("")
    }

    /// Whether it is a derivation: the name ends in `.drv`.
    pub fn is_derivation(&self) -> bool {
        self.0.ends_with(".drv")
    }

    /// The name of the derivation, without the suffix, if this is the path of one.
    pub fn derivation_name(&self) -> Option<&str> {
        self.name().strip_suffix(".drv")
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StorePath {
    type Err = StorePathError;

    fn from_str(text: &str) -> Result<Self, StorePathError> {
        Self::from_base_name(text)
    }
}

impl AsRef<str> for StorePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The folder of a store, absolute and without a slash at the end. It is part of every digest: the
/// same file has another path in another store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreDir(Box<str>);

impl Default for StoreDir {
    fn default() -> Self {
        Self("/nix/store".into())
    }
}

impl StoreDir {
    /// A folder. `None` if the path is not absolute.
    pub fn new(path: &str) -> Option<Self> {
        let trimmed = path.trim_end_matches('/');
        (trimmed.starts_with('/') && !trimmed.contains('\0')).then(|| Self(trimmed.into()))
    }

    /// The folder's path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A path in full, for printing.
    pub const fn display<'a>(&'a self, path: &'a StorePath) -> FullStorePath<'a> {
        FullStorePath { store: self, path }
    }

    /// Reads a full path such as `/nix/store/<digest>-<name>`, directly inside the store.
    pub fn parse(&self, text: &str) -> Result<StorePath, StorePathError> {
        let rest = text.strip_prefix(self.as_str()).and_then(|r| r.strip_prefix('/'));
        let rest = rest.ok_or_else(|| StorePathError::NotInStore {
            path: shorten(text),
            store: self.as_str().to_owned(),
        })?;
        StorePath::from_base_name(rest)
    }

    /// Reads a full path that may go on inside the store path: the store path and the rest behind
    /// the slash.
    pub fn parse_inside<'a>(&self, text: &'a str) -> Result<(StorePath, &'a str), StorePathError> {
        let end = text.get(self.as_str().len() + 1..).and_then(|rest| rest.find('/'));
        let Some(end) = end.map(|e| e + self.as_str().len() + 1) else { return Ok((self.parse(text)?, "")) };
        let (path, rest) = text.split_at(end);
        Ok((self.parse(path)?, rest.trim_start_matches('/')))
    }
}

impl fmt::Display for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A store path with its folder.
#[derive(Debug, Clone, Copy)]
pub struct FullStorePath<'a> {
    store: &'a StoreDir,
    path: &'a StorePath,
}

impl fmt::Display for FullStorePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.store, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIGEST: &str = "ib3sh3pcz10wsmavxvkdbayhqivbghlq";

    #[test]
    fn parts() {
        let path = StoreDir::default().parse(&format!("/nix/store/{DIGEST}-hello-2.12.1")).unwrap();
        assert_eq!((path.digest(), path.name(), path.is_derivation()), (DIGEST, "hello-2.12.1", false));
        let inside = format!("/nix/store/{DIGEST}-hello/bin/hello");
        let (path, rest) = StoreDir::default().parse_inside(&inside).unwrap();
        assert_eq!((path.name(), rest), ("hello", "bin/hello"));
    }

    #[test]
    fn what_is_no_store_path() {
        let store = StoreDir::default();
        for text in ["", "/nix/store", "/nix/store/", "/nix/storex/a", "/nix/store/short-name", "relative"] {
            assert!(store.parse(text).is_err(), "{text}");
            assert!(store.parse_inside(text).is_err(), "{text}");
        }
        for name in ["", ".", "..", ".-a", "..-a", "a/b", "a b", "ä", "a\0"] {
            assert!(StorePath::from_base_name(&format!("{DIGEST}-{name}")).is_err(), "{name}");
        }
        assert!(StorePath::from_base_name(&format!("{DIGEST}-{}", "a".repeat(212))).is_err());
        assert!(StorePath::from_base_name(&format!("{DIGEST}-{}", "a".repeat(211))).is_ok());
        let with_e = format!("e{}-x", &DIGEST[1..]);
        assert!(matches!(StorePath::from_base_name(&with_e), Err(StorePathError::Digest { offset: 0, .. })));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}", near in "/nix/store/[0-9a-z]{30,34}-?\\PC{0,10}") {
            let _ = StorePath::from_base_name(&text);
            let _ = StoreDir::default().parse_inside(&text);
            let _ = StoreDir::default().parse_inside(&near);
        }

        #[test]
        fn digests_survive(digest: [u8; 20], name in "[a-z0-9+_?=][a-zA-Z0-9+._?=-]{0,40}") {
            let path = StorePath::from_parts(&digest, &name).unwrap();
            prop_assert_eq!(StorePath::from_base_name(path.as_str()).unwrap(), path.clone());
            prop_assert_eq!(base32::decode(path.digest()).unwrap(), digest);
        }
    }
}
