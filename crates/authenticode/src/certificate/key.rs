//! Public keys, and signatures by them.

use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::referenced::OwnedToRef;
use der::{Decode, Encode};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::traits::PublicKeyParts;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// rsaEncryption.
pub(crate) const RSA: Oid = Oid::new("1.2.840.113549.1.1.1");
/// id-ecPublicKey.
pub(crate) const EC: Oid = Oid::new("1.2.840.10045.2.1");
const P256: Oid = Oid::new("1.2.840.10045.3.1.7");
const P384: Oid = Oid::new("1.3.132.0.34");

/// Why a key or a signature by it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Neither RSA nor ECDSA with P-256 or P-384.
    #[error("keys of the kind {0} are not supported: RSA of 1024 to 8192 bits, ECDSA P-256 and P-384 are")]
    Kind(String),
    /// The key itself is malformed, or its size is out of bounds.
    #[error("the public key is malformed or has a size that is not allowed: {0}")]
    Malformed(#[source] ForeignError),
    /// MD5, SHA-1, RSASSA-PSS and others.
    #[error("signatures of the kind {0} are not accepted")]
    Scheme(String),
    /// An RSA key with an ECDSA signature, for instance.
    #[error("a signature of the kind {0} was not made by a {1} key")]
    Mismatch(&'static str, &'static str),
    /// The signature is not by this key over these octets.
    #[error("the signature does not fit the key and the data")]
    Invalid,
}

/// How signatures are made with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSASSA-PKCS1-v1_5.
    Rsa,
    /// ECDSA.
    Ecdsa,
}

impl KeyKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
        }
    }
}

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheme {
    /// By which kind of key.
    pub kind: KeyKind,
    /// Over which digest. `None`: it is named elsewhere (`rsaEncryption` in signed data).
    pub digest: Option<DigestAlgorithm>,
}

impl Scheme {
    /// From an `AlgorithmIdentifier`.
    ///
    /// # Errors
    /// [`PublicKeyError::Scheme`] for everything that is not PKCS #1 v1.5 or ECDSA with SHA-1,
    /// SHA-256, SHA-384 or SHA-512.
    pub(crate) fn read(algorithm: &AlgorithmIdentifierOwned) -> Result<Self, PublicKeyError> {
        let name = algorithm.oid.to_string();
        let (kind, digest) = match name.as_str() {
            "1.2.840.113549.1.1.1" => (KeyKind::Rsa, None),
            "1.2.840.113549.1.1.5" => (KeyKind::Rsa, Some(DigestAlgorithm::Sha1)),
            "1.2.840.113549.1.1.11" => (KeyKind::Rsa, Some(DigestAlgorithm::Sha256)),
            "1.2.840.113549.1.1.12" => (KeyKind::Rsa, Some(DigestAlgorithm::Sha384)),
            "1.2.840.113549.1.1.13" => (KeyKind::Rsa, Some(DigestAlgorithm::Sha512)),
            "1.2.840.10045.2.1" => (KeyKind::Ecdsa, None),
            "1.2.840.10045.4.1" => (KeyKind::Ecdsa, Some(DigestAlgorithm::Sha1)),
            "1.2.840.10045.4.3.2" => (KeyKind::Ecdsa, Some(DigestAlgorithm::Sha256)),
            "1.2.840.10045.4.3.3" => (KeyKind::Ecdsa, Some(DigestAlgorithm::Sha384)),
            "1.2.840.10045.4.3.4" => (KeyKind::Ecdsa, Some(DigestAlgorithm::Sha512)),
            "1.2.840.113549.1.1.4" => return Err(PublicKeyError::Scheme("md5WithRSAEncryption".into())),
            "1.2.840.113549.1.1.10" => return Err(PublicKeyError::Scheme("RSASSA-PSS".into())),
            _ => return Err(PublicKeyError::Scheme(name)),
        };
        // RFC 4055 wants NULL with RSA, RFC 5758 nothing with ECDSA; some leave NULL out.
        if algorithm.parameters.as_ref().is_some_and(|p| !p.is_null()) {
            return Err(PublicKeyError::Scheme(alloc::format!("{name} with parameters")));
        }
        Ok(Self { kind, digest })
    }
}

/// A public key that signatures can be checked with.
///
/// RSA with a modulus of 1024 to 8192 bits, or ECDSA on P-256 or P-384.
#[derive(Debug, Clone)]
pub struct PublicKey(Key);

