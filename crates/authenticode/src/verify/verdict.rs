//! The decision, with what it rests on.

use super::policy::TrustList;
use crate::asn1::DerError;
use crate::certificate::Certificate;
use crate::cms::{CmsReadError, CmsVerifyError};
use crate::digest::DigestAlgorithm;
use crate::lists::DatabaseEntry;
use crate::path::PathError;
use crate::pe::PeError;
use crate::sbat::{RevokedComponent, SbatError};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What let an image through.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trust {
    /// The list that the entry is in.
    pub list: TrustList,
    /// The entry.
    pub entry: DatabaseEntry,
    /// How it names the image.
    pub by: TrustedBy,
}

/// How an entry of a list names an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedBy {
    /// By its digest.
    Digest(DigestAlgorithm),
    /// By a certificate: the path from the signer's to the one in the list.
    Path(Vec<Certificate>),
}

/// What forbids an image or a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forbidden {
    /// The list that the entry is in.
    pub list: TrustList,
    /// The entry.
    pub entry: DatabaseEntry,
    /// How it names what it forbids.
    pub why: ForbiddenBy,
}

/// How an entry forbids something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForbiddenBy {
    /// It is the image's digest.
    Digest(DigestAlgorithm),
    /// It is a certificate which the signer's is, or which issued it.
    Certificate {
        /// The certificate's subject.
        subject: String,
    },
    /// It is the digest of a `tbsCertificate` of the path.
    Tbs {
        /// The subject of that certificate.
        subject: String,
        /// Since when it is revoked; zero: always.
        since: Time,
        /// When the signature was made, if a timestamp by an authority of dbt says so.
        stamped: Option<Time>,
    },
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = self.list;
        match &self.why {
            ForbiddenBy::Digest(algorithm) => write!(f, "its {algorithm} digest is in {list}"),
            ForbiddenBy::Certificate { subject } => write!(f, "{list} forbids what {subject} vouches for"),
            ForbiddenBy::Tbs { subject, since, .. } if since.is_zero() => {
                write!(f, "{list} revokes {subject}")
            }
            ForbiddenBy::Tbs { subject, since, stamped } => {
                write!(f, "{list} revokes {subject} since {since}, and ")?;
                match stamped {
                    Some(time) => write!(f, "the signature was made at {time}"),
                    None => f.write_str("no trusted timestamp says that the signature is older"),
                }
            }
        }
    }
}

/// Why a signature lets nothing through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// An entry of the certificate table that is no signature.
    #[error("it is of revision {revision:#06x} and type {kind:#06x}, which is no Authenticode signature")]
    Kind {
        /// `wRevision`.
        revision: u16,
        /// `wCertificateType`.
        kind: u16,
    },
    /// It cannot be read.
    #[error(transparent)]
    Read(CmsReadError),
    /// It does not hold.
    #[error(transparent)]
    Verify(CmsVerifyError),
    /// It is of a SHA-1 digest.
    #[error("it is of a SHA-1 digest, for which others can find another file")]
    Sha1,
    /// Another one than shim computes.
    #[error("it is of a {0} digest, and shim computes SHA-256 only")]
    Digest(DigestAlgorithm),
    /// Its size is one that firmware and shim do not know.
    #[error("it has more than 64 KiB, which neither firmware nor shim reads")]
    Size,
    /// A key that is no RSA key.
    #[error("the key of {0} is no RSA key: not by EDK2, which enrols RSA keys only, nor by shim")]
    EllipticCurve(String),
    /// It is revoked.
    #[error("{0}")]
    Forbidden(Box<Forbidden>),
    /// No list has a certificate at the end of a path.
    #[error(transparent)]
    Path(PathError),
    /// A certificate is not valid at [`TrustPolicy::valid_at`](super::TrustPolicy::valid_at).
    #[error("{subject} is valid from {from} to {until} only")]
    Validity {
        /// The certificate's subject.
        subject: String,
        /// Its first moment.
        from: Time,
        /// Its last moment.
        until: Time,
    },
}

/// What neither firmware nor shim refuses, and people may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A certificate of the path was not valid at the time of asking.
    Validity {
        /// Its subject.
        subject: String,
        /// Its first moment.
        from: Time,
        /// Its last moment.
        until: Time,
    },
    /// The signer's certificate is not meant for signing code.
    Purpose {
        /// Its subject.
        subject: String,
        /// `keyUsage` or `extendedKeyUsage`.
        extension: &'static str,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Validity { subject, from, until } => {
                write!(f, "{subject} is valid from {from} to {until} only (not looked at when booting)")
            }
            Self::Purpose { subject, extension } => {
                write!(
                    f,
                    "the {extension} of {subject} does not include signing code (not looked at when booting)"
                )
            }
        }
    }
}

/// What is found about one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureFinding {
    /// Its place in the certificate table, from 0.
    pub index: usize,
    /// Subject of the signer's certificate, as far as it could be read.
    pub signer: Option<String>,
    /// Which digest it is of.
    pub algorithm: Option<DigestAlgorithm>,
    /// When it was made, if a timestamp says so; whether its authority is trusted decides dbt.
    pub timestamp: Option<Time>,
    /// What it lets through, or the first thing that stopped it.
    pub result: Result<Trust, SignatureProblem>,
    /// Whether it stops the image, however good another signature is.
    pub fatal: bool,
    /// What is worth knowing although it decides nothing.
    pub notices: Vec<Notice>,
}

/// Why an image is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A deny list has its digest.
    #[error("{0}")]
    Forbidden(Box<Forbidden>),
    /// A deny list has an entry of which nobody here knows what it forbids.
    #[error("nobody knows what {list} forbids: {}, {entry} cannot be read: {problem}", entry.origin)]
    Unknown {
        /// The list.
        list: TrustList,
        /// The entry.
        entry: Box<DatabaseEntry>,
        /// Why it is not read.
        problem: DerError,
    },
    /// Nothing is attached.
    #[error("it is not signed, and no list has its digest")]
    NotSigned,
    /// The last entry of the certificate table is not padded.
    #[error("the size of its certificate table is no multiple of 8")]
    Table,
    /// A signature, or what passes for one, that stops everything.
    #[error("signature {index} stops it: {problem}")]
    Fatal {
        /// Its place in the certificate table, from 0.
        index: usize,
        /// Why it stops the image.
        #[source]
        problem: Box<SignatureProblem>,
    },
    /// Nothing lets it through.
    #[error("no signature is trusted, and no list has its digest")]
    NothingTrusted,
    /// It is let through, and cannot be loaded.
    #[error("it cannot be loaded: {0}")]
    Unloadable(#[source] PeError),
    /// Shim starts nothing without it.
    #[error("it has no .sbat section")]
    NoSbat,
    /// A section that shim refuses.
    #[error(".sbat: {0}")]
    SbatSection(&'static str),
    /// A section that cannot be read.
    #[error(".sbat: {0}")]
    Sbat(#[source] SbatError),
    /// It is too old.
    #[error(".sbat: {0}")]
    Revoked(#[source] RevokedComponent),
}

/// The decision about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageVerdict {
    /// What let it through, or the first thing that stopped it.
    pub outcome: Result<Trust, Refusal>,
    /// What is found about each signature.
    pub findings: Vec<SignatureFinding>,
}
