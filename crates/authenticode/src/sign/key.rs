//! Private keys that stand in files: PKCS #8 (RFC 5958, also encrypted), PKCS #1 (RFC 8017), SEC 1
//! (RFC 5915) and PKCS #12 (RFC 7292), in PEM or DER, as OpenSSL reads them.
//!
//! ring computes the signatures. Keys never leave this module, and no part of them is printed.

use super::derive::Octets;
use super::encryption;
use super::key_error::{MAX_KEY_FILE, PrivateKeyError};
use super::pkcs12::{Pkcs12, is_indefinite, is_pkcs12, shrouded};
use super::secret::Secret;
use crate::asn1::{DerError, Element, Elements};
use crate::certificate::{Certificate, EC, PublicKeyError, RSA};
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use crate::pem::{self, Block};
use der::Tag;
use pkcs8::EncodePrivateKey;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair};
use std::fmt;

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
    /// Reads a key from the bytes of a file; `passphrase` is for encrypted ones. Of several keys in
    /// PEM, and of the text around, the first counts.
    pub fn read(file: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        if file.len() > MAX_KEY_FILE {
            return Err(PrivateKeyError::TooLarge);
        }
        let blocks = pem::blocks(file, &LABELS);
        match blocks.map(|blocks| blocks.into_iter().next()) {
            Ok(Some(block)) => Self::of_block(&block, passphrase),
            // What looks like PEM may stand in DER.
            Err(error) if file.first() != Some(&SEQUENCE) => {
                Err(PrivateKeyError::Format(ForeignError::new(error)))
            }
            _ => Self::of_der(file, passphrase).map_err(|error| match (error, pem::any_label(file)) {
                (PrivateKeyError::Format(_), Some(label)) => PrivateKeyError::Label(label.to_owned()),
                (error, _) => error,
            }),
        }
    }

    fn of_block(block: &Block<'_>, passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        let mut octets = Octets::default();
        block.decode(&mut octets).map_err(|error| PrivateKeyError::Format(ForeignError::new(error)))?;
        let header = |wanted: &[u8]| {
            let mut found = block.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| *value)
        };
        if header(b"Proc-Type").is_some_and(|value| value.ends_with(b"ENCRYPTED")) {
            let passphrase = passphrase.ok_or(PrivateKeyError::PassphraseNeeded)?;
            let how = header(b"DEK-Info").unwrap_or_default();
            octets = encryption::traditional(how, octets, passphrase)?;
            whole(&octets)?;
        }
        match block.label {
            "ENCRYPTED PRIVATE KEY" => Self::of_encrypted(&octets, passphrase),
            "RSA PRIVATE KEY" => Self::of_pkcs1(&octets),
            "EC PRIVATE KEY" => Self::of_sec1(&octets, None),
            _ => Self::of_pkcs8(&octets),
        }
    }

    /// Whether it is the key of a certificate.
    ///
    /// # Errors
    /// The certificate has a key of an unknown kind.
    pub fn is_of(&self, certificate: &Certificate) -> Result<bool, PublicKeyError> {
        let public = certificate.public_key()?;
        let algorithm = if public.bits() == 384 { DigestAlgorithm::Sha384 } else { DigestAlgorithm::Sha256 };
        let probe = b"does the key belong to the certificate?";
        // A key on another curve does not even sign this digest.
        let Ok(signature) = self.sign(algorithm, probe) else { return Ok(false) };
        Ok(public.verify(public.kind(), algorithm, &algorithm.digest(probe), &signature).is_ok())
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
        if is_indefinite(bytes) {
            return Err(PrivateKeyError::Ber);
        }
        // What stands behind is passed over, as OpenSSL does it.
        let bytes = Elements::new(bytes, "key").next("key").map_err(malformed)?.whole;
        if is_pkcs12(bytes) {
            let mut found = Pkcs12::read(bytes, passphrase)?;
            return Self::of_pkcs8(&std::mem::take(&mut found.key));
        }
        if shrouded(Elements::new(bytes, "key")).is_ok() {
            return Self::of_encrypted(bytes, passphrase);
        }
        match Self::of_pkcs8(bytes) {
            Err(error @ PrivateKeyError::Format(_)) => {
                Self::of_pkcs1(bytes).or_else(|_| Self::of_sec1(bytes, None)).map_err(|_| error)
            }
            other => other,
        }
    }

    fn of_encrypted(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        let (algorithm, encrypted) = shrouded(Elements::new(bytes, "key")).map_err(malformed)?;
        let passphrase = passphrase.ok_or(PrivateKeyError::PassphraseNeeded)?;
        let decrypted = encryption::decrypt(algorithm, encrypted, passphrase)?;
        whole(&decrypted)?;
        Self::of_pkcs8(&decrypted)
    }

    /// `PrivateKeyInfo`; attributes and a public key behind it say nothing.
    fn of_pkcs8(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        let read = || {
            let mut fields =
                Elements::new(bytes, "PrivateKeyInfo").expect("PrivateKeyInfo", Tag::Sequence)?.inside();
            fields.next("version")?.integer()?;
            let mut algorithm = fields.expect("privateKeyAlgorithm", Tag::Sequence)?.inside();
            let oid = algorithm.oid("privateKeyAlgorithm")?;
            Ok((oid, algorithm, fields.expect("privateKey", Tag::OctetString)?.value))
        };
        let (oid, parameters, key) = read().map_err(malformed)?;
        if oid == RSA {
            return Self::of_pkcs1(key);
        }
        if oid != EC {
            return Err(PrivateKeyError::Algorithm(oid.to_string()));
        }
        let mut parameters = parameters;
        // A curve that has no name is none of ours.
        let curve = parameters.oid("namedCurve").map_err(|_| PrivateKeyError::Curve)?;
        Self::of_sec1(key, Some(curve))
    }

    fn of_pkcs1(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        let key =
            RsaKeyPair::from_der(bytes).map_err(|error| PrivateKeyError::Kind(ForeignError::new(error)))?;
        Ok(Self(Pair::Rsa(Box::new(key))))
    }

    /// `ECPrivateKey`, which may leave out the curve and the public key. ring wants both.
    fn of_sec1(bytes: &[u8], curve: Option<Oid>) -> Result<Self, PrivateKeyError> {
        let random = SystemRandom::new();
        let failed = |error| PrivateKeyError::Kind(ForeignError::new(error));
        let is = |wanted: Oid| curve.is_none_or(|curve| curve == wanted);
        if is(P256)
            && let Ok(key) = p256::SecretKey::from_sec1_der(bytes)
            && let Ok(document) = key.to_pkcs8_der()
        {
            let kind = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_bytes(), &random);
            return pair.map(|pair| Self(Pair::P256(pair))).map_err(failed);
        }
        if is(P384)
            && let Ok(key) = p384::SecretKey::from_sec1_der(bytes)
            && let Ok(document) = key.to_pkcs8_der()
        {
            let kind = &signature::ECDSA_P384_SHA384_ASN1_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_bytes(), &random);
            return pair.map(|pair| Self(Pair::P384(pair))).map_err(failed);
        }
        Err(PrivateKeyError::Curve)
    }
}

/// The labels of keys.
const LABELS: [&str; 4] = ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
/// The first octet of a key in DER.
const SEQUENCE: u8 = 0x30;
const P256: Oid = Oid::new("1.2.840.10045.3.1.7");
const P384: Oid = Oid::new("1.3.132.0.34");

/// What a wrong passphrase decrypts is no element, even where its padding looks right.
fn whole(decrypted: &[u8]) -> Result<(), PrivateKeyError> {
    let read = || {
        let mut outer = Elements::new(decrypted, "key");
        let found: Element<'_> = outer.expect("key", Tag::Sequence)?;
        outer.finish()?;
        found.inside().next("version").map(drop)
    };
    read().map_err(|_: DerError| PrivateKeyError::Decryption)
}

fn malformed(error: DerError) -> PrivateKeyError {
    PrivateKeyError::Format(ForeignError::new(error))
}
