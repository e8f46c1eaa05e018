//! A database: the entries of lists, with where they came from.

use super::{SignatureList, SignatureListKind, revocation};
use crate::asn1::DerError;
use crate::certificate::{Certificate, CertificateError, ListedCertificate, ListedError};
use crate::digest::DigestAlgorithm;
use crate::guid::Guid;
use crate::time::Time;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// An entry of a database, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseEntry {
    /// The variable or the file.
    pub origin: String,
    /// Who put it there.
    pub owner: Guid,
    /// What it is.
    pub kind: SignatureListKind,
    /// The place of its list among those of the origin, from 0.
    pub list: usize,
    /// Its place in its list, from 0.
    pub place: usize,
    /// Its octets.
    pub data: Vec<u8>,
    /// The certificate that something may be trusted by, if it is one; or why it is none.
    pub certificate: Option<Result<Certificate, CertificateError>>,
    /// How many octets stand behind that certificate. Firmware passes over them, shim over the
    /// whole entry.
    pub behind: usize,
    /// The same certificate, if the entry is in a list that forbids.
    pub forbids: Option<Result<ListedCertificate, ListedError>>,
}

impl fmt::Display for DatabaseEntry {
    /// Where it is, and whose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list {}, entry {} (owner {})", self.list, self.place, self.owner)
    }
}

/// All entries of db, or dbx, or another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureDatabase {
    /// The entries in the order in which firmware looks at them.
    pub entries: Vec<DatabaseEntry>,
}

impl SignatureDatabase {
    /// Adds the entries of lists.
    pub fn add_lists(&mut self, origin: &str, lists: &[SignatureList]) {
        let before = self.entries.iter().rfind(|entry| entry.origin == origin);
        let first = before.map_or(0, |entry| entry.list + 1);
        for (list, number) in lists.iter().zip(first..) {
            for (place, signature) in list.signatures.iter().enumerate() {
                self.add(origin, signature.owner, list.kind, [number, place], signature.data.clone());
            }
        }
    }

    fn add(
        &mut self,
        origin: &str,
        owner: Guid,
        kind: SignatureListKind,
        [list, place]: [usize; 2],
        data: Vec<u8>,
    ) {
        let x509 = kind == SignatureListKind::X509;
        let certificate = x509.then(|| Certificate::from_entry(&data));
        let behind = certificate.iter().flatten().map(|(_, behind)| *behind).sum();
        let certificate = certificate.map(|read| read.map(|(certificate, _)| certificate));
        let forbids = x509.then(|| ListedCertificate::read(&data));
        let origin = origin.to_string();
        self.entries.push(DatabaseEntry {
            origin,
            owner,
            kind,
            list,
            place,
            data,
            certificate,
            behind,
            forbids,
        });
    }

    /// Adds a certificate; its owner is the zero GUID.
    pub fn add_certificate(&mut self, origin: &str, certificate: &Certificate) {
        let owner = Guid::from_bytes([0; 16]);
        self.add(origin, owner, SignatureListKind::X509, [0, 0], certificate.der().to_vec());
    }

    /// The certificates that forbid, if this is a list that does.
    pub fn forbidding(&self) -> impl Iterator<Item = (&DatabaseEntry, &ListedCertificate)> {
        self.entries.iter().filter_map(|entry| Some((entry, entry.forbids.as_ref()?.as_ref().ok()?)))
    }

    /// An entry of which nobody here knows what it forbids, and why.
    pub fn unknown(&self) -> Option<(&DatabaseEntry, DerError)> {
        self.entries.iter().find_map(|entry| match entry.forbids {
            Some(Err(ListedError::Unknown(error))) => Some((entry, error)),
            _ => None,
        })
    }

    /// The certificates that can be read.
    pub fn certificates(&self) -> impl Iterator<Item = (&DatabaseEntry, &Certificate)> + Clone {
        self.entries.iter().filter_map(|entry| Some((entry, entry.certificate.as_ref()?.as_ref().ok()?)))
    }

    /// The entry for an image with this digest.
    pub fn find_image(&self, algorithm: DigestAlgorithm, digest: &[u8]) -> Option<&DatabaseEntry> {
        self.entries.iter().find(|e| e.kind.image_algorithm() == Some(algorithm) && e.data == digest)
    }

    /// The entries that name this certificate by the digest of its `tbsCertificate`, with the times
    /// of revocation.
    pub fn find_tbs<'d>(
        &'d self,
        certificate: &Certificate,
    ) -> impl Iterator<Item = (&'d DatabaseEntry, Time)> + use<'d> {
        // Each digest once, and only if there is an entry of its kind.
        let digests = DigestAlgorithm::ALL.map(|algorithm| {
            let wanted = self.entries.iter().any(|entry| entry.kind.tbs_algorithm() == Some(algorithm));
            (algorithm, wanted.then(|| certificate.tbs_digest(algorithm)))
        });
        self.entries.iter().filter_map(move |entry| {
            let (found, time) = revocation(entry.kind, &entry.data)?;
            let algorithm = entry.kind.tbs_algorithm()?;
            let (_, digest) = digests.iter().find(|(a, _)| *a == algorithm)?;
            (digest.as_deref()? == found).then_some((entry, time))
        })
    }
}
