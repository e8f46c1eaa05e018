//! Certificates of deny lists, read as OpenSSL reads them.
//!
//! Firmware hands the whole entry to `d2i_X509`, which takes what stands behind a certificate for
//! nothing, lengths in every form, dates of any year, and does not look into extensions. An entry
//! that forbids must not lose its effect because somebody is stricter about certificates.

use super::legacy::{Fit, fits};
use super::x509::Certificate;
use crate::asn1::{DerError, DerProblem, Element, Elements, element};
use crate::openssl;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use der::{Decode, Tag};

/// No certificate is nested deeper; what is, is not read here.
const MAX_DEPTH: usize = 24;

/// A certificate that forbids: itself, and what it issued.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedCertificate {
    tbs: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    subject: Vec<u8>,
    text: String,
    key: Vec<u8>,
}

/// Why an entry of a deny list is not read as a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListedError {
    /// It does not even begin as a certificate does, or its end is missing: firmware cannot read it
    /// either, so it forbids nothing.
    #[error("it is no certificate")]
    NoCertificate,
    /// Nobody here knows what firmware makes of it.
    #[error(transparent)]
    Unknown(#[from] DerError),
}

impl ListedCertificate {
    /// Reads the certificate that an entry begins with.
    pub fn read(entry: &[u8]) -> Result<Self, ListedError> {
        let whole =
            Header::read(entry).filter(|header| header.tag == 0x30).ok_or(ListedError::NoCertificate)?;
        let content = entry.get(whole.length..).unwrap_or_default();
        if whole.content.is_some_and(|length| length > content.len()) {
            return Err(ListedError::NoCertificate);
        }
        // As it stands, which is DER nearly always.
        let tbs =
            |entry| Elements::new(entry, "Certificate").next("Certificate")?.inside().next("tbsCertificate");
        if let Ok(read) = tbs(entry).and_then(|tbs| Self::read_der(entry, tbs.whole.to_vec())) {
            return Ok(read);
        }
        let unknown = || DerProblem::Depth(MAX_DEPTH).at("Certificate");
        // Signatures are over the octets as they stand.
        let tbs = spread(content, 0).ok_or_else(unknown)?.1;
        let tbs = content.get(..tbs).unwrap_or_default().to_vec();
        let (der, _) = spread(entry, 0).ok_or_else(unknown)?;
        Ok(Self::read_der(&der, tbs)?)
    }

    fn read_der(der: &[u8], tbs: Vec<u8>) -> Result<Self, DerError> {
        let mut outer = Elements::new(der, "Certificate").expect("Certificate", Tag::Sequence)?.inside();
        let mut fields = outer.expect("tbsCertificate", Tag::Sequence)?.inside();
        let algorithm = outer.expect("signatureAlgorithm", Tag::Sequence)?.whole.to_vec();
        let signature = outer.expect("signatureValue", Tag::BitString)?.value.to_vec();
        fields.optional("version", 0)?;
        fields.expect("serialNumber", Tag::Integer)?;
        fields.expect("signature", Tag::Sequence)?;
        fields.expect("issuer", Tag::Sequence)?;
        fields.expect("validity", Tag::Sequence)?;
        let subject = fields.expect("subject", Tag::Sequence)?;
        let text = x509_cert::name::Name::from_der(subject.whole).map(|name| name.to_string());
        let key = fields.expect("subjectPublicKeyInfo", Tag::Sequence)?.whole.to_vec();
        let (subject, text) = (openssl::name(subject)?, text.unwrap_or_default());
        Ok(Self { tbs, algorithm, signature, subject, text, key })
    }

    /// The subject, for people (RFC 4514).
    pub fn subject(&self) -> &str {
        &self.text
    }

    /// Whether it is this certificate.
    pub fn is(&self, certificate: &Certificate) -> bool {
        self.tbs == certificate.tbs() && certificate.ends_with(&self.algorithm, &self.signature)
    }

    /// Whether it has the name of this certificate's issuer.
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.subject == certificate.canonical_issuer()
    }

    /// Whether its key signed this certificate, or one has to assume so.
    pub(crate) fn may_have_signed(&self, certificate: &Certificate) -> bool {
        certificate.fits_key(&self.key) != Fit::No
    }
}

impl fmt::Debug for ListedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListedCertificate({})", self.text)
    }
}

impl Certificate {
    /// Whether the key of `issuer` signed this, or one has to assume so: its kind cannot be
    /// verified here.
    pub(crate) fn may_be_signed_by(&self, issuer: &Self) -> bool {
        self.fits_key(issuer.public_key_der()) != Fit::No
    }

    /// Whether this key signed it; in all ways that OpenSSL knows.
    fn fits_key(&self, key: &[u8]) -> Fit {
        let [algorithm, signature] = self.end();
        // Bits that do not fill a byte are no signature.
        let Some(signature) = signature.strip_prefix(&[0]) else { return Fit::No };
        fits(key, algorithm, self.tbs(), signature)
    }

