//! A database: the entries of lists, with where they came from.

use super::{SignatureList, SignatureListKind, revocation};
use crate::certificate::{Certificate, CertificateError};
use crate::digest::DigestAlgorithm;
use crate::guid::Guid;
use crate::time::Time;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

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
    /// Its place in its list, from 0.
    pub place: usize,
    /// Its octets.
    pub data: Vec<u8>,
    /// The certificate, if it is one; or why it is none. Firmware passes over certificates that it
    /// cannot read.
    pub certificate: Option<Result<Certificate, CertificateError>>,
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
        for list in lists {
            for (place, signature) in list.signatures.iter().enumerate() {
                self.add(origin, signature.owner, list.kind, place, signature.data.clone());
            }
        }
    }

    fn add(&mut self, origin: &str, owner: Guid, kind: SignatureListKind, place: usize, data: Vec<u8>) {
        let certificate = (kind == SignatureListKind::X509).then(|| Certificate::from_der(&data));
        self.entries.push(DatabaseEntry {
            origin: origin.to_string(),
            owner,
            kind,
            place,
            data,
            certificate,
        });
    }

    /// Adds a certificate; its owner is the zero GUID.
    pub fn add_certificate(&mut self, origin: &str, certificate: &Certificate) {
        self.add(origin, Guid::from_bytes([0; 16]), SignatureListKind::X509, 0, certificate.der().to_vec());
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
