//! Paths of certificates, from a signer's to one that is trusted ([`Chain`]), and everybody who
//! vouches for a signer ([`Vouchers`]).
//!
//! For trust as OpenSSL finds and checks them when EDK2 and shim call it
//! (`CryptPkcs7VerifyCommon.c`: partial paths, any purpose, no time): certificates in the signature
//! may stand in between; a path ends as soon as it reaches the trusted one, whether or not that one
//! signed itself. OpenSSL takes the *first* certificate that calls itself the issuer, and tries no
//! other if the signature does not fit; so one signature is verified for each step of a path.
//!
//! For distrust no path is required to be good: whoever is forbidden cannot hide behind another
//! certificate of the same name, a broken digest, or an extension.

mod vouchers;

pub use vouchers::{Effort, Vouchers};

use crate::certificate::{Certificate, IssueError, KeyKind};
use crate::oid::Oid;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::OnceCell;

/// Why there is no path to a trusted certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nobody who is trusted issued it.
    #[error("no trusted certificate is or issued {subject}; its issuer calls itself {issuer}")]
    NotTrusted {
        /// Subject of the last certificate of the path.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// A trusted certificate has the issuer's name, and yet did not issue it.
    #[error(transparent)]
    Issue(IssueError),
    /// Too many authorities.
    #[error("{issuer} allows {limit} authorities below itself, and there are more")]
    Length {
        /// Who restricts it.
        issuer: String,
        /// `pathLenConstraint`.
        limit: u8,
    },
    /// An extension that we cannot judge, so that firmware and we could see it differently.
    #[error("{subject} has the extension {extension}, which restricts it in a way that is not judged here")]
    Extension {
        /// Subject of the certificate.
        subject: String,
        /// The extension.
        extension: Oid,
    },
    /// Its validity cannot be read. Nobody who boots asks for it, but OpenSSL since 3.6 takes no
    /// such certificate.
    #[error("the dates of {subject} are none")]
    Dates {
        /// Subject of the certificate.
        subject: String,
    },
}

/// The certificates that lead up from a signer, as OpenSSL finds them among those that came along.
#[derive(Debug)]
pub struct Chain<'c> {
    /// As OpenSSL 1.1.1 finds them, and as OpenSSL 3 does. Firmware has the one or the other, so
    /// both have to be good.
    ways: [Way<'c>; 2],
    sha1: bool,
}

/// The signer, its issuer, the issuer's issuer, each with what came of verifying its signature.
#[derive(Debug)]
struct Way<'c> {
    steps: Vec<(&'c Certificate, OnceCell<Result<(), IssueError>>)>,
    openssl: OpenSsl,
}

/// How issuers are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenSsl {
    /// 1.1.1 passes over those whose key usage does not let them issue.
    Old,
    /// 3 takes the first one that has the name and the key identifier, but none twice.
    New,
}

impl<'c> Chain<'c> {
    /// Follows issuers through the certificates that came along, in their order.
    pub fn new(signer: &'c Certificate, came_along: &'c [Certificate], sha1: bool) -> Self {
        let ways = [OpenSsl::Old, OpenSsl::New].map(|openssl| Way::new(signer, came_along, openssl));
        Self { ways, sha1 }
    }

