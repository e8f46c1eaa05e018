//! Signatures of kinds that nothing is trusted by, and that nevertheless tell who is distrusted.
//!
//! A list that forbids an issuer forbids what it issued, with MD5, RSASSA-PSS or a key of 16,384
//! bits as well: OpenSSL verifies all of these.

use super::key::{PublicKey, PublicKeyError, RSA, Scheme};
use crate::asn1::{Element, Elements, context};
use crate::oid::Oid;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use der::Tag;
use md5::Md5;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pss::{Signature, VerifyingKey};
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha1::Sha1;
use sha2::digest::{Digest, FixedOutputReset};
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// Bits of the moduli that OpenSSL computes with (`OPENSSL_RSA_MAX_MODULUS_BITS`).
const MODULUS: RangeInclusive<usize> = 256..=16384;
const PSS: Oid = Oid::new("1.2.840.113549.1.1.10");
const MGF1: Oid = Oid::new("1.2.840.113549.1.1.8");

/// Whether a signature is by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It is of a kind that nobody here can verify.
    Unknown,
}

impl Fit {
    fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

/// Whether the key in a `SubjectPublicKeyInfo` signed these octets with this `AlgorithmIdentifier`.
pub(crate) fn fits(key: &[u8], algorithm: &[u8], signed: &[u8], signature: &[u8]) -> Fit {
    rsa_fits(key, algorithm, signed, signature)
        .or_else(|| other_fits(key, algorithm, signed, signature))
        .unwrap_or(Fit::Unknown)
}

/// With what is accepted for trust, too: ECDSA.
fn other_fits(key: &[u8], algorithm: &[u8], signed: &[u8], signature: &[u8]) -> Option<Fit> {
    let scheme = Scheme::read(&der::Decode::from_der(algorithm).ok()?).ok()?;
    let digest = scheme.digest?;
    match PublicKey::from_der(key).ok()?.verify(scheme.kind, digest, &digest.digest(signed), signature) {
        Ok(()) => Some(Fit::Yes),
        Err(PublicKeyError::Invalid) => Some(Fit::No),
        Err(_) => None,
    }
}

fn rsa_fits(key: &[u8], algorithm: &[u8], signed: &[u8], signature: &[u8]) -> Option<Fit> {
    let key = rsa_key(key)?;
    let mut algorithm =
        Elements::new(algorithm, "signatureAlgorithm").expect("signatureAlgorithm", Tag::Sequence);
    let mut fields = algorithm.as_mut().ok()?.inside();
    let kind = fields.oid("algorithm").ok()?;
    if kind == PSS {
        let parameters = PssParameters::read(fields.next("parameters").ok()?)?;
        let signature = Signature::try_from(signature).ok();
        return Some(signature.map_or(Fit::No, |signature| parameters.fit(key, signed, &signature)));
    }
    let simple = |digest: Hash| {
        let (padding, digest) = digest.pkcs1(signed);
        Fit::of(key.verify(padding, &digest, signature).is_ok())
    };
    SIGNATURES.iter().find(|(name, _)| *name == kind).map(|(_, digest)| simple(*digest))
}

fn rsa_key(info: &[u8]) -> Option<rsa::PublicKey> {
    let mut fields = Elements::new(info, "subjectPublicKeyInfo").expect("key", Tag::Sequence).ok()?.inside();
    let kind = fields.expect("algorithm", Tag::Sequence).ok()?.inside().oid("algorithm").ok()?;
    if kind != RSA && kind != PSS {
        return None;
    }
    let bits = fields.expect("subjectPublicKey", Tag::BitString).ok()?.value.strip_prefix(&[0])?;
    let mut numbers =
        Elements::new(bits, "RSAPublicKey").expect("RSAPublicKey", Tag::Sequence).ok()?.inside();
    let mut number = || {
        let octets = numbers.expect("RSAPublicKey", Tag::Integer).ok()?.value;
        let octets = octets.get(octets.iter().take_while(|byte| **byte == 0).count()..)?;
        let bits = u32::try_from(octets.len()).ok()?.checked_mul(8)?;
        (bits as usize <= *MODULUS.end()).then(|| BoxedUint::from_be_slice(octets, bits.max(8)).ok())?
    };
    let (modulus, exponent) = (number()?, number()?);
    rsa::PublicKey::new_with_size_limits(modulus, exponent, MODULUS).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Signatures of PKCS #1 v1.5 (RFC 8017, appendix A.2.4).
const SIGNATURES: [(Oid, Hash); 6] = [
    (Oid::new("1.2.840.113549.1.1.4"), Hash::Md5),
    (Oid::new("1.2.840.113549.1.1.5"), Hash::Sha1),
    (Oid::new("1.2.840.113549.1.1.14"), Hash::Sha224),
    (Oid::new("1.2.840.113549.1.1.11"), Hash::Sha256),
    (Oid::new("1.2.840.113549.1.1.12"), Hash::Sha384),
    (Oid::new("1.2.840.113549.1.1.13"), Hash::Sha512),
];
const DIGESTS: [(Oid, Hash); 6] = [
    (Oid::new("1.2.840.113549.2.5"), Hash::Md5),
    (Oid::new("1.3.14.3.2.26"), Hash::Sha1),
    (Oid::new("2.16.840.1.101.3.4.2.4"), Hash::Sha224),
    (Oid::new("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
    (Oid::new("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
    (Oid::new("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
];

impl Hash {
    fn pkcs1(self, signed: &[u8]) -> (Pkcs1v15Sign, Vec<u8>) {
        match self {
            Self::Md5 => (Pkcs1v15Sign::new::<Md5>(), Md5::digest(signed).to_vec()),
            Self::Sha1 => (Pkcs1v15Sign::new::<Sha1>(), Sha1::digest(signed).to_vec()),
            Self::Sha224 => (Pkcs1v15Sign::new::<Sha224>(), Sha224::digest(signed).to_vec()),
            Self::Sha256 => (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(signed).to_vec()),
            Self::Sha384 => (Pkcs1v15Sign::new::<Sha384>(), Sha384::digest(signed).to_vec()),
            Self::Sha512 => (Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(signed).to_vec()),
        }
    }

    fn read(found: Element<'_>) -> Option<Self> {
        let kind = found.expect(Tag::Sequence).ok()?.inside().oid("hashAlgorithm").ok()?;
        DIGESTS.iter().find(|(name, _)| *name == kind).map(|(_, digest)| *digest)
    }
}

/// `RSASSA-PSS-params` (RFC 8017, appendix A.2.3), with one digest for message and mask.
struct PssParameters {
    digest: Hash,
    salt: usize,
}

impl PssParameters {
    fn read(parameters: Element<'_>) -> Option<Self> {
        let mut fields = parameters.expect(Tag::Sequence).ok()?.inside();
        let (mut digest, mut mask, mut salt) = (Hash::Sha1, Hash::Sha1, 20);
        while let Ok(field) = fields.next("parameter") {
            let value = field.inside().next("parameter").ok()?;
            if field.tag == context(0) {
                digest = Hash::read(value)?;
            } else if field.tag == context(1) {
                let mut mgf = value.expect(Tag::Sequence).ok()?.inside();
                if mgf.oid("maskGenAlgorithm").ok()? != MGF1 {
                    return None;
                }
                mask = Hash::read(mgf.next("parameters").ok()?)?;
            } else if field.tag == context(2) {
                let octets = value.expect(Tag::Integer).ok()?.value;
                salt = octets
                    .iter()
                    .try_fold(0_usize, |salt, byte| salt.checked_mul(256)?.checked_add((*byte).into()))?;
            }
        }
        (digest == mask).then_some(Self { digest, salt })
    }

    fn fit(&self, key: rsa::PublicKey, signed: &[u8], signature: &Signature) -> Fit {
        match self.digest {
            Hash::Md5 => self.verify::<Md5>(key, signed, signature),
            Hash::Sha1 => self.verify::<Sha1>(key, signed, signature),
            Hash::Sha224 => self.verify::<Sha224>(key, signed, signature),
            Hash::Sha256 => self.verify::<Sha256>(key, signed, signature),
            Hash::Sha384 => self.verify::<Sha384>(key, signed, signature),
            Hash::Sha512 => self.verify::<Sha512>(key, signed, signature),
        }
    }

    fn verify<D: Digest + FixedOutputReset>(
        &self,
        key: rsa::PublicKey,
        signed: &[u8],
        signature: &Signature,
    ) -> Fit {
        let key = VerifyingKey::<D>::new_with_salt_len(key, self.salt);
        Fit::of(key.verify_prehash(&D::digest(signed), signature).is_ok())
    }
}
