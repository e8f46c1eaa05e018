//! Keys: making signatures and checking them.

use super::{BASE64, KeyName, Signature, SignatureError, decode, split};
use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a secret key in its file: seed and public key.
const SECRET_LENGTH: usize = ed25519_dalek::KEYPAIR_LENGTH;

/// Reads `NAME:BASE64`, with or without the line end of a key file, into bytes that are wiped when
/// they are dropped.
fn read<const N: usize>(
    text: &str,
    what: &'static str,
) -> Result<(KeyName, Zeroizing<[u8; N]>), SignatureError> {
    let (name, encoded) = split(text.trim_end(), what)?;
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let found = decode(encoded, &mut bytes, what)?;
    let mut key = Zeroizing::new([0; N]);
    match bytes.get(..found) {
        Some(bytes) if found == N => key.copy_from_slice(bytes),
        _ => return Err(SignatureError::Length { what, found, expected: N }),
    }
    Ok((name, key))
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It was made with a key of another name.
    #[error("the signature was made with another key")]
    OtherKey,
    /// It does not have the length of an Ed25519 signature.
    #[error("the signature has {0} bytes instead of {expected}", expected = Signature::LENGTH)]
    Length(usize),
    /// It was not made over these bytes with this key.
    #[error("the signature does not match")]
    Mismatch,
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: KeyName,
    key: VerifyingKey,
}

impl PublicKey {
    /// Bytes of a public key, and of the seed of a secret one.
    pub const LENGTH: usize = ed25519_dalek::PUBLIC_KEY_LENGTH;

    /// A key from its parts.
    pub fn new(name: KeyName, bytes: &[u8; PublicKey::LENGTH]) -> Result<Self, SignatureError> {
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
    pub fn as_bytes(&self) -> &[u8; PublicKey::LENGTH] {
        self.key.as_bytes()
    }

    /// Checks that `signature` was made over `message` with this key.
    ///
    /// Like libsodium, refuses malleable signatures and keys of small order.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), VerifyError> {
        if signature.key_name != self.name {
            return Err(VerifyError::OtherKey);
        }
        let bytes: &[u8; Signature::LENGTH] =
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
        let (name, bytes) = read(text, "public key")?;
        Self::new(name, &bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, BASE64.encode(self.as_bytes()))
    }
}

/// A key that signatures are made with.
///
/// The key is wiped from memory when it is dropped and does not show in `Debug`; the only way to
/// get it out is [`SecretKey::to_secret_text`].
pub struct SecretKey {
    name: KeyName,
    key: SigningKey,
}

impl SecretKey {
    /// A new key from [`PublicKey::LENGTH`] random bytes, which `fill` must write: pass the random
    /// source of the operating system. The same bytes give the same key.
    pub fn generate<E>(
        name: KeyName,
        fill: impl FnOnce(&mut [u8; PublicKey::LENGTH]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut seed = Zeroizing::new([0; PublicKey::LENGTH]);
        fill(&mut seed)?;
        Ok(Self { name, key: SigningKey::from_bytes(&seed) })
    }

    /// Reads `NAME:BASE64`, with or without the line end of a key file.
    ///
    /// The halves of the key must belong together. Nix does not check this, but signing with a
    /// wrong public half gives the secret half away.
    pub fn from_secret_text(text: &str) -> Result<Self, SignatureError> {
        let (name, bytes) = read::<SECRET_LENGTH>(text, "secret key")?;
        match SigningKey::from_keypair_bytes(&bytes) {
            Ok(key) => Ok(Self { name, key }),
            Err(_) => Err(SignatureError::Halves { name }),
        }
    }

    /// The text of a key file, without line end; wiped when it is dropped.
    pub fn to_secret_text(&self) -> SecretText {
        let bytes = Zeroizing::new(self.key.to_keypair_bytes());
        // The whole capacity at once: growing would leave a copy behind in freed memory.
        let encoded = base64::encoded_len(SECRET_LENGTH, true).unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(self.name.0.len() + 1 + encoded));
        text.push_str(&self.name.0);
        text.push(':');
        BASE64.encode_string(bytes.as_slice(), &mut text);
        SecretText(text)
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

/// The text of a secret key; wiped from memory when it is dropped.
pub struct SecretText(Zeroizing<String>);

impl Deref for SecretText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
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

    /// The names of those keys that made a valid signature over `message`, each once, in the order
    /// of `signatures`.
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
    use super::*;
    use proptest::prelude::*;

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
            let _ = text.parse::<PublicKey>();
            let _ = SecretKey::from_secret_text(&text);
        }
    }
}
