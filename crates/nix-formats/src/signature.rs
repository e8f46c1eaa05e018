//! Ed25519 signatures on store paths, and the key files they are made and checked with.
//!
//! Keys and signatures are written as `NAME:BASE64`. The name says which key a signature is to be checked with; by
//! convention it looks like a host name with a number, `cache.example.org-1`. A public key has 32 bytes, a secret
//! key 64 (the seed and the public key, in the order of libsodium), a signature 64. See `signature/local-keys.cc`
//! in Nix; Ed25519 itself is RFC 8032.
//!
//! What is signed about a store path is its [fingerprint](crate::narinfo::fingerprint).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a public key, and of the seed of a secret one.
pub const KEY_LENGTH: usize = ed25519_dalek::PUBLIC_KEY_LENGTH;
/// Bytes of a secret key in its file: seed and public key.
pub const SECRET_KEY_LENGTH: usize = ed25519_dalek::KEYPAIR_LENGTH;
/// Bytes of an Ed25519 signature.
pub const SIGNATURE_LENGTH: usize = ed25519_dalek::SIGNATURE_LENGTH;

/// Longest text that is looked at; real ones have some 150 bytes.
const MAX_TEXT: usize = 4096;

/// Standard base64; Nix writes padding and does not insist on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is wrong with a key or a signature. Never quotes key material.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
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

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// It was made with a key of another name.
    #[error("the signature was made with another key")]
    OtherKey,
    /// It does not have the length of an Ed25519 signature.
    #[error("the signature has {0} bytes instead of {SIGNATURE_LENGTH}")]
    Length(usize),
    /// It was not made over these bytes with this key.
    #[error("the signature does not match")]
    Mismatch,
}

/// The name of a key: not empty, without white space, control characters or colons, so that it survives being
/// written to a narinfo file, a list in `nix.conf` or the database.
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

/// Splits `NAME:BASE64` and decodes the second half, whose bytes are wiped when they are dropped.
fn parse(text: &str, what: &'static str) -> Result<(KeyName, Zeroizing<Vec<u8>>), SignatureError> {
    if text.len() > MAX_TEXT {
        return Err(SignatureError::TooLong { what });
    }
    let (name, encoded) = text.split_once(':').ok_or(SignatureError::NoColon { what })?;
    let name = KeyName::checked(name, what)?;
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let length = BASE64.decode_slice(encoded, &mut bytes).map_err(|_| SignatureError::Base64 { what })?;
    bytes.truncate(length);
    Ok((name, bytes))
}

fn array<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], SignatureError> {
    bytes.try_into().map_err(|_| SignatureError::Length { what, found: bytes.len(), expected: N })
}

/// A signature as it stands in a narinfo file or in the database.
///
/// Its length is not checked when it is read: what was signed in another way, or is damaged, must not keep the rest
/// of a record from being read. It just does not verify.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    key_name: KeyName,
    bytes: Box<[u8]>,
}

impl Signature {
    /// A signature from its parts.
    pub fn new(key_name: KeyName, bytes: impl Into<Box<[u8]>>) -> Self {
        Self { key_name, bytes: bytes.into() }
    }

    /// Name of the key that made it.
    pub fn key_name(&self) -> &KeyName {
        &self.key_name
    }

    /// The signature itself; [`SIGNATURE_LENGTH`] bytes if it is sound.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let (key_name, bytes) = parse(text, "signature")?;
        if bytes.is_empty() {
            return Err(SignatureError::Length { what: "signature", found: 0, expected: SIGNATURE_LENGTH });
        }
        Ok(Self { key_name, bytes: bytes.as_slice().into() })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key_name, BASE64.encode(&self.bytes))
    }
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: KeyName,
    key: VerifyingKey,
}

