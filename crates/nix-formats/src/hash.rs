//! Hashes in all the spellings that Nix has used: `sha256:<base-16|base-32|base-64>`, SRI
//! (`sha256-<base-64>`), and bare digests whose algorithm is known from elsewhere. Which of the
//! bases a digest is written in follows from its length.

use crate::base32::{self, Base32Error};
use crate::text::{character_at, shorten};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::Digest;
use std::fmt;
use std::str::FromStr;

/// Base-64 as Nix reads it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A hash algorithm that Nix knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// MD5, 16 bytes: only for very old fixed-output derivations.
    Md5,
    /// SHA-1, 20 bytes: only for old fixed-output derivations and git.
    Sha1,
    /// SHA-256, 32 bytes: what Nix uses everywhere.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
    /// BLAKE3, 32 bytes: an experimental feature of Nix.
    Blake3,
}

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The algorithm is not known.
    #[error("`{0}` is not a hash algorithm (expected md5, sha1, sha256, sha512 or blake3)")]
    Algorithm(String),
    /// The text has no algorithm and none is known from elsewhere.
    #[error("hash `{0}` does not name its algorithm")]
    NoAlgorithm(String),
    /// The text names another algorithm than the one that is known from elsewhere.
    #[error("hash `{text}` should be of {expected}")]
    OtherAlgorithm {
        /// The text.
        text: String,
        /// The algorithm it should have.
        expected: HashAlgorithm,
    },
    /// The digest's length fits none of the bases.
    #[error("hash `{text}` has {length} characters, which is wrong for {algorithm}")]
    Length {
        /// The text.
        text: String,
        /// How long its digest is.
        length: usize,
        /// The algorithm.
        algorithm: HashAlgorithm,
    },
    /// The digest has a wrong character.
    #[error("hash `{text}`: {problem}")]
    Digit {
        /// The text.
        text: String,
        /// What is wrong.
        problem: DigestError,
    },
}

/// What is wrong with a digest's characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// Of its length it should be base-16.
    #[error("character {character:?} at offset {offset} is not a base-16 digit")]
    Base16 {
        /// The character.
        character: char,
        /// Its offset in bytes.
        offset: usize,
    },
    /// Of its length it should be base-32.
    #[error(transparent)]
    Base32(#[from] Base32Error),
    /// It should be base-64.
    #[error(transparent)]
    Base64(Base64Error),
    /// It names an algorithm, which stands elsewhere here.
    #[error("character {character:?} at offset {offset} is not a digit")]
    Separator {
        /// `:` or `-`.
        character: char,
        /// Its offset in bytes.
        offset: usize,
    },
}

/// Why a text is not base-64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Base64Error(base64::DecodeError);

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512, Self::Blake3];

    /// Bytes of a digest.
    pub const fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The name, as in `sha256:…`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// The hash of some bytes.
    pub fn hash(self, bytes: &[u8]) -> Hash {
        let digest = match self {
            Self::Md5 => md5::Md5::digest(bytes).to_vec(),
            Self::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
            Self::Blake3 => blake3::hash(bytes).as_bytes().to_vec(),
        };
        Hash { algorithm: self, digest }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HashAlgorithm {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::ALL.into_iter().find(|a| a.name() == text).ok_or_else(|| HashError::Algorithm(shorten(text)))
    }
}

/// A digest and its algorithm. The digest has the algorithm's size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash {
    algorithm: HashAlgorithm,
    digest: Vec<u8>,
}

