//! Keys with their certificates in PKCS #12 (RFC 7292), as `openssl pkcs12`, browsers and Windows
//! export them.
//!
//! Read are the forms that a passphrase protects, the old ones of RC2 and triple DES included, in
//! DER. What is behind the passphrase is believed only after the code that authenticates all of it.

use super::derive::{self, Octets, Purpose};
use super::encryption::{decrypt, iterations};
use super::key_error::PrivateKeyError;
use super::secret::Secret;
use crate::asn1::{DerError, DerProblem, Element, Elements, context, context_primitive};
use crate::certificate::Certificate;
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use der::Tag;
use ring::{hmac, pbkdf2};
use std::num::NonZeroU32;

const DATA: Oid = Oid::new("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: Oid = Oid::new("1.2.840.113549.1.7.6");
const KEY_BAG: Oid = Oid::new("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: Oid = Oid::new("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: Oid = Oid::new("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: Oid = Oid::new("1.2.840.113549.1.9.22.1");
const LOCAL_KEY_ID: Oid = Oid::new("1.2.840.113549.1.9.21");
const PBMAC1: Oid = Oid::new("1.2.840.113549.1.5.14");
const PBKDF2: Oid = Oid::new("1.2.840.113549.1.5.12");
/// Real files have one or two parts, with one key and a few certificates. Each may take the time of
/// its iterations.
const MAX_PARTS: usize = 4;
const MAX_BAGS: usize = 64;
const MAX_ATTRIBUTES: usize = 16;
/// Keys of codes that authenticate are as long as their digests.
const MAX_MAC_KEY: usize = 64;

/// A private key and its certificates.
pub(crate) struct Pkcs12 {
    /// The only private key: PKCS #8 in DER.
    pub(super) key: Octets,
    /// The certificates: that of the key first, as far as the file says which it is.
    pub(crate) certificates: Vec<Certificate>,
}

/// Whether some octets are PKCS #12.
pub(crate) fn is_pkcs12(octets: &[u8]) -> bool {
    begin(octets).is_ok()
}

/// Whether some octets are a SEQUENCE whose length is not known in advance.
pub(crate) fn is_indefinite(octets: &[u8]) -> bool {
    octets.starts_with(&[0x30, 0x80])
}

/// What is in a `PFX`, behind its version and the type of its content.
fn begin(octets: &[u8]) -> Result<(Elements<'_>, Element<'_>), DerError> {
    let mut fields = Elements::new(octets, "PFX").expect("PFX", Tag::Sequence)?.inside();
    if fields.next("version")?.integer()? != [3] {
        return Err(DerProblem::Missing.at("PFX"));
    }
    let mut content = fields.expect("authSafe", Tag::Sequence)?.inside();
    if content.oid("authSafe")? != DATA {
        return Err(DerProblem::Missing.at("authSafe"));
    }
    let content = content.expect("authSafe", context(0))?.inside().expect("authSafe", Tag::OctetString)?;
    Ok((fields, content))
}

impl Pkcs12 {
    /// Reads a file.
    pub(crate) fn read(octets: &[u8], passphrase: Option<&Secret>) -> Result<Self, PrivateKeyError> {
        let (mut fields, content) = begin(octets).map_err(malformed)?;
        let passphrase = passphrase.ok_or(PrivateKeyError::PassphraseNeeded)?;
        if !fields.is_empty() {
            let mac = fields.expect("macData", Tag::Sequence).map_err(malformed)?;
            check(mac, content.value, passphrase)?;
        }
        let mut bags = Bags::default();
        let parts =
            Elements::new(content.value, "AuthenticatedSafe").expect("AuthenticatedSafe", Tag::Sequence);
        let parts = parts.and_then(|parts| parts.inside().all("AuthenticatedSafe", MAX_PARTS));
        for part in parts.map_err(malformed)? {
            bags.add_part(part, passphrase)?;
        }
        bags.finish()
    }
}

/// What was found, each with the identifier that keys and certificates of a pair have in common.
#[derive(Default)]
struct Bags {
    keys: Vec<(Octets, Option<Vec<u8>>)>,
    certificates: Vec<(Certificate, Option<Vec<u8>>)>,
}

impl Bags {
    fn add_part(&mut self, part: Element<'_>, passphrase: &Secret) -> Result<(), PrivateKeyError> {
        let (kind, mut inside) = content_info(part).map_err(malformed)?;
        if kind == DATA {
            let octets = inside.expect("SafeContents", Tag::OctetString).map_err(malformed)?.value;
            return self.add_bags(octets, passphrase);
        }
        if kind != ENCRYPTED_DATA {
            return Err(PrivateKeyError::Encryption(kind.to_string()));
        }
        let (algorithm, encrypted) = encrypted_content(inside).map_err(malformed)?;
        let decrypted = decrypt(algorithm, encrypted, passphrase)?;
        self.add_bags(&decrypted, passphrase)
    }

    fn add_bags(&mut self, octets: &[u8], passphrase: &Secret) -> Result<(), PrivateKeyError> {
        let bags = Elements::new(octets, "SafeContents").expect("SafeContents", Tag::Sequence);
        for bag in bags.and_then(|bags| bags.inside().all("SafeContents", MAX_BAGS)).map_err(malformed)? {
            let (kind, mut value, id) = read_bag(bag).map_err(malformed)?;
            let is_key = kind == KEY_BAG || kind == SHROUDED_KEY_BAG;
            if is_key && !self.keys.is_empty() {
                return Err(PrivateKeyError::Keys(self.keys.len() + 1));
            }
            if kind == KEY_BAG {
                let key = value.expect("KeyBag", Tag::Sequence).map_err(malformed)?;
                self.keys.push((Octets::new(key.whole.to_vec()), id));
            } else if kind == SHROUDED_KEY_BAG {
                let (algorithm, encrypted) = shrouded(value).map_err(malformed)?;
                self.keys.push((decrypt(algorithm, encrypted, passphrase)?, id));
            } else if kind == CERTIFICATE_BAG
                && let Some(certificate) = certificate(value).map_err(malformed)?
            {
                let certificate = Certificate::from_der(certificate)
                    .map_err(|error| PrivateKeyError::Format(ForeignError::new(error)))?;
                self.certificates.push((certificate, id));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Pkcs12, PrivateKeyError> {
        let count = self.keys.len();
        let [(key, id)] = <[_; 1]>::try_from(self.keys).map_err(|_| PrivateKeyError::Keys(count))?;
        let mut certificates = self.certificates;
        // That of the key before the others, which stay in their order.
        certificates.sort_by_key(|(_, of)| of.is_none() || *of != id);
        Ok(Pkcs12 {
            key,
            certificates: certificates.into_iter().map(|(certificate, _)| certificate).collect(),
        })
    }
}

/// The type and the content of a `ContentInfo`.
fn content_info(part: Element<'_>) -> Result<(Oid, Elements<'_>), DerError> {
    let mut fields = part.expect(Tag::Sequence)?.inside();
    let kind = fields.oid("ContentInfo")?;
    Ok((kind, fields.expect("ContentInfo", context(0))?.inside()))
}

/// The algorithm and the octets of `EncryptedData`.
fn encrypted_content(mut data: Elements<'_>) -> Result<(Element<'_>, &[u8]), DerError> {
    let mut fields = data.expect("EncryptedData", Tag::Sequence)?.inside();
    fields.next("version")?.integer()?;
    let mut content = fields.expect("EncryptedContentInfo", Tag::Sequence)?.inside();
    content.oid("EncryptedContentInfo")?;
    let algorithm = content.expect("contentEncryptionAlgorithm", Tag::Sequence)?;
    Ok((algorithm, content.expect("encryptedContent", context_primitive(0))?.value))
}

/// The algorithm and the octets of `EncryptedPrivateKeyInfo`.
pub(super) fn shrouded(mut value: Elements<'_>) -> Result<(Element<'_>, &[u8]), DerError> {
    let mut fields = value.expect("EncryptedPrivateKeyInfo", Tag::Sequence)?.inside();
    let algorithm = fields.expect("encryptionAlgorithm", Tag::Sequence)?;
    let encrypted = fields.expect("encryptedData", Tag::OctetString)?.value;
    fields.finish()?;
    Ok((algorithm, encrypted))
}

/// The kind of a `SafeBag`, its value, and its `localKeyId`.
fn read_bag(bag: Element<'_>) -> Result<(Oid, Elements<'_>, Option<Vec<u8>>), DerError> {
    let mut fields = bag.expect(Tag::Sequence)?.inside();
    let kind = fields.oid("bagId")?;
    let value = fields.expect("bagValue", context(0))?.inside();
    let mut id = None;
    if !fields.is_empty() {
        for attribute in
            fields.expect("bagAttributes", Tag::Set)?.inside().all("bagAttributes", MAX_ATTRIBUTES)?
        {
            let mut attribute = attribute.expect(Tag::Sequence)?.inside();
            if attribute.oid("bagAttributes")? == LOCAL_KEY_ID {
                id = Some(attribute.expect("localKeyId", Tag::Set)?.value.to_vec());
            }
        }
    }
    Ok((kind, value, id))
}

/// The certificate of a `CertBag`, if it is one of X.509.
fn certificate(mut value: Elements<'_>) -> Result<Option<&[u8]>, DerError> {
    let mut fields = value.expect("CertBag", Tag::Sequence)?.inside();
    if fields.oid("certId")? != X509_CERTIFICATE {
        return Ok(None);
    }
    let mut inside = fields.expect("certValue", context(0))?.inside();
    inside.expect("certValue", Tag::OctetString).map(|octets| Some(octets.value))
}

/// Checks the code that authenticates the content; it is wrong if the passphrase is.
fn check(mac: Element<'_>, content: &[u8], passphrase: &Secret) -> Result<(), PrivateKeyError> {
    let read = || {
        let mut fields = mac.inside();
        let mut info = fields.expect("DigestInfo", Tag::Sequence)?.inside();
        let mut algorithm = info.expect("DigestInfo", Tag::Sequence)?.inside();
        let oid = algorithm.oid("digestAlgorithm")?;
        let expected = info.expect("digest", Tag::OctetString)?.value;
        let salt = fields.expect("macSalt", Tag::OctetString)?.value;
        let count = if fields.is_empty() { Some(1) } else { iterations(fields.next("iterations")?)? };
        Ok((oid, algorithm, expected, salt, count))
    };
    let (oid, algorithm, expected, salt, count) = read().map_err(malformed)?;
    let count = count.ok_or(PrivateKeyError::Iterations)?;
    let key = if oid == PBMAC1 {
        pbmac1(algorithm, passphrase)?
    } else {
        let (digest, with) = match oid.to_string().as_str() {
            "1.3.14.3.2.26" => (DigestAlgorithm::Sha1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            "2.16.840.1.101.3.4.2.1" => (DigestAlgorithm::Sha256, hmac::HMAC_SHA256),
            "2.16.840.1.101.3.4.2.2" => (DigestAlgorithm::Sha384, hmac::HMAC_SHA384),
            "2.16.840.1.101.3.4.2.3" => (DigestAlgorithm::Sha512, hmac::HMAC_SHA512),
            other => return Err(PrivateKeyError::Encryption(format!("MAC with {other}"))),
        };
        let wide = derive::wide(passphrase.as_bytes());
        let key = derive::pkcs12(digest, Purpose::Mac, &wide, salt, count, digest.size());
        hmac::Key::new(with, &key)
    };
    hmac::verify(&key, content, expected).map_err(|_| PrivateKeyError::Decryption)
}

/// The key of PBMAC1 (RFC 9579), which OpenSSL writes if asked to.
fn pbmac1(parameters: Elements<'_>, passphrase: &Secret) -> Result<hmac::Key, PrivateKeyError> {
    let read = || {
        let mut parameters = parameters;
        let mut fields = parameters.expect("PBMAC1-params", Tag::Sequence)?.inside();
        let mut derivation = fields.expect("keyDerivationFunc", Tag::Sequence)?.inside();
        let function = derivation.oid("keyDerivationFunc")?;
        let mut derivation = derivation.expect("PBKDF2-params", Tag::Sequence)?.inside();
        let salt = derivation.expect("salt", Tag::OctetString)?.value;
        let count = iterations(derivation.next("iterationCount")?)?;
        let length = derivation.next("keyLength")?.integer()?;
        let prf = derivation.expect("prf", Tag::Sequence)?.inside().oid("prf")?;
        let mac = fields.expect("messageAuthScheme", Tag::Sequence)?.inside().oid("messageAuthScheme")?;
        Ok((function, salt, count, length, prf, mac))
    };
    let (function, salt, count, length, prf, mac) = read().map_err(malformed)?;
    let unknown = |oid: Oid| PrivateKeyError::Encryption(format!("PBMAC1 with {oid}"));
    if function != PBKDF2 {
        return Err(unknown(function));
    }
    let kind = |oid: Oid| match oid.to_string().as_str() {
        "1.2.840.113549.2.9" => Ok((pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256)),
        "1.2.840.113549.2.10" => Ok((pbkdf2::PBKDF2_HMAC_SHA384, hmac::HMAC_SHA384)),
        "1.2.840.113549.2.11" => Ok((pbkdf2::PBKDF2_HMAC_SHA512, hmac::HMAC_SHA512)),
        _ => Err(unknown(oid)),
    };
    let count = count.and_then(NonZeroU32::new).ok_or(PrivateKeyError::Iterations)?;
    let length = match length {
        [length] if (1..=MAX_MAC_KEY).contains(&usize::from(*length)) => usize::from(*length),
        _ => return Err(malformed(DerProblem::TooLarge(MAX_MAC_KEY).at("keyLength"))),
    };
    let mut key = Octets::new(vec![0; length]);
    pbkdf2::derive(kind(prf)?.0, count, salt, passphrase.as_bytes(), &mut key);
    Ok(hmac::Key::new(kind(mac)?.1, &key))
}

fn malformed(error: DerError) -> PrivateKeyError {
    PrivateKeyError::Format(ForeignError::new(error))
}
