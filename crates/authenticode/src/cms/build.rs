//! Making signed data: what has to be signed, and the whole once it is.
//!
//! Private keys are elsewhere (in a token, on another machine), so there are two steps: [`prepare`]
//! gives the digest that has to be signed, [`ToBeSigned::complete`] takes the signature.

use super::{Attribute, IndirectData, oids};
use crate::asn1::{context, element, oid, set_of};
use crate::certificate::{Certificate, EC, KeyKind, PublicKeyError, RSA, digest_oid, identifier};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::time::Time;
use alloc::vec;
use alloc::vec::Vec;
use der::asn1::UtcTime;
use der::{Encode, Tag};

/// Why signed data cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsBuildError {
    /// SHA-1 is only for old files.
    #[error("nothing is signed with SHA-1 any more")]
    Sha1,
    /// The digest has not the size of its algorithm.
    #[error("the digest has {found} bytes, but those of {algorithm} have {}", algorithm.size())]
    DigestSize {
        /// The algorithm.
        algorithm: DigestAlgorithm,
        /// Bytes of the digest.
        found: usize,
    },
    /// The signer's certificate has a key that we do not know.
    #[error("certificate of the signer: {0}")]
    Key(#[source] PublicKeyError),
    /// The signature was made with another key, or over something else.
    #[error("the signature does not belong to the certificate of the signer: {0}")]
    Signature(#[source] PublicKeyError),
    /// A signing time that cannot be written.
    #[error("the signing time {0} is not between 1970 and 2049")]
    Time(Time),
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedContent {
    /// An image, by its Authenticode digest (with padding to 8 bytes).
    Image(Vec<u8>),
    /// Data that is elsewhere, by its digest: a variable. It gets no authenticated attributes, as
    /// other tools do it.
    Data(Vec<u8>),
}

/// What signed data is to be made of.
#[derive(Debug, Clone)]
pub struct SignedDataRequest<'a> {
    /// What is signed.
    pub content: SignedContent,
    /// The algorithm of its digest, and of all others.
    pub algorithm: DigestAlgorithm,
    /// The signer's certificate.
    pub signer: &'a Certificate,
    /// Certificates between the signer and the one that is trusted; they go into the signature.
    pub chain: &'a [Certificate],
    /// The time to put into the attributes of an image's signature; without it equal inputs give
    /// equal octets.
    pub signing_time: Option<Time>,
}

/// What has to be signed.
#[derive(Debug, Clone)]
pub struct ToBeSigned {
    /// The attributes in DER, a SET; `None` if the content is signed itself.
    pub attributes: Option<Vec<u8>>,
    /// The digest of the attributes or of the content: what the private key signs (PKCS #1 v1.5, or
    /// ECDSA in DER).
    pub digest: Vec<u8>,
    /// Its algorithm.
    pub algorithm: DigestAlgorithm,
    kind: Oid,
    /// `[0] EXPLICIT` content, empty if it is elsewhere.
    content: Vec<u8>,
    signer: Certificate,
    chain: Vec<Certificate>,
}

/// Works out what has to be signed.
pub fn prepare(request: &SignedDataRequest<'_>) -> Result<ToBeSigned, CmsBuildError> {
    let algorithm = request.algorithm;
    let (SignedContent::Image(digest) | SignedContent::Data(digest)) = &request.content;
    if algorithm == DigestAlgorithm::Sha1 {
        return Err(CmsBuildError::Sha1);
    }
    if digest.len() != algorithm.size() {
        return Err(CmsBuildError::DigestSize { algorithm, found: digest.len() });
    }
    request.signer.public_key().map_err(CmsBuildError::Key)?;
    let (kind, content, attributes) = match &request.content {
        SignedContent::Data(_) => (oids::DATA, Vec::new(), None),
        SignedContent::Image(digest) => {
            let octets = IndirectData { algorithm, digest: digest.clone() }.write();
            let mut attributes = vec![
                attribute(oids::CONTENT_TYPE, &oid(oids::INDIRECT_DATA)),
                attribute(oids::MESSAGE_DIGEST, &element(Tag::OctetString, &[&algorithm.digest(&octets)])),
            ];
            if let Some(time) = request.signing_time {
                attributes.push(attribute(oids::SIGNING_TIME, &utc_time(time)?));
            }
            let content = element(context(0), &[&element(Tag::Sequence, &[&octets])]);
            (oids::INDIRECT_DATA, content, Some(set_of(Tag::Set, attributes)))
        }
    };
    let digest =
        attributes.as_ref().map_or_else(|| digest.clone(), |attributes| algorithm.digest(attributes));
    let chain = request.chain.iter().filter(|c| *c != request.signer).cloned().collect();
    Ok(ToBeSigned { attributes, digest, algorithm, kind, content, signer: request.signer.clone(), chain })
}

impl ToBeSigned {
    /// The certificate of the key that has to sign.
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// Makes the signed data, once the signature is there: a `ContentInfo` in DER, for the
    /// certificate table of an image.
    ///
    /// # Errors
    /// [`CmsBuildError::Signature`] if the signature was not made with the key of the signer's
    /// certificate over this digest.
    pub fn complete(&self, signature: &[u8], unsigned: &[Attribute]) -> Result<Vec<u8>, CmsBuildError> {
        let signed = self.complete_bare(signature, unsigned)?;
        Ok(element(Tag::Sequence, &[&oid(oids::SIGNED_DATA), &element(context(0), &[&signed])]))
    }

    /// The same without the `ContentInfo` around it, for variables: older firmware takes nothing
    /// else.
    pub fn complete_bare(&self, signature: &[u8], unsigned: &[Attribute]) -> Result<Vec<u8>, CmsBuildError> {
        let key = self.signer.public_key().map_err(CmsBuildError::Key)?;
        key.verify(key.kind(), self.algorithm, &self.digest, signature).map_err(CmsBuildError::Signature)?;
        let digest = identifier(digest_oid(self.algorithm), true);
        let signature_algorithm = match key.kind() {
            KeyKind::Rsa => identifier(RSA, true),
            KeyKind::Ecdsa => identifier(ecdsa(self.algorithm), false),
        };
        // The SET that was signed, with the tag [0].
        let attributes = self.attributes.as_ref().map(|set| {
            let mut set = set.clone();
            if let Some(tag) = set.first_mut() {
                *tag = 0xa0;
            }
            set
        });
        let unsigned = if unsigned.is_empty() {
            Vec::new()
        } else {
            set_of(context(1), unsigned.iter().map(Attribute::write).collect())
        };
        let id = element(
            Tag::Sequence,
            &[self.signer.issuer_der(), &element(Tag::Integer, &[self.signer.serial()])],
        );
        let version = element(Tag::Integer, &[&[1]]);
        let signer = element(
            Tag::Sequence,
            &[
                &version,
                &id,
                &digest,
                attributes.as_deref().unwrap_or_default(),
                &signature_algorithm,
                &element(Tag::OctetString, &[signature]),
                &unsigned,
            ],
        );
        let bag = core::iter::once(&self.signer).chain(&self.chain).map(|c| c.der().to_vec()).collect();
        Ok(element(
            Tag::Sequence,
            &[
                &version,
                &element(Tag::Set, &[&digest]),
                &element(Tag::Sequence, &[&oid(self.kind), &self.content]),
                &set_of(context(0), bag),
                &element(Tag::Set, &[&signer]),
            ],
        ))
    }
}

impl Attribute {
    fn write(&self) -> Vec<u8> {
        element(Tag::Sequence, &[&oid(self.kind), &set_of(Tag::Set, self.values.clone())])
    }
}

fn attribute(kind: Oid, value: &[u8]) -> Vec<u8> {
    element(Tag::Sequence, &[&oid(kind), &element(Tag::Set, &[value])])
}

fn utc_time(time: Time) -> Result<Vec<u8>, CmsBuildError> {
    let failed = |_| CmsBuildError::Time(time);
    der::DateTime::new(time.year, time.month, time.day, time.hour, time.minute, time.second)
        .and_then(UtcTime::from_date_time)
        .and_then(|time| time.to_der())
        .map_err(failed)
}

const fn ecdsa(algorithm: DigestAlgorithm) -> Oid {
    match algorithm {
        DigestAlgorithm::Sha1 => EC,
        DigestAlgorithm::Sha256 => Oid::new("1.2.840.10045.4.3.2"),
        DigestAlgorithm::Sha384 => Oid::new("1.2.840.10045.4.3.3"),
        DigestAlgorithm::Sha512 => Oid::new("1.2.840.10045.4.3.4"),
    }
}