impl Hash {
    /// A hash from its digest; `None` if the digest has the wrong size.
    pub fn new(algorithm: HashAlgorithm, digest: Vec<u8>) -> Option<Self> {
        (digest.len() == algorithm.size()).then_some(Self { algorithm, digest })
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Reads `sha256:…` in any base, or SRI.
    pub fn parse_any_prefixed(text: &str) -> Result<Self, HashError> {
        Self::parse_any(text, None)
    }

    /// Reads a hash in any spelling. A bare digest needs the algorithm; where the text names one,
    /// it must be the same.
    pub fn parse_any(text: &str, algorithm: Option<HashAlgorithm>) -> Result<Self, HashError> {
        let (named, sri, digest) = if let Some((name, digest)) = text.split_once(':') {
            (Some(name.parse()?), false, digest)
        } else if let Some((name, digest)) = text.split_once('-') {
            (Some(name.parse()?), true, digest)
        } else {
            (None, false, text)
        };
        let algorithm = match (named, algorithm) {
            (Some(named), Some(expected)) if named != expected => {
                return Err(HashError::OtherAlgorithm { text: shorten(text), expected });
            }
            (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
            (None, None) => return Err(HashError::NoAlgorithm(shorten(text))),
        };
        let digit = |problem| HashError::Digit { text: shorten(text), problem };
        let size = algorithm.size();
        let digest = match digest.len() {
            length if !sri && length == size * 2 => decode_base16(digest).map_err(digit)?,
            length if !sri && length == base32::encoded_len(size) => {
                base32::decode(digest).map_err(|e| digit(e.into()))?
            }
            // Nix requires neither the padding of SRI nor for zeros in the bits that no byte holds.
            length if sri || length == size.div_ceil(3) * 4 => {
                let digest = digest.trim_end_matches('=');
                if digest.len() > size * 2 {
                    return Err(HashError::Length { text: shorten(text), length, algorithm });
                }
                LENIENT.decode(digest).map_err(|e| digit(DigestError::Base64(Base64Error(e))))?
            }
            length => return Err(HashError::Length { text: shorten(text), length, algorithm }),
        };
        let length = digest.len();
        Self::new(algorithm, digest).ok_or_else(|| HashError::Length {
            text: shorten(text),
            length,
            algorithm,
        })
    }

    /// Reads a digest in base-16, base-32 or base-64 without any algorithm in front, as it stands
    /// in `.drv` files.
    pub fn parse_bare(text: &str, algorithm: HashAlgorithm) -> Result<Self, HashError> {
        match text.char_indices().find(|(_, c)| matches!(c, ':' | '-')) {
            Some((offset, character)) => Err(HashError::Digit {
                text: shorten(text),
                problem: DigestError::Separator { character, offset },
            }),
            None => Self::parse_any(text, Some(algorithm)),
        }
    }

    /// The digest in base-16, without the algorithm.
    pub fn base16(&self) -> String {
        use fmt::Write;
        self.digest.iter().fold(String::with_capacity(self.digest.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The digest in Nix's base-32, without the algorithm.
    pub fn base32(&self) -> String {
        base32::encode(&self.digest)
    }

    /// The digest in base-64, without the algorithm.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.digest)
    }

    /// The W3C's form for subresource integrity: `sha256-…`.
    pub fn sri(&self) -> String {
        format!("{}-{}", self.algorithm, self.base64())
    }

    /// `sha256:` and base-16, as it stands inside the texts that store paths are computed from.
    pub fn prefixed_base16(&self) -> String {
        format!("{}:{}", self.algorithm, self.base16())
    }

    /// `sha256:` and base-32, as it stands in narinfo files.
    pub fn prefixed_base32(&self) -> String {
        format!("{}:{}", self.algorithm, self.base32())
    }
}

/// The SRI form.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sri())
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::parse_any_prefixed(text)
    }
}

fn decode_base16(text: &str) -> Result<Vec<u8>, DigestError> {
    let digit = |offset: usize, byte: u8| {
        let value = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        value.ok_or_else(|| {
            let (offset, character) = character_at(text, offset);
            DigestError::Base16 { character, offset }
        })
    };
    let pairs = text.as_bytes().chunks_exact(2).enumerate();
    pairs.map(|(i, pair)| Ok(digit(2 * i, pair[0])? << 4 | digit(2 * i + 1, pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_spelling_reads_back() {
        for algorithm in HashAlgorithm::ALL {
            let hash = algorithm.hash(b"some bytes");
            for text in [
                hash.sri(),
                hash.prefixed_base16(),
                hash.prefixed_base32(),
                format!("{algorithm}:{}", hash.base64()),
            ] {
                assert_eq!(text.parse::<Hash>().unwrap(), hash, "{text}");
            }
            for text in [hash.base16(), hash.base32(), hash.base64()] {
                assert_eq!(Hash::parse_any(&text, Some(algorithm)).unwrap(), hash, "{text}");
                assert!(Hash::parse_any(&text, None).is_err());
            }
        }
    }

    #[test]
    fn wrong_digits_are_named() {
        let digest = format!("{}ä0", "0".repeat(61));
        let error = Hash::parse_bare(&digest, HashAlgorithm::Sha256).unwrap_err();
        let expected = DigestError::Base16 { character: 'ä', offset: 61 };
        assert!(matches!(&error, HashError::Digit { problem, .. } if *problem == expected), "{error}");
    }

    #[test]
    fn contradictions_are_refused() {
        let text = HashAlgorithm::Sha256.hash(b"").sri();
        assert!(matches!(
            Hash::parse_any(&text, Some(HashAlgorithm::Sha1)),
            Err(HashError::OtherAlgorithm { .. })
        ));
        assert!(matches!("sha3:00".parse::<Hash>(), Err(HashError::Algorithm(_))));
        assert!(matches!("sha256:00".parse::<Hash>(), Err(HashError::Length { .. })));
        let sri_of_base16 = format!("sha256-{}", HashAlgorithm::Sha256.hash(b"").base16());
        assert!(sri_of_base16.parse::<Hash>().is_err(), "SRI is always base-64");
    }

    proptest! {
        #[test]
        fn never_panics(text in "(md5|sha1|sha256|sha512|blake3)?[:-]?\\PC{0,140}") {
            let _ = text.parse::<Hash>();
            let _ = Hash::parse_any(&text, Some(HashAlgorithm::Sha256));
        }
    }
}