    fn ends_with(&self, algorithm: &[u8], signature: &[u8]) -> bool {
        self.end() == [algorithm, signature]
    }

    /// What stands behind `tbsCertificate`: the algorithm in DER, and the content of the signature.
    fn end(&self) -> [&[u8]; 2] {
        let mut fields = Elements::new(self.behind_tbs(), "Certificate");
        let mut next = || fields.next("signature").ok();
        let algorithm = next().map_or(&[][..], |found: Element<'_>| found.whole);
        [algorithm, next().map_or(&[], |found| found.value)]
    }
}

/// Tag and length of an element.
struct Header {
    tag: u8,
    /// Of tag and length.
    length: usize,
    /// Of the content; `None` if it lasts until its end is marked.
    content: Option<usize>,
}

impl Header {
    fn read(octets: &[u8]) -> Option<Self> {
        let [tag, first, rest @ ..] = octets else { return None };
        // No certificate has tags of several bytes.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, content) = match first {
            0..0x80 => (2, Some(usize::from(*first))),
            0x80 => (2, None),
            _ => {
                let count = usize::from(first & 0x7f);
                let content = rest
                    .get(..count)?
                    .iter()
                    .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)));
                (2 + count, Some(content?))
            }
        };
        Some(Self { tag: *tag, length, content })
    }
}

/// The element at the beginning of `octets` in DER: lengths in the shortest form, strings in one
/// piece. With the number of octets that it takes as it stands; `None` for what is not read here.
fn spread(octets: &[u8], depth: usize) -> Option<(Vec<u8>, usize)> {
    let header = Header::read(octets).filter(|_| depth < MAX_DEPTH)?;
    let rest = octets.get(header.length..)?;
    let body = match header.content {
        Some(length) => rest.get(..length)?,
        None => rest,
    };
    let constructed = header.tag & 0x20 != 0;
    if !constructed {
        let length = header.content?;
        return Some((tagged(header.tag, body)?, header.length + length));
    }
    // Everything but SEQUENCE and SET of the universal types is a string in pieces.
    let pieces = header.tag & 0xc0 == 0 && !matches!(header.tag, 0x30 | 0x31);
    let (mut content, mut at) = (Vec::new(), 0);
    loop {
        match (body.get(at..)?, header.content) {
            ([], Some(_)) => break,
            ([0, 0, ..], None) => {
                at += 2;
                break;
            }
            (rest, _) => {
                let (der, used) = spread(rest, depth + 1)?;
                let skipped = if pieces { Header::read(&der)?.length } else { 0 };
                content.extend(der.get(skipped..)?);
                at += used;
            }
        }
    }
    let tag = if pieces { header.tag & !0x20 } else { header.tag };
    Some((tagged(tag, &content)?, header.length + at))
}

fn tagged(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    // The length is that of any element, the tag is put in front of it.
    let mut der = element(Tag::OctetString, &[content]);
    *der.first_mut()? = tag;
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_length_is_one() {
        let der = [0x30, 6, 4, 1, 7, 0x0c, 1, 65];
        for ber in [
            &[0x30, 6, 4, 1, 7, 0x0c, 1, 65][..],
            &[0x30, 0x81, 6, 4, 1, 7, 0x0c, 1, 65],
            &[0x30, 0x83, 0, 0, 8, 4, 0x81, 1, 7, 0x0c, 0x81, 1, 65][..],
            &[0x30, 0x80, 4, 1, 7, 0x0c, 1, 65, 0, 0],
            &[0x30, 0x80, 0x24, 0x80, 4, 1, 7, 0, 0, 0x2c, 5, 0x0c, 1, 65, 0x0c, 0, 0, 0],
        ] {
            let behind = [ber, b"behind"].concat();
            assert_eq!(spread(&behind, 0), Some((der.to_vec(), ber.len())), "{ber:02x?}");
        }
        assert_eq!(spread(&[0x30, 0x80, 4, 1, 7], 0), None);
        assert_eq!(spread(&[0x30; 200], 0), None);
    }

    #[test]
    fn what_is_certainly_none() {
        for none in [&[][..], &[0; 700], &[0x31, 0], &[0x30, 0x82, 4, 0, 1, 2]] {
            assert_eq!(ListedCertificate::read(none), Err(ListedError::NoCertificate));
        }
        assert!(matches!(ListedCertificate::read(&[0x30, 0]), Err(ListedError::Unknown(_))));
    }

    proptest! {
        #[test]
        fn nothing_panics(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ListedCertificate::read(&octets);
            let _ = ListedCertificate::read(&[&[0x30, 0x80][..], &octets].concat());
        }
    }
}
