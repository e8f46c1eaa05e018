//! Signed data (PKCS #7, RFC 2315; CMS, RFC 5652), in the profiles that booting uses.
//!
//! | profile | content | who signs it |
//! |---|---|---|
//! | [`Profile::Authenticode`] | `SpcIndirectDataContent`: the digest of an image | who signs images |
//! | [`Profile::Data`] | none, it is elsewhere | who signs variables |
//! | [`Profile::Timestamp`] | `TSTInfo` (RFC 3161) | authorities for timestamps |
//!
//! **Only DER is read.** Firmware (OpenSSL's `d2i_PKCS7`) would take indefinite lengths as well,
//! but no signature on the images of shim, systemd, GRUB or fwupd has them: the two encodings of
//! one thing are left to those who forge. What is stricter here than in firmware, too: there is
//! one signer; `digestAlgorithms`, `SignerInfo` and `DigestInfo` name one and the same digest;
//! signatures of images have authenticated attributes, in DER order, with `contentType` and
//! `messageDigest` once each. As in firmware, the bag holds X.509 certificates and nothing else.

mod build;
pub mod oids;
mod spc;
mod timestamp;
mod verify;

pub use build::{CmsBuildError, SignedContent, SignedDataRequest, ToBeSigned, prepare};
pub use spc::{Authenticode, IndirectData};
pub use timestamp::{Timestamp, TimestampError, TimestampInfo, timestamp_imprint};
pub use verify::CmsVerifyError;

use crate::asn1::{DerError, DerProblem, Element, Elements, context, element};
use crate::certificate::{Certificate, CertificateError, PublicKeyError, Scheme, digest_algorithm};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::openssl;
use crate::time::Time;
use alloc::vec::Vec;
use der::Tag;
use spki::AlgorithmIdentifierOwned;

/// Real signatures have 1 to 20 kilobytes.
pub const MAX_SIGNED_DATA: usize = 1 << 20;
/// Real bags hold one to five certificates.
pub const MAX_CERTIFICATES: usize = 64;
const MAX_ATTRIBUTES: usize = 32;

/// What is signed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// An image's digest.
    Authenticode,
    /// Data that is elsewhere.
    Data,
    /// A timestamp.
    Timestamp,
}

/// Why octets are no signed data that we accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsReadError {
    /// Not DER, or not this structure.
    #[error("signature: {0}")]
    Der(#[from] DerError),
    /// A type that is named by an object identifier.
    #[error("signature: {field} is {found}, not {expected}")]
    Type {
        /// The field that names the type.
        field: &'static str,
        /// What should be there.
        expected: Oid,
        /// What is there.
        found: Oid,
    },
    /// A version that the profile does not have.
    #[error("signature: version of {field} is not {expected}")]
    Version {
        /// The structure.
        field: &'static str,
        /// What is expected.
        expected: u8,
    },
    /// A certificate of the bag.
    #[error("signature: certificate {index} of the bag: {source}")]
    Certificate {
        /// Its number, from 0.
        index: usize,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// Firmware verifies one signer only.
    #[error("signature: it has {0} signers, not one")]
    Signers(usize),
    /// An algorithm that is not accepted: MD5, for instance.
    #[error("signature: {field}: {source}")]
    Algorithm {
        /// The field that names it.
        field: &'static str,
        /// Why it is not accepted.
        source: PublicKeyError,
    },
    /// Two fields that have to agree do not.
    #[error("signature: {0} and {1} name different digest algorithms")]
    Disagreement(&'static str, &'static str),
    /// An attribute that has to be there once, with one value.
    #[error("signature: the attribute {0} is not there exactly once with one value")]
    Attribute(&'static str),
    /// Whether there are authenticated attributes or content.
    #[error("signature: {0}")]
    Shape(&'static str),
}

/// An attribute of a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its type.
    pub kind: Oid,
    /// Its values, each in DER.
    pub values: Vec<Vec<u8>>,
}

/// Which certificate is the signer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// By the issuer's name and the content octets of the serial number.
    IssuerAndSerial {
        /// `issuer`, in the form that names are compared in.
        issuer: Vec<u8>,
        /// `serialNumber`.
        serial: Vec<u8>,
    },
    /// By the certificate's own key identifier; only in timestamps.
    KeyIdentifier(Vec<u8>),
}

/// The part of signed data that one signer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerInfo {
    /// Which certificate is the signer's.
    pub id: SignerId,
    /// The digest of content and attributes.
    pub digest: DigestAlgorithm,
    signature_algorithm: AlgorithmIdentifierOwned,
    /// The authenticated attributes.
    pub attributes: Vec<Attribute>,
    /// The authenticated attributes as the SET that the signature is over; `None` if there are
    /// none.
    pub attributes_der: Option<Vec<u8>>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The unauthenticated attributes: timestamps, further signatures.
    pub unsigned_attributes: Vec<Attribute>,
}

