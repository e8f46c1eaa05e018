//! Requesting a timestamp from an authority (RFC 3161), and checking its answer before it goes into
//! a signature.
//!
//! How request and answer travel is not decided here; usually it is HTTP (section 3.4).

use crate::asn1::{DerError, Element, Elements, element};
use crate::certificate::{digest_oid, identifier};
use crate::cms::{Attribute, Timestamp, TimestampError, oids};
use crate::digest::DigestAlgorithm;
use crate::sign::{Countersigner, SignerError};
use der::Tag;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;

/// The media type of requests.
pub const REQUEST_TYPE: &str = "application/timestamp-query";
/// The media type of answers.
pub const ANSWER_TYPE: &str = "application/timestamp-reply";
/// No answer is larger: real ones have 2 to 8 kilobytes.
pub const MAX_ANSWER: usize = 256 << 10;
/// Bytes of a nonce.
const NONCE: usize = 16;

/// Why there is no timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampAnswerError {
    /// The answer is too large.
    #[error("the answer has {0} bytes, too many for a timestamp")]
    Size(usize),
    /// The answer is not DER, or not this structure.
    #[error("the answer is no timestamp: {0}")]
    Der(#[from] DerError),
    /// The authority refused (section 2.4.2).
    #[error("the authority refuses: {status}{reason}{text}")]
    Refused {
        /// What it decided.
        status: &'static str,
        /// Why, if it says so.
        reason: String,
        /// The text that it gives for people, if any.
        text: String,
    },
    /// It granted a timestamp and gave none.
    #[error("the answer holds no timestamp")]
    NoToken,
    /// The timestamp is not good.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
    /// It is the answer to another request.
    #[error("the timestamp is the answer to another request: it has another nonce")]
    Nonce,
    /// It is for another digest than the request was.
    #[error("the timestamp is for a {0} digest, which was not requested")]
    Digest(DigestAlgorithm),
    /// Section 2.3 wants the extension to be critical.
    #[error(
        "the authority's certificate does not say critically that it is for timestamps alone (RFC 3161, section 2.3)"
    )]
    NotCritical,
    /// There is no randomness.
    #[error("the system gives no random bytes")]
    Random,
}

/// A request for a timestamp: `TimeStampReq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRequest<'a> {
    /// The algorithm of the imprint.
    pub algorithm: DigestAlgorithm,
    /// The signature that gets the timestamp.
    pub signature: &'a [u8],
    /// What makes it another one than all others: content octets of a positive INTEGER.
    pub nonce: [u8; NONCE],
}

impl<'a> TimestampRequest<'a> {
    /// A request with a random nonce.
    pub fn new(algorithm: DigestAlgorithm, signature: &'a [u8]) -> Result<Self, TimestampAnswerError> {
        let mut nonce = [0; NONCE];
        SystemRandom::new().fill(&mut nonce).map_err(|_| TimestampAnswerError::Random)?;
        // Positive, and of full length.
        if let Some(first) = nonce.first_mut() {
            *first = *first & 0x3f | 0x40;
        }
        Ok(Self { algorithm, signature, nonce })
    }

    /// The request in DER; the authority shall send its certificate along.
    pub fn write(&self) -> Vec<u8> {
        let hashed = element(Tag::OctetString, &[&self.algorithm.digest(self.signature)]);
        let imprint = element(Tag::Sequence, &[&identifier(digest_oid(self.algorithm), true), &hashed]);
        let version = element(Tag::Integer, &[&[1]]);
        let nonce = element(Tag::Integer, &[&self.nonce]);
        let certificates = element(Tag::Boolean, &[&[0xff]]);
        element(Tag::Sequence, &[&version, &imprint, &nonce, &certificates])
    }

    /// Takes the timestamp out of an answer (`TimeStampResp`) and checks it: granted, for this
    /// signature and this request, signed by a certificate for timestamps alone. Whether the
    /// authority is trusted is for those to decide who verify.
    pub fn read_answer(&self, answer: &[u8]) -> Result<Vec<u8>, TimestampAnswerError> {
        if answer.len() > MAX_ANSWER {
            return Err(TimestampAnswerError::Size(answer.len()));
        }
        let mut outer = Elements::new(answer, "TimeStampResp");
        let mut fields = outer.expect("TimeStampResp", Tag::Sequence)?.inside();
        outer.finish()?;
        granted(fields.expect("PKIStatusInfo", Tag::Sequence)?)?;
        if fields.is_empty() {
            return Err(TimestampAnswerError::NoToken);
        }
        let token = fields.expect("timeStampToken", Tag::Sequence)?.whole;
        fields.finish()?;
        let timestamp = Timestamp::verify(token, self.signature, false)?;
        if timestamp.info.algorithm != self.algorithm {
            return Err(TimestampAnswerError::Digest(timestamp.info.algorithm));
        }
        if timestamp.info.nonce.as_deref() != Some(&self.nonce) {
            return Err(TimestampAnswerError::Nonce);
        }
        if !timestamp.signer.extended_key_usage_is_critical() {
            return Err(TimestampAnswerError::NotCritical);
        }
        Ok(token.to_vec())
    }
}

