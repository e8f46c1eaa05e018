//! Ed25519 signatures on store paths, and the key files they are made and checked with.
//!
//! Keys and signatures are written as `NAME:BASE64`. The name identifies the key that a signature
//! is to be checked with; by convention it looks like a host name with a number,
//! `cache.example.org-1`. A public key has 32 bytes, a secret key 64 (the seed and the public key,
//! in the order of libsodium), a signature 64. See `signature/local-keys.cc` in Nix; Ed25519 itself
//! is RFC 8032.
//!
//! What is signed about a store path is its [fingerprint](crate::path_fingerprint).

#[cfg(feature = "signing")]
mod keys;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

#[cfg(feature = "signing")]
pub use keys::{PublicKey, SecretKey, SecretText, TrustedKeys, VerifyError};

/// Longest text that is looked at; real ones have some 150 bytes.
const MAX_TEXT: usize = 4096;

/// Standard base64; Nix writes padding and does not insist on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is wrong with a key or a signature. Never quotes key material.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The text has no `:`.
    #[error("{what} is not of the form NAME:BASE64")]
    NoColon {
        /// What was being read.
        what: &'static str,
    },
    /// The name is empty, too long, or holds white space, control characters or a colon.
    #[error("{what} has an unusable key name")]
    Name {
        /// What was being read.
        what: &'static str,
    },
    /// What follows the colon is not base64.
    #[error("{what} does not hold valid base64")]
    Base64 {
        /// What was being read.
        what: &'static str,
    },
    /// The number of bytes is wrong.
    #[error("{what} has {found} bytes instead of {expected}")]
    Length {
        /// What was being read.
        what: &'static str,
        /// Bytes there are.
        found: usize,
        /// Bytes there must be.
        expected: usize,
    },
    /// The text is absurdly long.
    #[error("{what} is longer than {MAX_TEXT} bytes")]
    TooLong {
        /// What was being read.
        what: &'static str,
    },
    /// The public key is not a point of the curve.
    #[error("public key {name} is not a valid Ed25519 key")]
    Key {
        /// Its name.
        name: KeyName,
    },
    /// The second half of a secret key is not the public key that belongs to the first.
    #[error("the two halves of secret key {name} do not belong together")]
    Halves {
        /// Its name.
        name: KeyName,
    },
}

/// The name of a key: not empty, without white space, control characters or colons, so that it
/// survives being written to a narinfo file, a list in `nix.conf` or the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Longest name, in bytes.
    pub const MAX_LENGTH: usize = 1024;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, SignatureError> {
        Self::checked(name, "key name")
    }

    fn checked(name: &str, what: &'static str) -> Result<Self, SignatureError> {
        let bad = |c: char| c == ':' || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.len() > Self::MAX_LENGTH || name.contains(bad) {
            return Err(SignatureError::Name { what });
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits `NAME:BASE64`.
fn split<'t>(text: &'t str, what: &'static str) -> Result<(KeyName, &'t str), SignatureError> {
    if text.len() > MAX_TEXT {
        return Err(SignatureError::TooLong { what });
    }
    let (name, encoded) = text.split_once(':').ok_or(SignatureError::NoColon { what })?;
    Ok((KeyName::checked(name, what)?, encoded))
}

/// Decodes base64 into `bytes`, which has [`base64::decoded_len_estimate`] bytes, and gives how
/// many it made.
fn decode(encoded: &str, bytes: &mut [u8], what: &'static str) -> Result<usize, SignatureError> {
    // What the decoder reports quotes a character, which may be of a secret key.
    BASE64.decode_slice(encoded, bytes).map_err(|_| SignatureError::Base64 { what })
}

/// A signature as it stands in a narinfo file or in the database.
///
/// Its length is not checked when it is read: what was signed in another way, or is damaged, must
/// not keep the rest of a record from being read. It just does not verify.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    key_name: KeyName,
    bytes: Box<[u8]>,
}

impl Signature {
    /// Bytes of an Ed25519 signature.
    pub const LENGTH: usize = 64;

    /// A signature from its parts.
    pub fn new(key_name: KeyName, bytes: impl Into<Box<[u8]>>) -> Self {
        Self { key_name, bytes: bytes.into() }
    }

    /// Name of the key that made it.
    pub fn key_name(&self) -> &KeyName {
        &self.key_name
    }

    /// The signature itself; [`Signature::LENGTH`] bytes if it is sound.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let what = "signature";
        let (key_name, encoded) = split(text, what)?;
        let mut bytes = vec![0; base64::decoded_len_estimate(encoded.len())];
        let length = decode(encoded, &mut bytes, what)?;
        if length == 0 {
            return Err(SignatureError::Length { what, found: 0, expected: Self::LENGTH });
        }
        bytes.truncate(length);
        Ok(Self { key_name, bytes: bytes.into() })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key_name, BASE64.encode(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_malformed_text() {
        for bad in ["", ":", "a", "a:", ":AAAA", "a b:AAAA", "a:A", "a:AA*A", "a\n:AAAA"] {
            assert!(bad.parse::<Signature>().is_err(), "{bad:?}");
        }
        // Of whatever length: it just does not verify.
        assert_eq!("a:AAAA".parse::<Signature>().unwrap().to_string(), "a:AAAA");
        assert!(format!("a:{}", "A".repeat(5000)).parse::<Signature>().is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = text.parse::<Signature>();
        }
    }
}
