//! Detached OpenPGP signatures (RFC 9580), of version 4 with EdDSA over Curve25519 in the older
//! encoding, which GnuPG 2.1 and everything newer verifies.
//!
//! Only what a signer needs is here: a key with one name, and signatures of documents. The crates
//! that do all of OpenPGP bring dozens of ciphers that nobody here asks for, in second versions.

#![expect(clippy::cast_possible_truncation, reason = "all lengths are those of our own short packets")]

use super::text::line;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use jiff::Timestamp;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// EdDSA, as version 4 of OpenPGP names it.
const ALGORITHM: u8 = 22;
/// SHA-256.
const HASH: u8 = 8;
/// The curve Ed25519, as an object identifier.
const CURVE: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];

/// The most characters of a key's name.
const MAXIMUM_NAME: usize = 200;

/// Packets (section 5).
const SIGNATURE: u8 = 2;
const PUBLIC_KEY: u8 = 6;
const USER_ID: u8 = 13;

/// Kinds of signatures (section 5.2.1).
const BINARY: u8 = 0x00;
const CERTIFICATION: u8 = 0x13;

/// A key that signs.
pub struct Key {
    secret: ed25519_dalek::SigningKey,
    /// In seconds since 1970. It is part of the fingerprint.
    created: u32,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.fingerprint()).finish()
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is the time of its making in seconds since 1970, a colon, and 32 bytes in base64")]
pub struct KeyError;

impl Key {
    /// A key of random bytes.
    pub fn new(seed: [u8; 32], created: u32) -> Self {
        Self { secret: ed25519_dalek::SigningKey::from_bytes(&seed), created }
    }

    /// Reads a key as it is kept: `1790000000:BASE64`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (created, seed) = text.trim().split_once(':').ok_or(KeyError)?;
        let created = created.parse().map_err(|_| KeyError)?;
        let seed = STANDARD.decode(seed).map_err(|_| KeyError)?;
        Ok(Self::new(seed.try_into().map_err(|_| KeyError)?, created))
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_second(self.created.into()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The body of the public key's packet.
    fn body(&self) -> Vec<u8> {
        let mut body = vec![4];
        body.extend(self.created.to_be_bytes());
        body.push(ALGORITHM);
        body.push(CURVE.len() as u8);
        body.extend(CURVE);
        // The point, with a mark that it is not compressed in the way of other curves.
        let mut point = vec![0x40];
        point.extend(self.secret.verifying_key().to_bytes());
        number(&mut body, &point);
        body
    }

    /// What is hashed of the key in its fingerprint and in certifications.
    fn hashed(&self) -> Vec<u8> {
        let body = self.body();
        let mut hashed = vec![0x99];
        hashed.extend((body.len() as u16).to_be_bytes());
        hashed.extend(body);
        hashed
    }

    fn fingerprint_bytes(&self) -> [u8; 20] {
        Sha1::digest(self.hashed()).into()
    }

    /// The fingerprint, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        crate::hex::encode(&self.fingerprint_bytes()).to_uppercase()
    }

    /// The public key with a name, for everybody.
    pub fn certificate(&self, name: &str) -> String {
        let name = line(name).unwrap_or_else(|| "unnamed".to_owned());
        let name: String = name.chars().take(MAXIMUM_NAME).collect();
        let mut hashed = self.hashed();
        hashed.push(0xb4);
        hashed.extend((name.len() as u32).to_be_bytes());
        hashed.extend(name.as_bytes());
        // It may certify and sign.
        let signature = self.signature(CERTIFICATION, &hashed, self.created, &[&[27, 0x03]]);
        let mut packets = packet(PUBLIC_KEY, &self.body());
        packets.extend(packet(USER_ID, name.as_bytes()));
        packets.extend(packet(SIGNATURE, &signature));
        armored("PUBLIC KEY BLOCK", &packets)
    }

    /// The detached signature of a document, made at a time in seconds since 1970. The same
    /// document and time give the same signature.
    pub fn sign(&self, document: &[u8], at: u32) -> String {
        let signature = self.signature(BINARY, document, at.max(self.created), &[]);
        armored("SIGNATURE", &packet(SIGNATURE, &signature))
    }

    /// The body of a signature's packet (section 5.2.3).
    fn signature(&self, kind: u8, hashed: &[u8], at: u32, more: &[&[u8]]) -> Vec<u8> {
        let fingerprint = self.fingerprint_bytes();
        let mut parts = Vec::new();
        subpacket(&mut parts, &[&[2], &at.to_be_bytes()[..]].concat());
        subpacket(&mut parts, &[&[33, 4], &fingerprint[..]].concat());
        for part in more {
            subpacket(&mut parts, part);
        }
        let mut body = vec![4, kind, ALGORITHM, HASH];
        body.extend((parts.len() as u16).to_be_bytes());
        body.extend(parts);
        let mut trailer = vec![4, 0xff];
        trailer.extend((body.len() as u32).to_be_bytes());
        let digest = Sha256::new().chain_update(hashed).chain_update(&body).chain_update(&trailer).finalize();
        let mut unhashed = Vec::new();
        subpacket(&mut unhashed, &[&[16], &fingerprint[12..]].concat());
        body.extend((unhashed.len() as u16).to_be_bytes());
        body.extend(unhashed);
        body.extend(&digest[..2]);
        let signature = self.secret.sign(&digest).to_bytes();
        number(&mut body, &signature[..32]);
        number(&mut body, &signature[32..]);
        body
    }
}

/// A number: the count of its bits, and its bytes without leading zeros (section 3.2).
fn number(out: &mut Vec<u8>, bytes: &[u8]) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let bits = bytes.first().map_or(0, |first| bytes.len() * 8 - first.leading_zeros() as usize);
    out.extend((bits as u16).to_be_bytes());
    out.extend(bytes);
}

/// A part of a signature (section 5.2.3.7); all of ours are short.
fn subpacket(out: &mut Vec<u8>, body: &[u8]) {
    out.push(body.len() as u8);
    out.extend(body);
}

/// A packet with its header (section 4.2.1).
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0xc0 | kind];
    // The longest form of the length, which every length may have.
    packet.push(0xff);
    packet.extend((body.len() as u32).to_be_bytes());
    packet.extend(body);
    packet
}

/// Packets as text (section 6.2), with the checksum that older programs want.
fn armored(kind: &str, packets: &[u8]) -> String {
    let text = STANDARD.encode(packets);
    let mut out = format!("-----BEGIN PGP {kind}-----\n\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().copied().map(char::from));
        out.push('\n');
    }
    let [_, checksum @ ..] = crc24(packets).to_be_bytes();
    // A text takes everything.
    let _ = writeln!(out, "={}\n-----END PGP {kind}-----", STANDARD.encode(checksum));
    out
}

/// The checksum of the armor (section 6.1.1).
fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 16, |crc, _| {
            let next = crc << 1;
            if next & 0x0100_0000 == 0 { next } else { next ^ 0x0186_4cfb }
        }) & 0x00ff_ffff
    })
}
