//! `.narinfo` files: what a binary cache records about a store path, and what exactly is signed
//! about it.
//!
//! A file is lines of `Field: value`. These are known; others are kept as they are, because caches
//! add their own:
//!
//! | field | value |
//! |---|---|
//! | `StorePath` | the full path |
//! | `URL` | where the archive is, relative to the cache |
//! | `Compression` | how it is compressed; `bzip2` if missing |
//! | `FileHash`, `FileSize` | of the compressed archive (optional) |
//! | `NarHash`, `NarSize` | of the archive itself |
//! | `References` | names within the store, separated by spaces |
//! | `Deriver` | name of the derivation within the store, or `unknown-deriver` (optional) |
//! | `System` | platform, only from old versions (optional) |
//! | `Sig` | a signature of the [fingerprint](path_fingerprint); any number |
//! | `CA` | how the path follows from its contents (optional) |
//!
//! See `libstore/nar-info.cc` in Nix. This reader is stricter in that no field but `Sig` may stand
//! twice.

use crate::hash::{Hash, HashError};
#[cfg(feature = "signing")]
use crate::signature::{KeyName, SecretKey, TrustedKeys};
use crate::signature::{Signature, SignatureError};
use crate::store_path::{StoreDir, StorePath, StorePathError};
use std::fmt::{self, Write as _};
use std::num::ParseIntError;
use thiserror::Error;

/// What is wrong with a narinfo file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NarInfoError {
    /// It is larger than [`NarInfo::MAX_SIZE`].
    #[error("the narinfo file has {0} bytes; at most {limit} are read", limit = NarInfo::MAX_SIZE)]
    TooLarge(usize),
    /// A line is not of the form `Field: value`, or does not end.
    #[error("line {line} of the narinfo file is not of the form \"Field: value\"")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// A field stands twice.
    #[error("line {line} of the narinfo file: {field} stands twice")]
    Duplicate {
        /// Counted from 1.
        line: usize,
        /// Which field.
        field: String,
    },
    /// A value is not what it should be.
    #[error("line {line} of the narinfo file: {field}: {problem}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// Which field.
        field: String,
        /// What is wrong with it.
        problem: NarInfoProblem,
    },
    /// A field that must be there is missing.
    #[error("the narinfo file has no {0}")]
    Missing(&'static str),
}

/// What is wrong with a value of a narinfo file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NarInfoProblem {
    /// A hash is none.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A store path is none.
    #[error(transparent)]
    Path(#[from] StorePathError),
    /// A signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is not made of digits.
    #[error("not a number")]
    NotANumber,
    /// A number is too large, or missing.
    #[error(transparent)]
    Number(#[from] ParseIntError),
    /// The size of an archive is given as 0.
    #[error("it cannot be 0")]
    Zero,
    /// There is white space in it, or nothing at all.
    #[error("one word expected")]
    NotOneWord,
}

/// A narinfo file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarInfo {
    /// The path.
    pub store_path: StorePath,
    /// Where the archive is, relative to the cache.
    pub url: String,
    /// How the archive is compressed: `none`, `xz`, `zstd` …
    pub compression: String,
    /// Hash of the compressed archive.
    pub file_hash: Option<Hash>,
    /// Bytes of the compressed archive.
    pub file_size: Option<u64>,
    /// Hash of the archive.
    pub nar_hash: Hash,
    /// Bytes of the archive; not 0.
    pub nar_size: u64,
    /// Paths that it mentions, ascending and each once; itself too if it does.
    pub references: Vec<StorePath>,
    /// The derivation that built it.
    pub deriver: Option<StorePath>,
    /// The platform that it was built for.
    pub system: Option<String>,
    /// Signatures, in the order of the file.
    pub signatures: Vec<Signature>,
    /// How the path follows from its contents, if it does, as Nix writes it.
    pub ca: Option<String>,
    /// Fields that are not known here, with their values, in the order of the file.
    pub other: Vec<(String, String)>,
}

impl NarInfo {
    /// Largest file that is read, in bytes. References make the size; the largest real ones have
    /// some 100 KiB.
    pub const MAX_SIZE: usize = 4 << 20;

