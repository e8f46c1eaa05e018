//! Keys from passphrases, as old formats derive them.

use crate::digest::DigestAlgorithm;
use md5::{Digest as _, Md5};
use pkcs8::der::zeroize::Zeroizing;

/// Octets that somebody could decrypt with.
pub(super) type Octets = Zeroizing<Vec<u8>>;

/// What PKCS #12 derives (RFC 7292, appendix B.3).
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// A passphrase as PKCS #12 wants it (RFC 7292, appendix B.1): UTF-16, the high octet first, with a
/// zero at the end. What is not UTF-8 is taken as Latin-1, as OpenSSL does it.
pub(super) fn wide(passphrase: &[u8]) -> Octets {
    let mut wide = Octets::new(Vec::with_capacity(2 * passphrase.len() + 2));
    match std::str::from_utf8(passphrase) {
        Ok(text) => text.encode_utf16().for_each(|unit| wide.extend(unit.to_be_bytes())),
        Err(_) => passphrase.iter().for_each(|byte| wide.extend([0, *byte])),
    }
    wide.extend([0, 0]);
    wide
}

/// The derivation of PKCS #12 (RFC 7292, appendix B.2). `passphrase` is [`wide`].
pub(super) fn pkcs12(
    digest: DigestAlgorithm,
    purpose: Purpose,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Octets {
    let block = match digest {
        DigestAlgorithm::Sha1 | DigestAlgorithm::Sha256 => 64,
        DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => 128,
    };
    let filled = |octets: &[u8]| -> Octets {
        let length = octets.len().div_ceil(block) * block;
        Octets::new(octets.iter().copied().cycle().take(length).collect())
    };
    let mut input = Octets::new([filled(salt).as_slice(), filled(passphrase).as_slice()].concat());
    let mut derived = Octets::new(Vec::with_capacity(length + digest.size()));
    while derived.len() < length {
        let start = Octets::new([&vec![purpose as u8; block], input.as_slice()].concat());
        let mut hashed = Octets::new(digest.digest(&start));
        for _ in 1..iterations {
            hashed = Octets::new(digest.digest(&hashed));
        }
        derived.extend_from_slice(&hashed);
        let added = Octets::new(hashed.iter().copied().cycle().take(block).collect());
        // Each block plus this plus one, as large numbers.
        for part in input.chunks_mut(block) {
            let mut carry = 1;
            for (to, from) in part.iter_mut().zip(added.iter()).rev() {
                let sum = u16::from(*to) + u16::from(*from) + carry;
                *to = sum.to_be_bytes()[1];
                carry = sum >> 8;
            }
        }
    }
    derived.truncate(length);
    derived
}

/// PBKDF1 (RFC 8018, section 5.1) with SHA-1, or with MD5: 16 octets.
pub(super) fn pbkdf1(md5: bool, passphrase: &[u8], salt: &[u8], iterations: u32) -> Octets {
    let hash = |octets: &[u8]| {
        Octets::new(if md5 { Md5::digest(octets).to_vec() } else { DigestAlgorithm::Sha1.digest(octets) })
    };
    let mut hashed = hash(&Octets::new([passphrase, salt].concat()));
    for _ in 1..iterations {
        hashed = hash(&hashed);
    }
    hashed.truncate(16);
    hashed
}

/// What OpenSSL derives for keys in PEM that are encrypted the traditional way
/// (`EVP_BytesToKey` with MD5 and one iteration).
pub(super) fn traditional(passphrase: &[u8], salt: &[u8], length: usize) -> Octets {
    let mut derived = Octets::new(Vec::with_capacity(length + 16));
    let mut last = Octets::default();
    while derived.len() < length {
        last = Octets::new(Md5::digest(Octets::new([&last, passphrase, salt].concat())).to_vec());
        derived.extend_from_slice(&last);
    }
    derived.truncate(length);
    derived
}