impl PublicKey {
    /// A key from its parts.
    pub fn new(name: KeyName, bytes: &[u8; KEY_LENGTH]) -> Result<Self, SignatureError> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) => Ok(Self { name, key }),
            Err(_) => Err(SignatureError::Key { name }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The point, compressed as in RFC 8032.
    pub fn as_bytes(&self) -> &[u8; KEY_LENGTH] {
        self.key.as_bytes()
    }

    /// Checks that `signature` was made over `message` with this key.
    ///
    /// Like libsodium, refuses malleable signatures and keys of small order.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), VerifyError> {
        if signature.key_name != self.name {
            return Err(VerifyError::OtherKey);
        }
        let bytes: &[u8; SIGNATURE_LENGTH] =
            signature.as_bytes().try_into().map_err(|_| VerifyError::Length(signature.bytes.len()))?;
        self.key
            .verify_strict(message, &ed25519_dalek::Signature::from_bytes(bytes))
            .map_err(|_| VerifyError::Mismatch)
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    /// Reads `NAME:BASE64`, with or without the line end of a key file.
    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let what = "public key";
        let (name, bytes) = parse(text.trim_end(), what)?;
        Self::new(name, &array(&bytes, what)?)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, BASE64.encode(self.as_bytes()))
    }
}

/// A key that signatures are made with.
///
/// The key is wiped from memory when it is dropped and does not show in `Debug`; the only way to get it out is
/// [`SecretKey::to_secret_text`].
pub struct SecretKey {
    name: KeyName,
    key: SigningKey,
}

impl SecretKey {
    /// A new key from [`KEY_LENGTH`] random bytes, which `fill` must write: pass the random source of the operating
    /// system. The same bytes give the same key.
    pub fn generate<E>(
        name: KeyName,
        fill: impl FnOnce(&mut [u8; KEY_LENGTH]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut seed = Zeroizing::new([0; KEY_LENGTH]);
        fill(&mut seed)?;
        Ok(Self { name, key: SigningKey::from_bytes(&seed) })
    }

    /// Reads `NAME:BASE64`, with or without the line end of a key file.
    ///
    /// The halves of the key must belong together. Nix does not check this, but signing with a wrong public half
    /// gives the secret half away.
    pub fn from_secret_text(text: &str) -> Result<Self, SignatureError> {
        let what = "secret key";
        let (name, bytes) = parse(text.trim_end(), what)?;
        let bytes: Zeroizing<[u8; SECRET_KEY_LENGTH]> = Zeroizing::new(array(&bytes, what)?);
        match SigningKey::from_keypair_bytes(&bytes) {
            Ok(key) => Ok(Self { name, key }),
            Err(_) => Err(SignatureError::Halves { name }),
        }
    }

    /// The text of a key file, without line end; wiped when it is dropped.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(self.key.to_keypair_bytes());
        // The whole capacity at once: growing would leave a copy behind in freed memory.
        let encoded = base64::encoded_len(SECRET_KEY_LENGTH, true).unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(self.name.0.len() + 1 + encoded));
        text.push_str(&self.name.0);
        text.push(':');
        BASE64.encode_string(bytes.as_slice(), &mut text);
        text
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public key that belongs to it.
    pub fn public_key(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Signs `message`.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature::new(self.name.clone(), self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Keys that are trusted, by name: what `trusted-public-keys` is in `nix.conf`.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys(BTreeMap<KeyName, PublicKey>);

impl TrustedKeys {
    /// Trusts `key`; a key of the same name is replaced and given back.
    pub fn insert(&mut self, key: PublicKey) -> Option<PublicKey> {
        self.0.insert(key.name.clone(), key)
    }

    /// The key of that name.
    pub fn get(&self, name: &KeyName) -> Option<&PublicKey> {
        self.0.get(name)
    }

    /// The names of those keys that made a valid signature over `message`, each once, in the order of `signatures`.
    ///
    /// Signatures by other keys, and broken ones, do not count and do no harm.
    pub fn valid_signers<'a>(
        &'a self,
        message: &[u8],
        signatures: impl IntoIterator<Item = &'a Signature>,
    ) -> Vec<&'a KeyName> {
        let mut signers = Vec::new();
        for signature in signatures {
            let Some(key) = self.0.get(&signature.key_name) else { continue };
            if !signers.contains(&&key.name) && key.verify(message, signature).is_ok() {
                signers.push(&key.name);
            }
        }
        signers
    }
}

impl FromIterator<PublicKey> for TrustedKeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        let mut trusted = Self::default();
        for key in keys {
            trusted.insert(key);
        }
        trusted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(seed: [u8; 32]) -> SecretKey {
        let name = KeyName::new("test-1").unwrap();
        SecretKey::generate(name, |bytes| {
            *bytes = seed;
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap()
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn rfc_8032() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let key = key(hex::decode(seed).unwrap().try_into().unwrap());
        assert_eq!(hex::encode(key.public_key().as_bytes()), public);
        assert_eq!(hex::encode(key.sign(&[0x72]).as_bytes()), signature);
        key.public_key().verify(&[0x72], &key.sign(&[0x72])).unwrap();
    }

    #[test]
    fn debug_keeps_the_secret() {
        let key = key([0xab; 32]);
        let text = key.to_secret_text();
        let debug = format!("{key:?}");
        assert!(debug.contains("test-1"));
        assert!(
            !debug.contains("171") && !debug.contains("abab") && !debug.contains(&text[8..20]),
            "{debug}"
        );
    }

    #[test]
    fn refuses_halves_that_do_not_belong_together() {
        let mut bytes = key([1; 32]).key.to_keypair_bytes();
        bytes[32..].copy_from_slice(key([2; 32]).public_key().as_bytes());
        let error = SecretKey::from_secret_text(&format!("a:{}", BASE64.encode(bytes))).unwrap_err();
        assert!(matches!(error, SignatureError::Halves { .. }), "{error}");
    }

    #[test]
    fn refuses_malformed_text() {
        let good = key([3; 32]).public_key().to_string();
        assert_eq!(format!("{good}\n").parse::<PublicKey>().unwrap().to_string(), good);
        for bad in ["", ":", "a", "a:", ":AAAA", "a b:AAAA", "a:A", "a:AA*A", "a:AAAA", "a\n:AAAA"] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad:?}");
            assert!(SecretKey::from_secret_text(bad).is_err(), "{bad:?}");
        }
        assert!("a:".parse::<Signature>().is_err());
        assert!(format!("a:{}", "A".repeat(5000)).parse::<Signature>().is_err());
    }

