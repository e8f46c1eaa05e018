//! A database: the entries of lists, with where they came from.

use super::{ListError, SignatureList, SignatureListKind, read, revocation};
use crate::certificate::{Certificate, CertificateError};
use crate::digest::DigestAlgorithm;
use crate::guid::Guid;
use crate::time::Time;
use crate::variable::Authenticated;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Why a file cannot be a part of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Neither lists nor certificates.
    #[error("{origin}: {lists}; {certificate}")]
    Neither {
        /// The file.
        origin: String,
        /// Why it is no signature lists.
        lists: ListError,
        /// Why it is no certificate.
        certificate: Box<CertificateError>,
    },
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The certificate, if it is one; or why it is none. Firmware passes over certificates that it cannot read.
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

    /// Adds the content of a file: signature lists (with or without the four bytes that efivarfs puts before them, or the
    /// signature of an authorised change), or certificates in DER or PEM.
    pub fn add_file(&mut self, origin: &str, file: &[u8]) -> Result<(), LoadError> {
        // A certificate in DER begins with a byte that could begin a GUID too; but no list has a certificate's length in it.
        let certificates = match Certificate::read_all(file) {
            Ok(certificates) => {
                for certificate in &certificates {
                    self.add_certificate(origin, certificate);
                }
                return Ok(());
            }
            Err(error) => error,
        };
        let lists = match read(file) {
            Ok(lists) => lists,
            Err(error) => {
                let change = || read(&Authenticated::read(file).ok()?.data).ok();
                let of_efivarfs = file.get(4..).and_then(|data| read(data).ok());
                of_efivarfs.or_else(change).ok_or_else(|| LoadError::Neither {
                    origin: origin.to_string(),
                    lists: error,
                    certificate: Box::new(certificates),
                })?
            }
        };
        self.add_lists(origin, &lists);
        Ok(())
    }

    /// The certificates that can be read.
    pub fn certificates(&self) -> impl Iterator<Item = (&DatabaseEntry, &Certificate)> + Clone {
        self.entries.iter().filter_map(|entry| Some((entry, entry.certificate.as_ref()?.as_ref().ok()?)))
    }

    /// The entry for an image with this digest.
    pub fn find_image(&self, algorithm: DigestAlgorithm, digest: &[u8]) -> Option<&DatabaseEntry> {
        self.entries.iter().find(|e| e.kind.image_algorithm() == Some(algorithm) && e.data == digest)
    }

    /// The entries that name this certificate by the digest of its `tbsCertificate`, with the times of revocation.
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