    /// Reads a file about the store at `store_dir`.
    pub fn parse(store_dir: &StoreDir, text: &str) -> Result<Self, NarInfoError> {
        if text.len() > Self::MAX_SIZE {
            return Err(NarInfoError::TooLarge(text.len()));
        }
        let mut fields = Fields::default();
        let mut rest = text;
        let mut line = 0;
        while !rest.is_empty() {
            line += 1;
            // The last line ends too: otherwise it may have been cut off.
            let (content, after) = rest.split_once('\n').ok_or(NarInfoError::Line { line })?;
            let (field, value) = content.split_once(':').ok_or(NarInfoError::Line { line })?;
            if !is_field_name(field) || value.contains(|c: char| c.is_control()) {
                return Err(NarInfoError::Line { line });
            }
            let value = match value.strip_prefix(' ') {
                Some(value) => value,
                None if value.is_empty() => "",
                None => return Err(NarInfoError::Line { line }),
            };
            fields.take(store_dir, &Place { line, field }, value)?;
            rest = after;
        }
        fields.finish()
    }

    /// What a signature of this path is made over.
    pub fn fingerprint(&self, store_dir: &StoreDir) -> String {
        path_fingerprint(store_dir, &self.store_path, &self.nar_hash, self.nar_size, &self.references)
    }

    /// Adds a signature by `key`, unless it is there already.
    #[cfg(feature = "signing")]
    pub fn sign(&mut self, store_dir: &StoreDir, key: &SecretKey) {
        let signature = key.sign(self.fingerprint(store_dir).as_bytes());
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// The names of those keys in `trusted` that signed this path.
    #[cfg(feature = "signing")]
    pub fn valid_signers<'a>(&'a self, store_dir: &StoreDir, trusted: &'a TrustedKeys) -> Vec<&'a KeyName> {
        trusted.valid_signers(self.fingerprint(store_dir).as_bytes(), &self.signatures)
    }

    /// The file as Nix would write it; fields that Nix does not know come last.
    pub fn display<'a>(&'a self, store_dir: &'a StoreDir) -> impl fmt::Display + 'a {
        Printed { info: self, store_dir }
    }
}

/// What a signature of a store path is made over:
/// `1;PATH;HASH;SIZE;REFERENCE,REFERENCE…` with full paths and the hash in Nix's base 32.
///
/// The references may come in any order and more than once; they are sorted here.
pub fn path_fingerprint(
    store_dir: &StoreDir,
    path: &StorePath,
    nar_hash: &Hash,
    nar_size: u64,
    references: &[StorePath],
) -> String {
    let mut references: Vec<&StorePath> = references.iter().collect();
    references.sort_unstable();
    references.dedup();
    let mut text = format!("1;{};{};{nar_size};", store_dir.display(path), nar_hash.prefixed_base32());
    for (number, reference) in references.into_iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{}", store_dir.display(reference));
    }
    text
}

struct Printed<'a> {
    info: &'a NarInfo,
    store_dir: &'a StoreDir,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info;
        writeln!(f, "StorePath: {}", self.store_dir.display(&info.store_path))?;
        writeln!(f, "URL: {}", info.url)?;
        writeln!(f, "Compression: {}", info.compression)?;
        if let Some(hash) = &info.file_hash {
            writeln!(f, "FileHash: {}", hash.prefixed_base32())?;
        }
        if let Some(size) = info.file_size {
            writeln!(f, "FileSize: {size}")?;
        }
        writeln!(f, "NarHash: {}", info.nar_hash.prefixed_base32())?;
        writeln!(f, "NarSize: {}", info.nar_size)?;
        f.write_str("References: ")?;
        for (number, reference) in info.references.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{reference}")?;
        }
        f.write_str("\n")?;
        if let Some(deriver) = &info.deriver {
            writeln!(f, "Deriver: {deriver}")?;
        }
        if let Some(system) = &info.system {
            writeln!(f, "System: {system}")?;
        }
        for signature in &info.signatures {
            writeln!(f, "Sig: {signature}")?;
        }
        if let Some(ca) = &info.ca {
            writeln!(f, "CA: {ca}")?;
        }
        for (field, value) in &info.other {
            writeln!(f, "{field}: {value}")?;
        }
        Ok(())
    }
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Where a value stands.
struct Place<'a> {
    line: usize,
    field: &'a str,
}

impl Place<'_> {
    fn bad(&self, problem: impl Into<NarInfoProblem>) -> NarInfoError {
        NarInfoError::Value { line: self.line, field: self.field.to_owned(), problem: problem.into() }
    }

    /// Fills `slot`, which must be empty.
    fn set<T>(&self, slot: &mut Option<T>, value: T) -> Result<(), NarInfoError> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(NarInfoError::Duplicate { line: self.line, field: self.field.to_owned() }),
        }
    }

    fn hash(&self, value: &str) -> Result<Hash, NarInfoError> {
        Hash::parse_any_prefixed(value).map_err(|error| self.bad(error))
    }

    fn number(&self, value: &str) -> Result<u64, NarInfoError> {
        if !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.bad(NarInfoProblem::NotANumber));
        }
        value.parse::<u64>().map_err(|error| self.bad(error))
    }

    fn name(&self, value: &str) -> Result<StorePath, NarInfoError> {
        StorePath::from_base_name(value).map_err(|error| self.bad(error))
    }

    fn token(&self, value: &str) -> Result<String, NarInfoError> {
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(self.bad(NarInfoProblem::NotOneWord));
        }
        Ok(value.to_owned())
    }
}