    #[test]
    fn only_trusted_keys_count() {
        let (one, two) = (key([1; 32]), key([2; 32]));
        let signatures = [two.sign(b"m"), one.sign(b"other"), one.sign(b"m"), one.sign(b"m")];
        let trusted = TrustedKeys::from_iter([one.public_key()]);
        assert_eq!(trusted.valid_signers(b"m", &signatures), [one.name()]);
        assert!(trusted.valid_signers(b"m", &signatures[..2]).is_empty());
        assert!(TrustedKeys::default().valid_signers(b"m", &signatures).is_empty());
    }

    proptest! {
        #[test]
        fn texts_survive(seed: [u8; 32], message: Vec<u8>) {
            let key = key(seed);
            let text = key.to_secret_text();
            let again = SecretKey::from_secret_text(&text).unwrap();
            let public: PublicKey = key.public_key().to_string().parse().unwrap();
            let signature: Signature = again.sign(&message).to_string().parse().unwrap();
            prop_assert_eq!(public.verify(&message, &signature), Ok(()));
        }

        #[test]
        fn any_change_breaks_a_signature(seed: [u8; 32], message: Vec<u8>, bit in 0_usize..512) {
            let key = key(seed);
            let mut bytes = key.sign(&message).as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let forged = Signature::new(key.name().clone(), bytes);
            prop_assert_eq!(key.public_key().verify(&message, &forged), Err(VerifyError::Mismatch));
        }

        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = text.parse::<Signature>();
            let _ = text.parse::<PublicKey>();
            let _ = SecretKey::from_secret_text(&text);
        }
    }
}
