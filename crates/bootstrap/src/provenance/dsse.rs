//! Signatures around statements: DSSE envelopes (Dead Simple Signing Envelope, protocol 1.0.2) with
//! Ed25519 (RFC 8032).
//!
//! A key is a file in one of two forms:
//! - PEM, PKCS #8 (RFC 8410): what `openssl genpkey -algorithm ed25519` writes;
//! - Nix's form `NAME:BASE64`: what `nix-store --generate-binary-cache-key` writes.
//!
//! The identifier of the key in an envelope is the SHA-256 of the public key as
//! SubjectPublicKeyInfo (DER), in hexadecimal digits; [`DsseKey::public_pem`] gives the public key
//! as verifiers read it.

use crate::object::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

/// What the payload of an envelope is.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// `PrivateKeyInfo` of Ed25519 up to the 32 bytes of the key (RFC 8410, section 7).
const PKCS8: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// `SubjectPublicKeyInfo` of Ed25519 up to the 32 bytes of the key (RFC 8410, section 4).
const SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DsseKeyError {
    /// Neither form.
    #[error("this is no secret key: wanted is PEM (openssl genpkey -algorithm ed25519) or Nix's NAME:BASE64")]
    Unknown,
    /// PEM with something else inside.
    #[error("this PEM is no Ed25519 key in plain PKCS #8; encrypted keys and other algorithms are not read")]
    NotEd25519,
    /// Nix's form with two halves that are not of one key.
    #[error("the public half of this key does not belong to its secret half")]
    Halves,
}

/// A key to sign with.
#[derive(Debug)]
pub struct DsseKey(SigningKey);

impl DsseKey {
    /// Reads a key from the text of its file.
    pub fn from_text(text: &str) -> Result<Self, DsseKeyError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("-----BEGIN PRIVATE KEY-----") {
            let inner = rest.strip_suffix("-----END PRIVATE KEY-----").ok_or(DsseKeyError::NotEd25519)?;
            let digits: String = inner.split_whitespace().collect();
            let der = STANDARD.decode(digits).map_err(|_| DsseKeyError::NotEd25519)?;
            let secret = der.strip_prefix(PKCS8).ok_or(DsseKeyError::NotEd25519)?;
            let secret: [u8; 32] = secret.try_into().map_err(|_| DsseKeyError::NotEd25519)?;
            return Ok(Self(SigningKey::from_bytes(&secret)));
        }
        if text.starts_with("-----BEGIN") {
            return Err(DsseKeyError::NotEd25519);
        }
        let (_, digits) = text.split_once(':').ok_or(DsseKeyError::Unknown)?;
        let bytes = STANDARD.decode(digits).map_err(|_| DsseKeyError::Unknown)?;
        let pair: [u8; 64] = bytes.try_into().map_err(|_| DsseKeyError::Unknown)?;
        SigningKey::from_keypair_bytes(&pair).map(Self).map_err(|_| DsseKeyError::Halves)
    }

    fn spki(&self) -> Vec<u8> {
        [SPKI, self.0.verifying_key().as_bytes()].concat()
    }

    /// What envelopes call the key.
    pub fn identifier(&self) -> String {
        Digest::of(&self.spki()).to_string()
    }

    /// The public key as PEM.
    pub fn public_pem(&self) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(self.spki()))
    }

    /// A statement in an envelope that is signed.
    pub fn envelope(&self, statement: &Value) -> Value {
        let payload = statement.to_string();
        // Pre-authentication encoding: lengths in bytes, so that type and payload cannot be
        // mistaken for each other.
        let message = format!("DSSEv1 {} {PAYLOAD_TYPE} {} {payload}", PAYLOAD_TYPE.len(), payload.len());
        let signature = self.0.sign(message.as_bytes());
        json!({
            "payload": STANDARD.encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{ "keyid": self.identifier(), "sig": STANDARD.encode(signature.to_bytes()) }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "-----BEGIN PRIVATE KEY-----", "a:b", "a:AAAA"] {
            DsseKey::from_text(text).unwrap_err();
        }
        for pem in ["", "AAAA", "MC4CAQAwBQYDK2VwBCIEIA=="] {
            let text = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
            assert_eq!(DsseKey::from_text(&text).unwrap_err(), DsseKeyError::NotEd25519);
        }
        assert_eq!(
            DsseKey::from_text("-----BEGIN RSA PRIVATE KEY-----").unwrap_err(),
            DsseKeyError::NotEd25519
        );
        let halves = format!("a:{}", STANDARD.encode([1; 64]));
        assert_eq!(DsseKey::from_text(&halves).unwrap_err(), DsseKeyError::Halves);
    }
}
