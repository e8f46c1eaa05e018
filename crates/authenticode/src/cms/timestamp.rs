//! Timestamps (RFC 3161) on signatures: they decide whether a certificate was revoked when it
//! signed.

use super::{Authenticode, CmsReadError, CmsVerifyError, Profile, SignedData, oids, read_digest};
use crate::asn1::Elements;
use crate::certificate::{Certificate, TIME_STAMPING};
use crate::digest::DigestAlgorithm;
use crate::time::Time;
use alloc::vec::Vec;
use der::Tag;

/// Why a timestamp does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// It is no timestamp.
    #[error("timestamp: {0}")]
    Read(#[from] CmsReadError),
    /// Its signature does not hold.
    #[error("timestamp: {0}")]
    Verify(#[from] CmsVerifyError),
    /// It is for something else.
    #[error("timestamp: it is for another signature")]
    Imprint,
    /// Its signer may not sign timestamps.
    #[error("timestamp: the signer's certificate is not for timestamps alone (RFC 3161, section 2.3)")]
    Purpose,
}

/// What a timestamp says: `TSTInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimestampInfo {
    /// The algorithm of the imprint.
    pub algorithm: DigestAlgorithm,
    /// The digest of what was there at that time.
    pub imprint: Vec<u8>,
    /// The serial number of the timestamp: content octets of the INTEGER.
    pub serial: Vec<u8>,
    /// The time, without fractions of seconds.
    pub time: Time,
    /// The number of the request, if it had one: content octets of the INTEGER.
    pub nonce: Option<Vec<u8>>,
}

impl TimestampInfo {
    /// Reads the SEQUENCE in DER.
    pub fn read(octets: &[u8]) -> Result<Self, CmsReadError> {
        let mut outer = Elements::new(octets, "TSTInfo");
        let mut fields = outer.expect("TSTInfo", Tag::Sequence)?.inside();
        outer.finish()?;
        if fields.next("TSTInfo.version")?.integer()? != [1] {
            return Err(CmsReadError::Version { field: "TSTInfo", expected: 1 });
        }
        fields.oid("TSTInfo.policy")?;
        let mut imprint = fields.expect("TSTInfo.messageImprint", Tag::Sequence)?.inside();
        let algorithm = read_digest("messageImprint", imprint.expect("hashAlgorithm", Tag::Sequence)?)?;
        let hashed = imprint.expect("hashedMessage", Tag::OctetString)?.value.to_vec();
        imprint.finish()?;
        let serial = fields.next("TSTInfo.serialNumber")?.integer()?.to_vec();
        let time = fields.expect("TSTInfo.genTime", Tag::GeneralizedTime)?.value;
        let time = read_time(time).ok_or(CmsReadError::Shape("TSTInfo.genTime is no time in UTC"))?;
        let mut nonce = None;
        // accuracy, ordering, nonce, tsa, extensions: all optional.
        for field in fields.all("TSTInfo", 8)? {
            if field.tag == Tag::Integer {
                nonce = Some(field.integer()?.to_vec());
            }
        }
        Ok(Self { algorithm, imprint: hashed, serial, time, nonce })
    }
}

/// `YYYYMMDDhhmmss[.f…]Z`.
fn read_time(text: &[u8]) -> Option<Time> {
    let text = core::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let two = |at: usize| whole.get(at..at + 2)?.parse::<u8>().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let time = der::DateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?).ok()?;
    Some(Time::of_der(time))
}

/// A timestamp that holds; whether its authority is trusted is another question.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timestamp {
    /// Its signed data, with the certificates that came along.
    pub signed: SignedData,
    /// What it says.
    pub info: TimestampInfo,
    /// The certificate of the authority that signed it.
    pub signer: Certificate,
}

impl Timestamp {
    /// Reads a token (a `ContentInfo`) and checks that it is for `signature`, by a certificate for
    /// timestamps alone.
    pub fn verify(token: &[u8], signature: &[u8], sha1: bool) -> Result<Self, TimestampError> {
        let signed = SignedData::read(token, Profile::Timestamp)?;
        let info = TimestampInfo::read(signed.content.as_deref().unwrap_or_default())?;
        if info.algorithm == DigestAlgorithm::Sha1 && !sha1 {
            return Err(CmsVerifyError::Sha1.into());
        }
        if info.imprint != info.algorithm.digest(signature) {
            return Err(TimestampError::Imprint);
        }
        let signer = signed.verify(None, sha1)?.clone();
        if signer.extended_key_usage() != Some(&[TIME_STAMPING]) {
            return Err(TimestampError::Purpose);
        }
        Ok(Self { signed, info, signer })
    }
}

impl Authenticode {
    /// The timestamps of this signature: each that holds, or why it does not.
    pub fn timestamps(&self, sha1: bool) -> Vec<Result<Timestamp, TimestampError>> {
        let signature = &self.signed.signer.signature;
        let tokens = self.signed.signer.unsigned(oids::TIMESTAMP).take(4);
        tokens.map(|token| Timestamp::verify(token, signature, sha1)).collect()
    }
}

/// What a timestamp for a signature has to be of.
pub fn timestamp_imprint(signed: &SignedData, algorithm: DigestAlgorithm) -> Vec<u8> {
    algorithm.digest(&signed.signer.signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let time = Time { year: 2026, month: 2, day: 28, hour: 23, minute: 59, second: 58 };
        assert_eq!(read_time(b"20260228235958Z"), Some(time));
        assert_eq!(read_time(b"20260228235958.123Z"), Some(time));
        for wrong in
            ["20260228235958", "20260230235958Z", "20260228235958.Z", "202602282359Z", "+0260228235958Z"]
        {
            assert_eq!(read_time(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
