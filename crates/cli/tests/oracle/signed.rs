//! Signatures of images, made so that every part of them can be changed before it is signed, or
//! after.

use crate::der::{
    BITS, Element, INTEGER, OCTETS, SEQUENCE, SET, algorithm, context, octets, oid, parts, sequence, set_of,
};
use crate::identity::{Certificate, Key, Keys, Scheme, digest, digest_oid};
use crate::image;
use test_support::ToolboxFolder;

pub(crate) const INDIRECT_DATA: &str = "1.3.6.1.4.1.311.2.1.4";
const RSA: &str = "1.2.840.113549.1.1.1";

/// Who signs: a key and its certificate.
pub(crate) struct Identity<'f> {
    pub(crate) key: Key<'f>,
    pub(crate) spec: Certificate,
    pub(crate) der: Vec<u8>,
}

impl<'f> Identity<'f> {
    /// Somebody who vouches for himself.
    pub(crate) fn own(keys: &Keys<'f>, key: &str, spec: Certificate) -> Self {
        let key = keys.get(key);
        let der = spec.make(&key, &key);
        Self { key, spec, der }
    }

    /// Somebody for whom another vouches.
    pub(crate) fn issued(keys: &Keys<'f>, key: &str, spec: Certificate, issuer: &Identity<'_>) -> Self {
        let key = keys.get(key);
        let der = spec.make(&key, &issuer.key);
        Self { key, spec, der }
    }
}

/// Where a signature can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// `SpcIndirectDataContent`, before its digest is taken.
    Content,
    /// The authenticated attributes, before they are signed.
    Attributes,
    /// `SignerInfo`.
    Signer,
    /// `SignedData`.
    Data,
    /// `ContentInfo`.
    Whole,
}

/// How an image is signed.
pub(crate) struct Signing<'a> {
    pub(crate) folder: &'a ToolboxFolder,
    pub(crate) signer: &'a Identity<'a>,
    /// Certificates beside the signer's.
    pub(crate) others: &'a [&'a [u8]],
    /// Of the image.
    pub(crate) digest: &'static str,
    /// Of the attributes.
    pub(crate) scheme: Scheme,
    /// Whether `signatureAlgorithm` names the digest too.
    pub(crate) combined: bool,
}

impl<'a> Signing<'a> {
    pub(crate) fn by(folder: &'a ToolboxFolder, signer: &'a Identity<'a>) -> Self {
        let scheme = signer.key.scheme;
        Self { folder, signer, others: &[], digest: scheme.digest(), scheme, combined: false }
    }

    pub(crate) fn with(self, others: &'a [&'a [u8]]) -> Self {
        Self { others, ..self }
    }

    pub(crate) fn digest(self, digest: &'static str) -> Self {
        Self { digest, scheme: Scheme::Rsa(digest), ..self }
    }

    /// The signature of an image.
    pub(crate) fn of(&self, image: &[u8]) -> Vec<u8> {
        self.edited(image, |_, _| {})
    }

    /// The same; each stage may be changed.
    pub(crate) fn edited(&self, image: &[u8], edit: impl FnMut(Stage, &mut Element)) -> Vec<u8> {
        let digest = digest(self.folder, self.digest, &image::covered(image));
        self.over(&digest, edit)
    }

    /// The signature of a digest.
    pub(crate) fn over(&self, image_digest: &[u8], mut edit: impl FnMut(Stage, &mut Element)) -> Vec<u8> {
        let hash = algorithm(digest_oid(self.digest), true);
        let file = context(0, [context(2, [octets(0x80, [])])]);
        let page = sequence([octets(BITS, [0]), file]);
        let data = sequence([oid("1.3.6.1.4.1.311.2.1.15"), page]);
        let mut content = sequence([data, sequence([hash.clone(), octets(OCTETS, image_digest)])]);
        edit(Stage::Content, &mut content);

        let content_digest = digest(self.folder, self.digest, &content.body());
        let mut attributes = set_of(
            SET,
            vec![
                attribute("1.2.840.113549.1.9.3", oid(INDIRECT_DATA)),
                attribute("1.2.840.113549.1.9.4", octets(OCTETS, content_digest)),
            ],
        );
        edit(Stage::Attributes, &mut attributes);
        let signed = Element { tag: SET, ..attributes.clone() };
        let signature = self.signer.key.sign(self.scheme, &signed.write());

        let id = sequence([self.signer.spec.issuer.clone(), octets(INTEGER, &self.signer.spec.serial)]);
        let mut signer = sequence([
            octets(INTEGER, [1]),
            id,
            hash.clone(),
            Element { tag: if attributes.tag == SET { 0xa0 } else { attributes.tag }, ..attributes },
            self.algorithm(),
            octets(OCTETS, signature),
        ]);
        edit(Stage::Signer, &mut signer);

        let mut data = sequence([
            octets(INTEGER, [1]),
            parts(SET, [hash]),
            parts(SEQUENCE, [oid(INDIRECT_DATA), context(0, [content])]),
            self.bag(),
            parts(SET, [signer]),
        ]);
        edit(Stage::Data, &mut data);
        let mut whole = sequence([oid("1.2.840.113549.1.7.2"), context(0, [data])]);
        edit(Stage::Whole, &mut whole);
        whole.write()
    }

    /// Signed data over a message that is elsewhere: a variable. It is bare, as firmware of every
    /// age takes it.
    pub(crate) fn detached(&self, message: &[u8], mut edit: impl FnMut(Stage, &mut Element)) -> Vec<u8> {
        let hash = algorithm(digest_oid(self.digest), true);
        let id = sequence([self.signer.spec.issuer.clone(), octets(INTEGER, &self.signer.spec.serial)]);
        let signature = self.signer.key.sign(self.scheme, message);
        let mut signer =
            sequence([octets(INTEGER, [1]), id, hash.clone(), self.algorithm(), octets(OCTETS, signature)]);
        edit(Stage::Signer, &mut signer);
        let mut data = sequence([
            octets(INTEGER, [1]),
            parts(SET, [hash]),
            parts(SEQUENCE, [oid("1.2.840.113549.1.7.1")]),
            self.bag(),
            parts(SET, [signer]),
        ]);
        edit(Stage::Data, &mut data);
        edit(Stage::Whole, &mut data);
        data.write()
    }

    fn bag(&self) -> Element {
        let bag = [self.signer.der.as_slice()].into_iter().chain(self.others.iter().copied());
        context(0, bag.map(Element::read))
    }

    /// `signatureAlgorithm`.
    fn algorithm(&self) -> Element {
        if self.combined || !matches!(self.scheme, Scheme::Rsa(_)) {
            self.scheme.identifier()
        } else {
            algorithm(RSA, true)
        }
    }
}

pub(crate) fn attribute(kind: &str, value: Element) -> Element {
    sequence([oid(kind), parts(SET, [value])])
}