    /// The path from the signer to `anchor`, both included.
    ///
    /// # Errors
    /// Why there is none; `None` if the certificate has nothing to do with the signer.
    pub fn path_to(&self, anchor: &'c Certificate) -> Result<Vec<&'c Certificate>, Option<PathError>> {
        let [path, other] = self.ways.each_ref().map(|way| way.path_to(anchor, self.sha1));
        other.and(path)
    }

    /// The path to the first of these anchors that one leads to.
    ///
    /// # Errors
    /// The error of the path that came closest.
    pub fn path_to_any<T>(
        &self,
        anchors: impl Iterator<Item = (T, &'c Certificate)>,
    ) -> Result<(T, Vec<&'c Certificate>), PathError> {
        let mut closest = None;
        for (what, anchor) in anchors {
            match self.path_to(anchor) {
                Ok(path) => return Ok((what, path)),
                Err(error) => closest = closest.or(error),
            }
        }
        let [way, _] = &self.ways;
        let top = way.steps.last().map(|(top, _)| (top.subject(), top.issuer())).unwrap_or_default();
        let (subject, issuer) = top;
        Err(closest.unwrap_or(PathError::NotTrusted { subject, issuer }))
    }
}

impl OpenSsl {
    fn takes(self, issuer: &Certificate, of: &Certificate) -> bool {
        of.names_issuer(issuer) && (self == Self::New || issuer.may_sign_certificates())
    }
}

impl<'c> Way<'c> {
    fn new(signer: &'c Certificate, came_along: &'c [Certificate], openssl: OpenSsl) -> Self {
        let mut steps = Vec::from([(signer, OnceCell::new())]);
        let mut left: Vec<&Certificate> = came_along.iter().collect();
        // Whoever issued itself has no other issuer.
        while let Some(top) = steps.last().map(|(top, _)| *top).filter(|top| !openssl.takes(top, top)) {
            let again = |other| openssl == OpenSsl::New && steps.iter().any(|(known, _)| *known == other);
            let Some(at) = left.iter().position(|other| openssl.takes(other, top) && !again(*other)) else {
                break;
            };
            steps.push((left.remove(at), OnceCell::new()));
        }
        Self { steps, openssl }
    }

    fn path_to(
        &self,
        anchor: &'c Certificate,
        sha1: bool,
    ) -> Result<Vec<&'c Certificate>, Option<PathError>> {
        // A trusted issuer comes before one that came along.
        let below = self.steps.iter().position(|(certificate, _)| {
            self.openssl.takes(anchor, certificate)
                && (!certificate.names_issuer(certificate) || *certificate == anchor)
        });
        let Some(below) = below else {
            // OpenSSL looks for the signer itself among the trusted ones only after it has followed
            // issuers as far as they came along, and then wants all of that path to be good.
            let signer = self.steps.first().is_some_and(|(signer, _)| *signer == anchor);
            if !signer {
                return Err(None);
            }
            return self.verified(self.steps.len(), None, sha1).map(|_| Vec::from([anchor]));
        };
        let top = self.steps.get(below).is_some_and(|(top, _)| *top == anchor);
        self.verified(below + 1, (!top).then_some(anchor), sha1)
    }

    /// The first `length` certificates and the anchor above them, if that path is good.
    fn verified(
        &self,
        length: usize,
        anchor: Option<&'c Certificate>,
        sha1: bool,
    ) -> Result<Vec<&'c Certificate>, Option<PathError>> {
        let steps = self.steps.get(..length).unwrap_or_default();
        let mut path: Vec<&Certificate> = steps.iter().map(|(certificate, _)| *certificate).collect();
        path.extend(anchor);
        check(&path).map_err(Some)?;
        for (at, (certificate, verified)) in steps.iter().enumerate() {
            let result = match (steps.get(at + 1), anchor) {
                (Some((issuer, _)), _) => {
                    verified.get_or_init(|| certificate.verify_signed_by(issuer, sha1)).clone()
                }
                (None, Some(anchor)) => certificate.verify_signed_by(anchor, sha1),
                (None, None) => Ok(()),
            };
            result.map_err(|error| Some(PathError::Issue(error)))?;
        }
        Ok(path)
    }
}

/// The first certificate of a path that neither EDK2 nor shim goes by: EDK2 enrols RSA keys only,
/// and the OpenSSL in shim and in older EDK2 verifies nothing else.
pub(crate) fn first_without_rsa<'c>(path: &[&'c Certificate]) -> Option<&'c Certificate> {
    let is_rsa =
        |certificate: &Certificate| certificate.public_key().is_ok_and(|key| key.kind() == KeyKind::Rsa);
    path.iter().find(|certificate| !is_rsa(certificate)).copied()
}

/// Whether the extensions allow a path.
fn check(path: &[&Certificate]) -> Result<(), PathError> {
    // Authorities below the one that is looked at; those that issued themselves do not count (RFC
    // 5280, section 4.2.1.9).
    let mut below = 0_usize;
    for (at, certificate) in path.iter().enumerate() {
        if !certificate.has_dates() {
            return Err(PathError::Dates { subject: certificate.subject() });
        }
        if let Some(extension) = certificate.unjudged_extension() {
            return Err(PathError::Extension { subject: certificate.subject(), extension });
        }
        if at == 0 {
            continue;
        }
        // Between the ends of a path OpenSSL wants basic constraints with `cA`; at its end other
        // signs of an authority do.
        if at + 1 < path.len() && certificate.is_authority() != Some(true) {
            let why = certificate.not_authority().unwrap_or("it has no basic constraints");
            return Err(PathError::Issue(IssueError::NotAuthority { issuer: certificate.subject(), why }));
        }
        if let Some(limit) = certificate.path_length().filter(|limit| below > usize::from(*limit)) {
            return Err(PathError::Length { issuer: certificate.subject(), limit });
        }
        below += usize::from(!certificate.is_self_issued());
    }
    Ok(())
}
