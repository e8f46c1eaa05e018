//! Paths of certificates, from a signer's to one that is trusted.
//!
//! As OpenSSL finds and checks them when EDK2 and shim call it (`CryptPkcs7VerifyCommon.c`: partial
//! paths, any purpose, no time): certificates in the signature may stand in between; a path ends as
//! soon as it reaches the trusted one, whether or not that one signed itself.

use crate::certificate::{Certificate, IssueError};
use crate::oid::Oid;
use alloc::string::String;
use alloc::vec::Vec;

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
}

/// The signer and all who vouch for it, as far as the certificates in the signature show.
#[derive(Debug)]
pub struct Reach<'c> {
    nodes: Vec<Node<'c>>,
    /// What is wrong with the path that OpenSSL builds before it finds the signer itself to be
    /// trusted.
    natural: Option<PathError>,
    strictness: Strictness,
    sha1: bool,
}

#[derive(Debug)]
struct Node<'c> {
    certificate: &'c Certificate,
    /// Whom it vouches for.
    below: Option<usize>,
}

/// What it takes to stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// For trust: the right to issue, and nothing that cannot be judged.
    Trust,
    /// For distrust: the signature alone.
    Distrust,
}

impl<'c> Reach<'c> {
    /// Follows issuers through `others`, each at most once.
    pub fn new(
        signer: &'c Certificate,
        others: &(impl Iterator<Item = &'c Certificate> + Clone),
        strictness: Strictness,
        sha1: bool,
    ) -> Self {
        let nodes = Vec::from([Node { certificate: signer, below: None }]);
        let mut reach = Self { nodes, natural: None, strictness, sha1 };
        let mut at = 0;
        while let Some(node) = reach.nodes.get(at) {
            let certificate = node.certificate;
            for other in others.clone() {
                let known = reach.nodes.iter().any(|node| node.certificate == other);
                if !known && reach.may_stand_between(other) && reach.issued(certificate, other).is_ok() {
                    reach.nodes.push(Node { certificate: other, below: Some(at) });
                }
            }
            at += 1;
        }
        if strictness == Strictness::Trust {
            reach.natural = reach.check_natural(signer, others);
        }
        reach
    }

    /// The certificates that vouch for the signer, itself first.
    pub fn certificates(&self) -> impl Iterator<Item = &'c Certificate> {
        self.nodes.iter().map(|node| node.certificate)
    }

    /// The path from the signer to `anchor`, both included.
    ///
    /// # Errors
    /// Why there is none; `None` if the certificate has nothing to do with the signer.
    pub fn path_to(&self, anchor: &'c Certificate) -> Result<Vec<&'c Certificate>, Option<PathError>> {
        let mut closest = None;
        for (at, node) in self.nodes.iter().enumerate() {
            let mut path = self.path(at);
            if at == 0 && node.certificate == anchor {
                match &self.natural {
                    None => return Ok(path),
                    Some(error) => {
                        closest = Some(error.clone());
                        continue;
                    }
                }
            }
            if node.certificate != anchor {
                match self.issued(node.certificate, anchor) {
                    Ok(()) => {}
                    Err(IssueError::NotIssuer { .. }) => continue,
                    Err(error) => {
                        closest.get_or_insert(PathError::Issue(error));
                        continue;
                    }
                }
                path.push(anchor);
            }
            match self.check(&path) {
                Ok(()) => return Ok(path),
                Err(error) => closest = Some(error),
            }
        }
        Err(closest)
    }

    /// The paths to the first of these anchors that one leads to.
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
        let Some(top) = self.nodes.last().map(|node| node.certificate) else {
            // There is always the signer.
            return Err(PathError::NotTrusted { subject: String::new(), issuer: String::new() });
        };
        Err(closest.unwrap_or_else(|| PathError::NotTrusted { subject: top.subject(), issuer: top.issuer() }))
    }

    /// OpenSSL looks for the signer itself among the trusted ones only after it has followed
    /// issuers by their names as far as they came along, and then wants all of that path to be
    /// good.
    fn check_natural(
        &self,
        signer: &'c Certificate,
        others: &(impl Iterator<Item = &'c Certificate> + Clone),
    ) -> Option<PathError> {
        let mut path = Vec::from([signer]);
        while let Some(top) = path.last().copied().filter(|top| !top.is_self_issued()) {
            let mut issuers = others.clone().filter(|other| top.names_issuer(other) && !path.contains(other));
            let Some(issuer) = issuers.next() else { break };
            if let Err(error) = self.issued(top, issuer) {
                return Some(PathError::Issue(error));
            }
            if path.len() > 1 && !self.may_stand_between(top) {
                let (issuer, why) = (top.subject(), "it has no basic constraints");
                return Some(PathError::Issue(IssueError::NotAuthority { issuer, why }));
            }
            path.push(issuer);
        }
        self.check(&path).err()
    }

    fn path(&self, at: usize) -> Vec<&'c Certificate> {
        let mut path = Vec::new();
        let mut next = self.nodes.get(at);
        while let Some(node) = next {
            path.push(node.certificate);
            next = node.below.and_then(|below| self.nodes.get(below));
        }
        path.reverse();
        path
    }

    fn issued(&self, certificate: &Certificate, issuer: &Certificate) -> Result<(), IssueError> {
        match self.strictness {
            Strictness::Trust => certificate.verify_signed_by(issuer, self.sha1),
            // Whoever is distrusted cannot hide behind a broken digest.
            Strictness::Distrust if certificate.issuer_der() == issuer.subject_der() => {
                certificate.verify_signature_by(issuer, true)
            }
            Strictness::Distrust => {
                Err(IssueError::NotIssuer { subject: certificate.subject(), issuer: issuer.subject() })
            }
        }
    }

    /// Between the ends of a path OpenSSL wants basic constraints with `cA`; at its end other signs
    /// of an authority do.
    fn may_stand_between(&self, certificate: &Certificate) -> bool {
        self.strictness == Strictness::Distrust || certificate.is_authority() == Some(true)
    }

    fn check(&self, path: &[&Certificate]) -> Result<(), PathError> {
        if self.strictness == Strictness::Distrust {
            return Ok(());
        }
        // Authorities below the one that is looked at; those that issued themselves do not count
        // (RFC 5280, section 4.2.1.9).
        let mut below = 0_usize;
        for (at, certificate) in path.iter().enumerate() {
            if let Some(extension) = certificate.unjudged_extension() {
                return Err(PathError::Extension { subject: certificate.subject(), extension });
            }
            if at == 0 {
                continue;
            }
            if let Some(limit) = certificate.path_length().filter(|limit| below > usize::from(*limit)) {
                return Err(PathError::Length { issuer: certificate.subject(), limit });
            }
            below += usize::from(!certificate.is_self_issued());
        }
        Ok(())
    }
}