/// Signed data, read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedData {
    /// The profile that it was read by.
    pub profile: Profile,
    /// The content, without tag and length: what `messageDigest` is of. `None` if it is elsewhere.
    pub content: Option<Vec<u8>>,
    /// The certificates in it. Nothing says that they are to be trusted.
    pub certificates: Vec<Certificate>,
    /// Its only signer.
    pub signer: SignerInfo,
}

impl SignedData {
    /// Reads a `ContentInfo` that holds signed data. What stands behind it is passed over, as
    /// firmware does it: padding, and what old pesign and signers for Windows leave there. It says
    /// nothing, and no digest is over it.
    pub fn read(octets: &[u8], profile: Profile) -> Result<Self, CmsReadError> {
        let mut outer = Elements::new(limited(octets)?, "ContentInfo");
        let info = outer.expect("ContentInfo", Tag::Sequence)?;
        Self::read_info(info, profile)
    }

    /// Reads bare signed data, as authenticated variables have it, or a `ContentInfo`, as some
    /// tools write it: firmware takes both (EDK2's `WrapPkcs7Data`). Nothing may stand behind it.
    pub fn read_bare(octets: &[u8], profile: Profile) -> Result<Self, CmsReadError> {
        let mut outer = Elements::new(limited(octets)?, "SignedData");
        let found = outer.expect("SignedData", Tag::Sequence)?;
        outer.finish()?;
        if found.inside().peek() == Some(Tag::ObjectIdentifier) {
            Self::read_info(found, profile)
        } else {
            Self::read_signed(found, profile)
        }
    }

    fn read_info(info: Element<'_>, profile: Profile) -> Result<Self, CmsReadError> {
        let mut info = info.inside();
        expect_type("contentType", info.oid("contentType")?, oids::SIGNED_DATA)?;
        let mut content = info.expect("content", context(0))?.inside();
        info.finish()?;
        let signed = content.expect("SignedData", Tag::Sequence)?;
        content.finish()?;
        Self::read_signed(signed, profile)
    }

