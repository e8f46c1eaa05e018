//! Private keys that stand in files: PKCS #8 (RFC 5958, also encrypted), PKCS #1 (RFC 8017) and SEC
//! 1 (RFC 5915), in PEM or DER.
//!
//! ring computes the signatures. Keys never leave this module, and no part of them is printed.

use super::secret::Secret;
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use pkcs8::der::Decode;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair};
use std::fmt;

/// No file with a key is larger.
pub const MAX_KEY_FILE: usize = 64 << 10;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// The file is too large.
    #[error("more than {MAX_KEY_FILE} bytes are too many for a key")]
    TooLarge,
    /// The file is neither PEM nor DER of a private key.
    #[error("it holds no private key in PEM or DER: {0}")]
    Format(#[source] ForeignError),
    /// PEM with something else in it.
    #[error("it holds `{0}` instead of a private key")]
    Label(String),
    /// It is encrypted, and there is no passphrase.
    #[error("it is encrypted: a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase is wrong, or the encryption is of a kind that is not known here.
    #[error("it cannot be decrypted: the passphrase is wrong, or the encryption unknown")]
    Decryption,
    /// A key that firmware would not accept, or that is damaged.
    #[error("it is no RSA key of 2048 to 4096 bits and no ECDSA key on P-256 or P-384: {0}")]
    Kind(#[source] ForeignError),
    /// A key on another curve.
    #[error(
        "it is no RSA key of 2048 to 4096 bits and no ECDSA key on P-256 or P-384: the curve of the EC key is another one"
    )]
    Curve,
    /// Keys on a curve sign one digest only.
    #[error("a key on {curve} signs {wanted} digests, not {given}")]
    Digest {
        /// The curve of the key.
        curve: &'static str,
        /// The digests that keys on this curve sign.
        wanted: DigestAlgorithm,
        /// The digest that it should sign.
        given: DigestAlgorithm,
    },
    /// Signing failed, or the digest is one that nothing is signed with any more.
    #[error("the key cannot sign")]
    Signing,
}

impl PrivateKeyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PassphraseNeeded => {
                Some("give --passphrase-file, or the variable SNOWGUARD_KEY_PASSPHRASE")
            }
            Self::Digest { .. } => Some("choose the digest with --digest"),
            _ => None,
        }
    }
}

/// A private key, ready to sign.
pub struct PrivateKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Pair::Rsa(_) => "PrivateKey(RSA)",
            Pair::P256(_) => "PrivateKey(P-256)",
            Pair::P384(_) => "PrivateKey(P-384)",
        })
    }
}

impl PrivateKey {
    /// Reads a key from the bytes of a file; `passphrase` is for encrypted ones.
    pub fn read(file: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        if file.len() > MAX_KEY_FILE {
            return Err(PrivateKeyError::TooLarge);
        }
        let Some(text) = pem(file) else { return Self::of_der(file, passphrase) };
        let (label, document) =
            SecretDocument::from_pem(text).map_err(|e| PrivateKeyError::Format(ForeignError::new(e)))?;
        match label {
            "PRIVATE KEY" => Self::of_pkcs8(document.as_bytes()),
            "ENCRYPTED PRIVATE KEY" => Self::of_encrypted(document.as_bytes(), passphrase),
            "RSA PRIVATE KEY" => Self::of_pkcs1(document.as_bytes()),
            "EC PRIVATE KEY" => Self::of_sec1(document.as_bytes()),
            other => Err(PrivateKeyError::Label(other.to_owned())),
        }
    }

    /// Signs a message, which is hashed with `algorithm`: PKCS #1 v1.5, or ECDSA in DER.
    pub fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, PrivateKeyError> {
        let random = SystemRandom::new();
        let curve = |curve, wanted| {
            if algorithm == wanted {
                Ok(())
            } else {
                Err(PrivateKeyError::Digest { curve, wanted, given: algorithm })
            }
        };
        match &self.0 {
            Pair::Rsa(key) => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    DigestAlgorithm::Sha1 => return Err(PrivateKeyError::Signing),
                    DigestAlgorithm::Sha256 => &signature::RSA_PKCS1_SHA256,
                    DigestAlgorithm::Sha384 => &signature::RSA_PKCS1_SHA384,
                    DigestAlgorithm::Sha512 => &signature::RSA_PKCS1_SHA512,
                };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signature).map_err(|_| PrivateKeyError::Signing)?;
                Ok(signature)
            }
            Pair::P256(key) => {
                curve("P-256", DigestAlgorithm::Sha256)?;
                key.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(|_| PrivateKeyError::Signing)
            }
            Pair::P384(key) => {
                curve("P-384", DigestAlgorithm::Sha384)?;
                key.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(|_| PrivateKeyError::Signing)
            }
        }
    }

    fn of_der(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        if EncryptedPrivateKeyInfoRef::from_der(bytes).is_ok() {
            return Self::of_encrypted(bytes, passphrase);
        }
        let pkcs8 = Self::of_pkcs8(bytes);
        pkcs8.or_else(|error| Self::of_pkcs1(bytes).or_else(|_| Self::of_sec1(bytes)).map_err(|_| error))
    }

    fn of_encrypted(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        let info = EncryptedPrivateKeyInfoRef::from_der(bytes)
            .map_err(|e| PrivateKeyError::Format(ForeignError::new(e)))?;
        let passphrase = passphrase.ok_or(PrivateKeyError::PassphraseNeeded)?;
        let document = info.decrypt(passphrase.as_bytes()).map_err(|_| PrivateKeyError::Decryption)?;
        Self::of_pkcs8(document.as_bytes())
    }

    fn of_pkcs8(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        let random = SystemRandom::new();
        let p256 = || EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, bytes, &random);
        let p384 = || EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING, bytes, &random);
        RsaKeyPair::from_pkcs8(bytes)
            .map(|key| Pair::Rsa(Box::new(key)))
            .or_else(|error| p256().map(Pair::P256).or_else(|_| p384().map(Pair::P384)).map_err(|_| error))
            .map(Self)
            .map_err(|error| PrivateKeyError::Kind(ForeignError::new(error)))
    }

    fn of_pkcs1(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        let key =
            RsaKeyPair::from_der(bytes).map_err(|error| PrivateKeyError::Kind(ForeignError::new(error)))?;
        Ok(Self(Pair::Rsa(Box::new(key))))
    }

    /// SEC 1 keys name their curve; ring wants PKCS #8 around them.
    fn of_sec1(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        const EC_PUBLIC_KEY: pkcs8::ObjectIdentifier =
            pkcs8::ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
        let curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34"].map(pkcs8::ObjectIdentifier::new_unwrap);
        for curve in curves {
            let algorithm =
                pkcs8::AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some((&curve).into()) };
            let Ok(private_key) = pkcs8::der::asn1::OctetStringRef::new(bytes) else { continue };
            let info = pkcs8::PrivateKeyInfoRef::new(algorithm, private_key);
            if let Ok(document) = SecretDocument::try_from(info)
                && let Ok(key) = Self::of_pkcs8(document.as_bytes())
            {
                return Ok(key);
            }
        }
        Err(PrivateKeyError::Curve)
    }
}

/// The text of a PEM file, from its first header on.
fn pem(file: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(file).ok()?;
    // OpenSSL writes the curve's parameters in front of a key.
    let labels =
        ["-----BEGIN PRIVATE", "-----BEGIN ENCRYPTED", "-----BEGIN RSA PRIVATE", "-----BEGIN EC PRIVATE"];
    let start =
        labels.iter().filter_map(|label| text.find(label)).min().or_else(|| text.find("-----BEGIN"))?;
    text.get(start..)
}