/// Whether `PKIStatusInfo` says that there is a timestamp.
fn granted(info: Element<'_>) -> Result<(), TimestampAnswerError> {
    let mut fields = info.inside();
    let status = match fields.next("PKIStatus")?.integer()? {
        // granted, grantedWithMods.
        [0 | 1] => return Ok(()),
        [2] => "rejection",
        [3] => "waiting",
        [4] => "revocation warning",
        [5] => "revocation notification",
        _ => "unknown status",
    };
    let (mut reason, mut text) = (String::new(), String::new());
    for field in fields.all("PKIStatusInfo", 2)? {
        match field.tag {
            Tag::Sequence => {
                for line in field.inside().all("statusString", 16)? {
                    text.push_str(": ");
                    text.push_str(&String::from_utf8_lossy(line.expect(Tag::Utf8String)?.value));
                }
            }
            Tag::BitString => {
                let bits = field.value.get(1..).unwrap_or_default();
                let set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte & 0x80 >> (bit % 8) != 0);
                let known = FAILURES.iter().filter(|(bit, _)| set(*bit)).map(|(_, name)| *name);
                let known: Vec<&str> = known.collect();
                if !known.is_empty() {
                    reason = format!(" ({})", known.join(", "));
                }
            }
            _ => {}
        }
    }
    Err(TimestampAnswerError::Refused { status, reason, text })
}

/// `PKIFailureInfo`, for people.
const FAILURES: [(usize, &str); 8] = [
    (0, "it does not know the algorithm"),
    (2, "it does not do such requests"),
    (5, "it cannot read the request"),
    (14, "its clock is not available"),
    (15, "it does not know the policy"),
    (16, "it does not know the extension"),
    (17, "it does not have what was requested"),
    (25, "it has a failure"),
];

/// Sends a request to an authority and returns its answer.
pub type Transport<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, SignerError> + Send + Sync + 'a;

/// An authority for timestamps.
pub struct TimestampAuthority<'a> {
    transport: Box<Transport<'a>>,
    algorithm: DigestAlgorithm,
}

impl<'a> TimestampAuthority<'a> {
    /// The authority that `transport` reaches. It gets digests made with `algorithm`.
    pub fn new(
        algorithm: DigestAlgorithm,
        transport: impl Fn(&[u8]) -> Result<Vec<u8>, SignerError> + Send + Sync + 'a,
    ) -> Self {
        Self { transport: Box::new(transport), algorithm }
    }
}

impl fmt::Debug for TimestampAuthority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimestampAuthority").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Countersigner for TimestampAuthority<'_> {
    fn attributes(&self, signature: &[u8]) -> Result<Vec<Attribute>, SignerError> {
        let request = TimestampRequest::new(self.algorithm, signature)?;
        let token = request.read_answer(&(self.transport)(&request.write())?)?;
        Ok(vec![Attribute { kind: oids::TIMESTAMP, values: vec![token] }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request() -> TimestampRequest<'static> {
        TimestampRequest { algorithm: DigestAlgorithm::Sha256, signature: b"signature", nonce: [0x41; NONCE] }
    }

    fn status(number: u8, rest: &[&[u8]]) -> Vec<u8> {
        let number = element(Tag::Integer, &[&[number]]);
        let info = element(Tag::Sequence, &[&[&number[..]], rest].concat());
        element(Tag::Sequence, &[&info])
    }

    #[test]
    fn refusals_are_reported() {
        let text = element(Tag::Sequence, &[&element(Tag::Utf8String, &["zu spät".as_bytes()])]);
        let bits = element(Tag::BitString, &[&[1, 0, 2]]);
        for (answer, reported) in [
            (status(2, &[&text]), "the authority refuses: rejection: zu spät"),
            (
                status(2, &[&text, &bits]),
                "the authority refuses: rejection (its clock is not available): zu spät",
            ),
            (status(3, &[]), "the authority refuses: waiting"),
            (status(0, &[]), "the answer holds no timestamp"),
            (b"<html>".to_vec(), "the answer is no timestamp: TimeStampResp"),
            (Vec::new(), "the answer is no timestamp: TimeStampResp: it is missing"),
            (vec![0; MAX_ANSWER + 1], "the answer has 262145 bytes"),
        ] {
            let found = request().read_answer(&answer).unwrap_err().to_string();
            assert!(found.starts_with(reported), "{found}");
        }
    }

    #[test]
    fn nonces_differ() {
        let one = TimestampRequest::new(DigestAlgorithm::Sha256, b"x").unwrap();
        let other = TimestampRequest::new(DigestAlgorithm::Sha256, b"x").unwrap();
        assert_ne!(one.nonce, other.nonce);
    }

    proptest! {
        #[test]
        fn nothing_panics(answer in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(request().read_answer(&answer).is_err());
            prop_assert!(request().read_answer(&status(0, &[&answer])).is_err());
        }
    }
}