    fn read_signed(signed: Element<'_>, profile: Profile) -> Result<Self, CmsReadError> {
        let mut fields = signed.inside();
        let version = if profile == Profile::Timestamp { 3 } else { 1 };
        if fields.next("version")?.integer()? != [version] {
            return Err(CmsReadError::Version { field: "SignedData", expected: version });
        }
        let digests = fields.expect("digestAlgorithms", Tag::Set)?.inside().all("digestAlgorithms", 8)?;
        let [digest] = digests.as_slice() else {
            return Err(CmsReadError::Shape("digestAlgorithms does not hold exactly one"));
        };
        let digest = read_digest("digestAlgorithms", *digest)?;
        let content = read_content(fields.expect("contentInfo", Tag::Sequence)?, profile)?;

        let mut certificates = Vec::new();
        if let Some(bag) = fields.optional("certificates", 0)? {
            for (index, found) in bag.inside().all("certificates", MAX_CERTIFICATES)?.iter().enumerate() {
                let wrong = |source| CmsReadError::Certificate { index, source };
                let certificate = Certificate::from_der(found.whole).map_err(wrong)?;
                // Newer OpenSSL does not even decode those that are too short for dates.
                if !certificate.has_dates() {
                    return Err(wrong(CertificateError::Dates));
                }
                certificates.push(certificate);
            }
        }
        // Firmware reads revocation lists and makes no use of them; nobody signs images with such.
        if fields.optional("crls", 1)?.is_some() {
            return Err(CmsReadError::Shape("it has revocation lists"));
        }
        let signers = fields.expect("signerInfos", Tag::Set)?.inside().all("signerInfos", 16)?;
        fields.finish()?;
        let [signer] = signers.as_slice() else { return Err(CmsReadError::Signers(signers.len())) };
        let signer = SignerInfo::read(*signer, profile)?;
        if signer.digest != digest {
            return Err(CmsReadError::Disagreement("digestAlgorithms", "SignerInfo"));
        }
        Ok(Self { profile, content, certificates, signer })
    }
}

impl SignerInfo {
    fn read(signer: Element<'_>, profile: Profile) -> Result<Self, CmsReadError> {
        let mut fields = signer.expect(Tag::Sequence)?.inside();
        let version = fields.next("SignerInfo version")?.integer()?;
        let key_identifier = Tag::ContextSpecific { constructed: false, number: der::TagNumber(0) };
        let (expected, id) = if profile == Profile::Timestamp && fields.peek() == Some(key_identifier) {
            (3, SignerId::KeyIdentifier(fields.next("subjectKeyIdentifier")?.value.to_vec()))
        } else {
            let mut id = fields.expect("issuerAndSerialNumber", Tag::Sequence)?.inside();
            let issuer = openssl::name(id.expect("issuer", Tag::Sequence)?)?;
            let serial = id.next("serialNumber")?.integer()?.to_vec();
            id.finish()?;
            (1, SignerId::IssuerAndSerial { issuer, serial })
        };
        if version != [expected] {
            return Err(CmsReadError::Version { field: "SignerInfo", expected });
        }
        let digest = read_digest("digestAlgorithm", fields.expect("digestAlgorithm", Tag::Sequence)?)?;
        let signed = fields.optional("authenticatedAttributes", 0)?;
        let attributes = signed.map_or(Ok(Vec::new()), |a| read_attributes(a, "authenticatedAttributes"))?;
        // What is signed has the tag of a SET instead of the [0].
        let attributes_der = signed.map(|a| element(Tag::Set, &[a.value]));
        if let Some(signed) = signed {
            in_order(signed)?;
        }
        let signature_algorithm = fields.expect("signatureAlgorithm", Tag::Sequence)?.decode()?;
        let signature = fields.expect("signature", Tag::OctetString)?.value.to_vec();
        let unsigned = fields.optional("unauthenticatedAttributes", 1)?;
        let unsigned_attributes =
            unsigned.map_or(Ok(Vec::new()), |a| read_attributes(a, "unauthenticatedAttributes"))?;
        fields.finish()?;
        if profile != Profile::Data && attributes_der.is_none() {
            return Err(CmsReadError::Shape("it has no authenticated attributes"));
        }
        Ok(Self {
            id,
            digest,
            signature_algorithm,
            attributes,
            attributes_der,
            signature,
            unsigned_attributes,
        })
    }

    /// How it was signed.
    ///
    /// # Errors
    /// [`PublicKeyError::Scheme`] if signatures of that kind are not accepted.
    pub fn scheme(&self) -> Result<Scheme, PublicKeyError> {
        Scheme::read(&self.signature_algorithm)
    }

