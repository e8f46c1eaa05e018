//! Who signed, and whether they did.

use super::{CmsReadError, Profile, SignedData, SignerId, oids};
use crate::asn1::{Elements, oid};
use crate::certificate::{Certificate, PublicKeyError};
use crate::digest::DigestAlgorithm;
use der::Tag;

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsVerifyError {
    /// The signature is for another image, or the image was changed.
    #[error("the signature is for another image, or the image was changed")]
    Image,
    /// The bag does not hold the signer's certificate.
    #[error("the signer's certificate is not among those that came along")]
    NoSigner,
    /// More than one certificate has the issuer and the serial number of the signer's.
    #[error("several different certificates have the signer's issuer and serial number")]
    AmbiguousSigner,
    /// SHA-1, which has to be allowed expressly.
    #[error("it was made with SHA-1")]
    Sha1,
    /// An attribute is missing or malformed.
    #[error(transparent)]
    Read(#[from] CmsReadError),
    /// `contentType` names another type than the content has.
    #[error("contentType of the attributes is not that of the content")]
    ContentType,
    /// `messageDigest` is not the digest of the content.
    #[error("messageDigest is not the digest of the content")]
    MessageDigest,
    /// The content is needed and was not given, or the other way round.
    #[error("there is no content to verify")]
    NoContent,
    /// The digest of the signature is not the digest of the signer.
    #[error("signatureAlgorithm and digestAlgorithm name different digests")]
    Disagreement,
    /// The signer's key.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
}

impl SignedData {
    /// The signer's certificate.
    pub fn signer_certificate(&self) -> Result<&Certificate, CmsVerifyError> {
        let wanted = |certificate: &&Certificate| match &self.signer.id {
            SignerId::IssuerAndSerial { issuer, serial } => {
                certificate.serial() == serial && certificate.canonical_issuer() == issuer
            }
            SignerId::KeyIdentifier(id) => certificate.subject_key_identifier() == Some(id),
        };
        let mut found = self.certificates.iter().filter(wanted);
        let first = found.next().ok_or(CmsVerifyError::NoSigner)?;
        if found.any(|other| other != first) {
            return Err(CmsVerifyError::AmbiguousSigner);
        }
        Ok(first)
    }

    /// Checks that the signer's certificate belongs to whom signed the content; `detached` is the
    /// content that is elsewhere, for [`Profile::Data`].
    ///
    /// # Errors
    /// What does not fit.
    pub fn verify(&self, detached: Option<&[u8]>, sha1: bool) -> Result<&Certificate, CmsVerifyError> {
        let content = match (&self.content, detached) {
            (Some(content), None) => content.as_slice(),
            (None, Some(content)) => content,
            _ => return Err(CmsVerifyError::NoContent),
        };
        self.verify_digest(&self.signer.digest.digest(content), sha1)
    }

    /// The same, from the digest of the content (with
    /// [`SignerInfo::digest`](super::SignerInfo::digest)).
    pub fn verify_digest(&self, content_digest: &[u8], sha1: bool) -> Result<&Certificate, CmsVerifyError> {
        let signer = &self.signer;
        let certificate = self.signer_certificate()?;
        if signer.digest == DigestAlgorithm::Sha1 && !sha1 {
            return Err(CmsVerifyError::Sha1);
        }
        let scheme = signer.scheme()?;
        if scheme.digest.is_some_and(|digest| digest != signer.digest) {
            return Err(CmsVerifyError::Disagreement);
        }
        let key = certificate.public_key()?;
        let Some(attributes) = &signer.attributes_der else {
            key.verify(scheme.kind, signer.digest, content_digest, &signer.signature)?;
            return Ok(certificate);
        };
        let expected = match self.profile {
            Profile::Authenticode => oids::INDIRECT_DATA,
            Profile::Data => oids::DATA,
            Profile::Timestamp => oids::TIMESTAMP_INFO,
        };
        if signer.attribute(oids::CONTENT_TYPE, "contentType")? != oid(expected).as_slice() {
            return Err(CmsVerifyError::ContentType);
        }
        let value = signer.attribute(oids::MESSAGE_DIGEST, "messageDigest")?;
        let mut value = Elements::new(value, "messageDigest");
        let digest = value.expect("messageDigest", Tag::OctetString).map_err(CmsReadError::from)?.value;
        if digest != content_digest {
            return Err(CmsVerifyError::MessageDigest);
        }
        key.verify(scheme.kind, signer.digest, &signer.digest.digest(attributes), &signer.signature)?;
        Ok(certificate)
    }
}