/// The fields seen so far.
#[derive(Default)]
struct Fields {
    store_path: Option<StorePath>,
    url: Option<String>,
    compression: Option<String>,
    file_hash: Option<Hash>,
    file_size: Option<u64>,
    nar_hash: Option<Hash>,
    nar_size: Option<u64>,
    references: Option<Vec<StorePath>>,
    deriver: Option<StorePath>,
    deriver_seen: Option<()>,
    system: Option<String>,
    signatures: Vec<Signature>,
    ca: Option<String>,
    other: Vec<(String, String)>,
}

impl Fields {
    fn take(&mut self, store_dir: &StoreDir, place: &Place<'_>, value: &str) -> Result<(), NarInfoError> {
        match place.field {
            "StorePath" => {
                let path = store_dir.parse(value).map_err(|error| place.bad(error))?;
                place.set(&mut self.store_path, path)
            }
            "URL" => place.set(&mut self.url, place.token(value)?),
            // Nix takes an empty value for the default as well.
            "Compression" if value.is_empty() => place.set(&mut self.compression, "bzip2".to_owned()),
            "Compression" => place.set(&mut self.compression, place.token(value)?),
            "FileHash" => place.set(&mut self.file_hash, place.hash(value)?),
            "FileSize" => place.set(&mut self.file_size, place.number(value)?),
            "NarHash" => place.set(&mut self.nar_hash, place.hash(value)?),
            "NarSize" => match place.number(value)? {
                0 => Err(place.bad(NarInfoProblem::Zero)),
                size => place.set(&mut self.nar_size, size),
            },
            "References" => {
                let names = value.split(' ').filter(|name| !name.is_empty());
                let mut references = names.map(|name| place.name(name)).collect::<Result<Vec<_>, _>>()?;
                references.sort_unstable();
                references.dedup();
                place.set(&mut self.references, references)
            }
            "Deriver" => {
                if value != "unknown-deriver" {
                    self.deriver = Some(place.name(value)?);
                }
                place.set(&mut self.deriver_seen, ())
            }
            "System" => place.set(&mut self.system, place.token(value)?),
            "Sig" => {
                self.signatures.push(value.parse::<Signature>().map_err(|error| place.bad(error))?);
                Ok(())
            }
            "CA" if value.is_empty() => Ok(()),
            "CA" => place.set(&mut self.ca, place.token(value)?),
            other => {
                self.other.push((other.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<NarInfo, NarInfoError> {
        Ok(NarInfo {
            store_path: self.store_path.ok_or(NarInfoError::Missing("StorePath"))?,
            url: self.url.ok_or(NarInfoError::Missing("URL"))?,
            compression: self.compression.unwrap_or_else(|| "bzip2".to_owned()),
            file_hash: self.file_hash,
            file_size: self.file_size,
            nar_hash: self.nar_hash.ok_or(NarInfoError::Missing("NarHash"))?,
            nar_size: self.nar_size.ok_or(NarInfoError::Missing("NarSize"))?,
            references: self.references.unwrap_or_default(),
            deriver: self.deriver,
            system: self.system,
            signatures: self.signatures,
            ca: self.ca,
            other: self.other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::HashAlgorithm;
    use crate::signature::KeyName;
    use proptest::prelude::*;

    const GOOD: &str = "StorePath: /nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1
URL: nar/x.nar.xz
NarHash: sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s
NarSize: 8
";

    fn parse(text: &str) -> Result<NarInfo, NarInfoError> {
        NarInfo::parse(&StoreDir::default(), text)
    }

    #[test]
    fn what_may_be_left_out() {
        let info = parse(GOOD).unwrap();
        assert_eq!(info.compression, "bzip2");
        assert!(info.references.is_empty() && info.deriver.is_none() && info.ca.is_none());
        let info =
            parse(&format!("{GOOD}References:\nDeriver: unknown-deriver\nCA: \nX-New: 1 2\n")).unwrap();
        assert!(info.references.is_empty() && info.deriver.is_none() && info.ca.is_none());
        assert_eq!(info.other, [("X-New".to_owned(), "1 2".to_owned())]);
        let printed = info.display(&StoreDir::default()).to_string();
        assert_eq!(parse(&printed).unwrap(), info);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (number, line) in GOOD.lines().enumerate() {
            let without = GOOD.replace(&format!("{line}\n"), "");
            assert!(matches!(parse(&without), Err(NarInfoError::Missing(_))), "{line}");
            let field = line.split(':').next().unwrap().to_owned();
            let twice = parse(&format!("{GOOD}{line}\n")).unwrap_err();
            assert_eq!(twice, NarInfoError::Duplicate { line: 5, field });
            let cut = GOOD.lines().take(number + 1).collect::<Vec<_>>().join("\n");
            assert_eq!(parse(&cut).unwrap_err(), NarInfoError::Line { line: number + 1 });
        }
        for line in ["nonsense", "A b: c", ": x", "X:y", "X: a\tb", "X: a\rb", ""] {
            assert_eq!(
                parse(&format!("{GOOD}{line}\n")).unwrap_err(),
                NarInfoError::Line { line: 5 },
                "{line}"
            );
        }
        for (field, value) in [
            ("FileHash", "x"),
            ("FileSize", "-1"),
            ("FileSize", "+1"),
            ("FileSize", ""),
            ("FileSize", "18446744073709551616"),
            ("References", "../x"),
            ("References", "/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello"),
            ("Deriver", "x.drv"),
            ("Sig", "nothing"),
            ("CA", "a b"),
        ] {
            let error = parse(&format!("{GOOD}{field}: {value}\n")).unwrap_err();
            assert!(
                matches!(&error, NarInfoError::Value { line: 5, field: named, .. } if named == field),
                "{error}"
            );
        }
        let zero = GOOD.replace("NarSize: 8", "NarSize: 0");
        assert!(matches!(parse(&zero), Err(NarInfoError::Value { line: 4, .. })));
        let elsewhere = GOOD.replace("/nix/store", "/gnu/store");
        assert!(matches!(parse(&elsewhere), Err(NarInfoError::Value { line: 1, .. })));
        assert!(matches!(parse(&"X: y\n".repeat(NarInfo::MAX_SIZE)), Err(NarInfoError::TooLarge(_))));
    }

    fn store_path() -> impl Strategy<Value = StorePath> {
        (any::<[u8; 20]>(), "[a-z][a-z0-9.-]{0,20}")
            .prop_map(|(digest, name)| StorePath::from_parts(&digest, &name).unwrap())
    }

    prop_compose! {
        fn infos()(
            store_path in store_path(),
            (url, compression) in ("[a-z/.]{1,30}", "[a-z]{1,5}"),
            file in prop::option::of((any::<[u8; 4]>(), any::<u64>())),
            nar_hash in any::<[u8; 4]>().prop_map(|bytes| HashAlgorithm::Sha256.hash(&bytes)),
            nar_size in 1_u64..,
            references in prop::collection::btree_set(store_path(), 0..5),
            deriver in prop::option::of(store_path()),
            system in prop::option::of("[a-z0-9_]{1,8}-linux"),
            signatures in prop::collection::vec(
                ("[!-9;-~]{1,10}", prop::collection::vec(any::<u8>(), 1..80)).prop_map(|(name, bytes)| {
                    Signature::new(KeyName::new(&name).unwrap(), bytes)
                }),
                0..4,
            ),
            ca in prop::option::of("fixed:r:sha256:[a-z0-9]{52}"),
        ) -> NarInfo {
            NarInfo {
                store_path,
                url,
                compression,
                file_hash: file.map(|(bytes, _)| HashAlgorithm::Sha256.hash(&bytes)),
                file_size: file.map(|(_, size)| size),
                nar_hash,
                nar_size,
                references: references.into_iter().collect(),
                deriver,
                system,
                signatures,
                ca,
                other: Vec::new(),
            }
        }
    }

    proptest! {
        #[test]
        fn files_survive(info in infos()) {
            let text = info.display(&StoreDir::default()).to_string();
            prop_assert_eq!(parse(&text), Ok(info));
        }

        #[test]
        fn damage_never_panics(info in infos(), place: prop::sample::Index, with in ".{0,5}") {
            let mut text = info.display(&StoreDir::default()).to_string();
            let at = place.index(text.len());
            text.replace_range(at..=at, &with);
            if let Ok(info) = parse(&text) {
                // What was understood is printed so that it is understood the same way.
                let printed = info.display(&StoreDir::default()).to_string();
                prop_assert_eq!(parse(&printed), Ok(info));
            }
        }
    }
}