    /// The one value of an attribute that has to be there once.
    pub(crate) fn attribute(&self, kind: Oid, name: &'static str) -> Result<&[u8], CmsReadError> {
        let mut found = self.attributes.iter().filter(|a| a.kind == kind);
        match (found.next().map(|a| a.values.as_slice()), found.next()) {
            (Some([value]), None) => Ok(value),
            _ => Err(CmsReadError::Attribute(name)),
        }
    }

    /// The time that the signer says to have signed at; nobody vouches for it.
    pub fn signing_time(&self) -> Option<Time> {
        let value = self.attribute(oids::SIGNING_TIME, "signingTime").ok()?;
        <x509_cert::time::Time as der::Decode>::from_der(value)
            .ok()
            .map(|time| Time::of_der(time.to_date_time()))
    }

    /// The values of unauthenticated attributes of a type, each in DER.
    pub fn unsigned(&self, kind: Oid) -> impl Iterator<Item = &[u8]> {
        self.unsigned_attributes
            .iter()
            .filter(move |a| a.kind == kind)
            .flat_map(|a| a.values.iter().map(Vec::as_slice))
    }
}

fn limited(octets: &[u8]) -> Result<&[u8], DerError> {
    if octets.len() > MAX_SIGNED_DATA {
        return Err(DerProblem::TooLarge(MAX_SIGNED_DATA).at("ContentInfo"));
    }
    Ok(octets)
}

fn expect_type(field: &'static str, found: Oid, expected: Oid) -> Result<(), CmsReadError> {
    if found == expected { Ok(()) } else { Err(CmsReadError::Type { field, expected, found }) }
}

fn read_digest(field: &'static str, found: Element<'_>) -> Result<DigestAlgorithm, CmsReadError> {
    openssl::algorithm(found)?;
    digest_algorithm(&found.decode()?).map_err(|source| CmsReadError::Algorithm { field, source })
}

fn read_content(info: Element<'_>, profile: Profile) -> Result<Option<Vec<u8>>, CmsReadError> {
    let mut fields = info.inside();
    let kind = fields.oid("contentInfo type")?;
    let (expected, tag) = match profile {
        Profile::Authenticode => (oids::INDIRECT_DATA, Tag::Sequence),
        Profile::Data => (oids::DATA, Tag::OctetString),
        Profile::Timestamp => (oids::TIMESTAMP_INFO, Tag::OctetString),
    };
    expect_type("contentInfo type", kind, expected)?;
    let content = fields.optional("content", 0)?;
    fields.finish()?;
    match (profile, content) {
        (Profile::Data, None) => Ok(None),
        (Profile::Data, Some(_)) => Err(CmsReadError::Shape("its content should be elsewhere")),
        (_, None) => Err(CmsReadError::Shape("it has no content")),
        (_, Some(content)) => {
            let mut inside = content.inside();
            let value = inside.expect("content", tag)?.value.to_vec();
            inside.finish()?;
            Ok(Some(value))
        }
    }
}

fn read_attributes(set: Element<'_>, field: &'static str) -> Result<Vec<Attribute>, CmsReadError> {
    let mut attributes = Vec::new();
    for found in set.inside().all(field, MAX_ATTRIBUTES)? {
        openssl::attribute(found)?;
        let mut fields = found.expect(Tag::Sequence)?.inside();
        let kind = fields.oid(field)?;
        let values = fields.expect(field, Tag::Set)?.inside().all(field, MAX_ATTRIBUTES)?;
        fields.finish()?;
        attributes.push(Attribute { kind, values: values.iter().map(|v| v.whole.to_vec()).collect() });
    }
    Ok(attributes)
}

fn in_order(set: Element<'_>) -> Result<(), DerError> {
    let elements = set.inside().all("authenticatedAttributes", MAX_ATTRIBUTES)?;
    if elements.is_sorted_by_key(|e| e.whole) {
        return Ok(());
    }
    Err(DerProblem::Order.at("authenticatedAttributes"))
}