#[derive(Debug, Clone)]
enum Key {
    Rsa(Box<rsa::PublicKey>),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// From a `SubjectPublicKeyInfo` in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoOwned::from_der(der)
            .map_err(|error| PublicKeyError::Malformed(ForeignError::new(error)))?;
        Self::read(&info)
    }

    /// From a `SubjectPublicKeyInfo`.
    pub(crate) fn read(info: &SubjectPublicKeyInfoOwned) -> Result<Self, PublicKeyError> {
        let oid = Oid(info.algorithm.oid);
        if oid == RSA {
            return rsa::PublicKey::try_from(info.owned_to_ref())
                .map(|key| Self(Key::Rsa(Box::new(key))))
                .map_err(|error| PublicKeyError::Malformed(ForeignError::new(error)));
        }
        if oid != EC {
            return Err(PublicKeyError::Kind(oid.to_string()));
        }
        let curve = info
            .algorithm
            .parameters
            .as_ref()
            .and_then(|p| p.decode_as::<ObjectIdentifier>().ok())
            .map(Oid)
            .ok_or_else(|| PublicKeyError::Kind("id-ecPublicKey without a named curve".into()))?;
        let point = info.subject_public_key.as_bytes().unwrap_or_default();
        let key = if curve == P256 {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Key::P256)
        } else if curve == P384 {
            p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Key::P384)
        } else {
            return Err(PublicKeyError::Kind(alloc::format!("id-ecPublicKey on the curve {curve}")));
        };
        key.map(Self).map_err(|error| PublicKeyError::Malformed(ForeignError::new(error)))
    }

    /// What kind of key it is.
    pub const fn kind(&self) -> KeyKind {
        match &self.0 {
            Key::Rsa(_) => KeyKind::Rsa,
            Key::P256(_) | Key::P384(_) => KeyKind::Ecdsa,
        }
    }

    /// Its size in bits: of the modulus, or of the curve.
    pub fn bits(&self) -> usize {
        match &self.0 {
            Key::Rsa(key) => key.n().bit_width_vartime() as usize,
            Key::P256(_) => 256,
            Key::P384(_) => 384,
        }
    }

    /// The big-endian modulus of an RSA key, as signature lists of the kind `RSA2048` hold it.
    pub fn modulus(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Key::Rsa(key) => Some(key.n_bytes().into_vec()),
            _ => None,
        }
    }

    /// Checks a signature over something that has this digest.
    ///
    /// # Errors
    /// [`PublicKeyError::Mismatch`] if the signature is of another kind than the key,
    /// [`PublicKeyError::Invalid`] if it does not fit.
    pub fn verify(
        &self,
        kind: KeyKind,
        algorithm: DigestAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), PublicKeyError> {
        if kind != self.kind() {
            return Err(PublicKeyError::Mismatch(kind.name(), self.kind().name()));
        }
        if digest.len() != algorithm.size() {
            return Err(PublicKeyError::Invalid);
        }
        let fits = match &self.0 {
            Key::Rsa(key) => {
                let padding = match algorithm {
                    DigestAlgorithm::Sha1 => rsa::Pkcs1v15Sign::new::<sha1::Sha1>(),
                    DigestAlgorithm::Sha256 => rsa::Pkcs1v15Sign::new::<sha2::Sha256>(),
                    DigestAlgorithm::Sha384 => rsa::Pkcs1v15Sign::new::<sha2::Sha384>(),
                    DigestAlgorithm::Sha512 => rsa::Pkcs1v15Sign::new::<sha2::Sha512>(),
                };
                key.verify(padding, digest, signature).is_ok()
            }
            Key::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Key::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
        };
        if fits { Ok(()) } else { Err(PublicKeyError::Invalid) }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Key::Rsa(_) => write!(f, "RSA {}", self.bits()),
            Key::P256(_) | Key::P384(_) => write!(f, "ECDSA P-{}", self.bits()),
        }
    }
}

/// The digest algorithm that an `AlgorithmIdentifier` names.
///
/// # Errors
/// [`PublicKeyError::Scheme`] for MD5 and everything else that is not SHA-1, SHA-256, SHA-384 or
/// SHA-512, or has parameters.
pub(crate) fn digest_algorithm(
    algorithm: &AlgorithmIdentifierOwned,
) -> Result<DigestAlgorithm, PublicKeyError> {
    let name = algorithm.oid.to_string();
    let found = match name.as_str() {
        "1.3.14.3.2.26" => DigestAlgorithm::Sha1,
        "2.16.840.1.101.3.4.2.1" => DigestAlgorithm::Sha256,
        "2.16.840.1.101.3.4.2.2" => DigestAlgorithm::Sha384,
        "2.16.840.1.101.3.4.2.3" => DigestAlgorithm::Sha512,
        "1.2.840.113549.2.5" => return Err(PublicKeyError::Scheme("MD5".into())),
        _ => return Err(PublicKeyError::Scheme(name)),
    };
    if algorithm.parameters.as_ref().is_some_and(|p| !p.is_null()) {
        return Err(PublicKeyError::Scheme(alloc::format!("{found} with parameters")));
    }
    Ok(found)
}

/// The object identifier of a digest algorithm.
pub(crate) const fn digest_oid(algorithm: DigestAlgorithm) -> Oid {
    match algorithm {
        DigestAlgorithm::Sha1 => Oid::new("1.3.14.3.2.26"),
        DigestAlgorithm::Sha256 => Oid::new("2.16.840.1.101.3.4.2.1"),
        DigestAlgorithm::Sha384 => Oid::new("2.16.840.1.101.3.4.2.2"),
        DigestAlgorithm::Sha512 => Oid::new("2.16.840.1.101.3.4.2.3"),
    }
}

/// The DER of an `AlgorithmIdentifier` with NULL, as Authenticode has it everywhere, or without
/// parameters.
pub(crate) fn identifier(oid: Oid, null: bool) -> Vec<u8> {
    let parameters = null.then(|| AnyRef::NULL.into());
    AlgorithmIdentifierOwned { oid: oid.0, parameters }.to_der().unwrap_or_default()
}
