//! Files that hold what is trusted or forbidden: signature lists in each of their wrappings, and
//! certificates.

use crate::certificate::{Certificate, CertificateError};
use crate::lists::{self, ListError, SignatureDatabase, SignatureList};
use crate::variable::Authenticated;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A file holds neither signature lists nor certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {lists}; {certificate}")]
pub struct TrustFileError {
    /// The file.
    pub origin: String,
    /// Why it is no signature lists.
    pub lists: ListError,
    /// Why it is no certificate.
    #[source]
    pub certificate: Box<CertificateError>,
}

impl TrustFileError {
    /// Whether it is PEM or text that just holds no certificate: a private key, for instance.
    pub fn holds_nothing(&self) -> bool {
        *self.certificate == CertificateError::None
    }
}

/// Reads signature lists: bare, behind the four bytes that efivarfs puts before them, or as the
/// value of an authorised change.
///
/// # Errors
/// Why they are no bare lists.
pub fn read_lists(file: &[u8]) -> Result<Vec<SignatureList>, ListError> {
    let of_efivarfs = || lists::read(file.get(4..)?).ok();
    let of_change = || lists::read(&Authenticated::read(file).ok()?.data).ok();
    lists::read(file).or_else(|error| of_efivarfs().or_else(of_change).ok_or(error))
}

/// Adds the content of a file to a database: signature lists as [`read_lists`] takes them, or
/// certificates in DER or PEM.
pub fn add_to(database: &mut SignatureDatabase, origin: &str, file: &[u8]) -> Result<(), TrustFileError> {
    // A certificate in DER begins with a byte that could begin a GUID too; but no list has a
    // certificate's length in it.
    let certificate = match Certificate::read_all(file) {
        Ok(certificates) => {
            for certificate in &certificates {
                database.add_certificate(origin, certificate);
            }
            return Ok(());
        }
        Err(error) => Box::new(error),
    };
    let lists = read_lists(file).map_err(|lists| TrustFileError {
        origin: origin.to_string(),
        lists,
        certificate,
    })?;
    database.add_lists(origin, &lists);
    Ok(())
}
