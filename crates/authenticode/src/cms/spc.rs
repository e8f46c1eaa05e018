//! What Authenticode puts into signed data.

use super::{CmsReadError, CmsVerifyError, Profile, SignedData, oids, read_digest};
use crate::asn1::{Elements, context, context_primitive, element, oid};
use crate::certificate::{Certificate, digest_oid, identifier};
use crate::digest::DigestAlgorithm;
use alloc::vec::Vec;
use der::Tag;

/// `SpcIndirectDataContent`: the digest of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndirectData {
    /// The algorithm of the digest.
    pub algorithm: DigestAlgorithm,
    /// The digest.
    pub digest: Vec<u8>,
}

impl IndirectData {
    /// Reads the content octets (without tag and length of the SEQUENCE).
    pub fn read(content: &[u8]) -> Result<Self, CmsReadError> {
        let mut fields = Elements::new(content, "SpcIndirectDataContent");
        let mut data = fields.expect("SpcIndirectDataContent.data", Tag::Sequence)?.inside();
        // What kind of file the digest is of. Neither firmware nor shim looks at it, and pesign
        // wrote the purpose of its key there until 2020 (1.3.6.1.4.1.311.2.1.21).
        data.oid("SpcIndirectDataContent.data.type")?;
        // SpcPeImageData: flags and a link to nothing. It says nothing, and nobody looks at it.
        if !data.is_empty() {
            data.next("SpcPeImageData")?;
        }
        data.finish()?;
        let mut info = fields.expect("DigestInfo", Tag::Sequence)?.inside();
        fields.finish()?;
        let algorithm = read_digest(
            "DigestInfo.digestAlgorithm",
            info.expect("DigestInfo.digestAlgorithm", Tag::Sequence)?,
        )?;
        let digest = info.expect("DigestInfo.digest", Tag::OctetString)?.value.to_vec();
        info.finish()?;
        if digest.len() != algorithm.size() {
            return Err(CmsReadError::Shape("DigestInfo.digest has not the size of its algorithm"));
        }
        Ok(Self { algorithm, digest })
    }

    /// Writes the content octets.
    pub fn write(&self) -> Vec<u8> {
        // flags: no bits; file: [0] EXPLICIT SpcLink, [2] EXPLICIT SpcString, [0] IMPLICIT
        // BMPString, empty.
        let flags = element(Tag::BitString, &[&[0]]);
        let name = element(context_primitive(0), &[]);
        let file = element(context(0), &[&element(context(2), &[&name])]);
        let image = element(Tag::Sequence, &[&flags, &file]);
        let data = element(Tag::Sequence, &[&oid(oids::PE_IMAGE_DATA), &image]);
        let digest = element(Tag::OctetString, &[&self.digest]);
        let info = element(Tag::Sequence, &[&identifier(digest_oid(self.algorithm), true), &digest]);
        [data, info].concat()
    }
}

/// An Authenticode signature of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authenticode {
    /// The signed data.
    pub signed: SignedData,
    /// The digest of the image that it signs.
    pub image: IndirectData,
    /// Whether firmware can make anything of it: see [`Authenticode::read`].
    pub in_place: bool,
}

/// Where EDK2 looks for the name of the digest algorithm, and what shim and EDK2 want to stand
/// before it (`HashPeImageByType`, `WrapPkcs7Data`): both take it for granted that lengths have two
/// bytes, so that signatures with more than 64 KiB, such as those with hashes of pages, are none.
fn in_place(octets: &[u8], algorithm: DigestAlgorithm) -> bool {
    let is = |at: usize, wanted: &[u8]| octets.get(at..).is_some_and(|found| found.starts_with(wanted));
    is(0, &[0x30, 0x82]) && is(15, &[0xa0, 0x82]) && is(32, digest_oid(algorithm).0.as_bytes())
}

impl Authenticode {
    /// Reads the content of an entry of a certificate table. [`in_place`](Self::in_place) tells
    /// whether it has the size that EDK2 and shim take for granted, 256 bytes to 64 KiB.
    pub fn read(octets: &[u8]) -> Result<Self, CmsReadError> {
        let signed = SignedData::read(octets, Profile::Authenticode)?;
        let image = IndirectData::read(signed.content.as_deref().unwrap_or_default())?;
        if image.algorithm != signed.signer.digest {
            return Err(CmsReadError::Disagreement("DigestInfo", "SignerInfo"));
        }
        let in_place = in_place(octets, image.algorithm);
        Ok(Self { signed, image, in_place })
    }

    /// Checks that whoever has the private key of the signer's certificate signed this digest of an
    /// image. Whether that certificate is trusted is another question.
    ///
    /// # Errors
    /// What does not fit; first of all when the digest is not the image's.
    pub fn verify(&self, image_digest: &[u8], sha1: bool) -> Result<&Certificate, CmsVerifyError> {
        if self.image.digest != image_digest {
            return Err(CmsVerifyError::Image);
        }
        self.signed.verify(None, sha1)
    }

    /// Further signatures inside of this one, each a `ContentInfo` in DER. Firmware does not look
    /// at them.
    pub fn nested(&self) -> impl Iterator<Item = &[u8]> {
        self.signed.signer.unsigned(oids::NESTED_SIGNATURE)
    }
}
