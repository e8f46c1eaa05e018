//! Certificates to trust instead of Mozilla's.

use files::ReadError;
use std::error::Error;
use std::path::{Path, PathBuf};
use ureq::tls::{Certificate, PemItem};

/// The most bytes of a file of certificates. Mozilla's has some 200 KB.
const LIMIT: u64 = 16 << 20;

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificatesError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A part of it that should be PEM is not.
    #[error("{}: not certificates in PEM", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no certificate in it.
    #[error("{}: holds no certificate in PEM", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// The certificates of a file in PEM; other things in it are passed over.
pub(crate) fn read(path: &Path) -> Result<Vec<Certificate<'static>>, CertificatesError> {
    let pem = files::read_limited(path, LIMIT)?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => {
                return Err(CertificatesError::NotPem { path: path.to_owned(), source: error.into() });
            }
        }
    }
    if found.is_empty() { Err(CertificatesError::Empty { path: path.to_owned() }) } else { Ok(found) }
}
