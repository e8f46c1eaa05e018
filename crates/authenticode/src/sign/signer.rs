//! Keys that can sign, with their certificates.

use super::error::{SignError, SignerError};
use super::key::PrivateKey;
use crate::certificate::Certificate;
use crate::cms::{Attribute, CmsBuildError};
use crate::digest::DigestAlgorithm;

/// Whoever has a key: a file, a token, a machine elsewhere.
pub trait Signer: Send + Sync {
    /// The certificate of the key, and those that go into the signature with it.
    fn certificates(&self) -> &SignerCertificates;

    /// Signs a message, which is hashed with `algorithm`: PKCS #1 v1.5, or ECDSA in DER.
    fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// The certificate of a key, and those that go into the signature with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerCertificates {
    /// The certificate of the key.
    pub signer: Certificate,
    /// Certificates between it and the one that is trusted.
    pub chain: Vec<Certificate>,
}

/// A key from a file, with its certificates.
#[derive(Debug)]
pub struct FileSigner {
    key: PrivateKey,
    certificates: SignerCertificates,
}

impl FileSigner {
    /// Checks that the key and the certificate belong together, which otherwise each file would
    /// report again.
    ///
    /// # Errors
    /// [`SignError::OtherKey`], or that the certificate has a key of an unknown kind.
    pub fn new(key: PrivateKey, certificates: SignerCertificates) -> Result<Self, SignError> {
        let belongs = key.is_of(&certificates.signer).map_err(CmsBuildError::Key)?;
        if !belongs {
            return Err(SignError::OtherKey);
        }
        Ok(Self { key, certificates })
    }
}

impl Signer for FileSigner {
    fn certificates(&self) -> &SignerCertificates {
        &self.certificates
    }

    fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(algorithm, message)?)
    }
}

/// Adds to a signature what is made of it, for instance a timestamp: unauthenticated attributes.
pub trait Countersigner: Send + Sync {
    /// The attributes for a signature.
    fn attributes(&self, signature: &[u8]) -> Result<Vec<Attribute>, SignerError>;
}
