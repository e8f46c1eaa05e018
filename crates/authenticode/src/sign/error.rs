//! Why images are not signed.

use crate::attach::AttachError;
use crate::cms::CmsBuildError;
use crate::pe::ImageError;
use std::error::Error;
use std::io;

/// Why a key elsewhere did not sign, or an authority gave no timestamp.
pub type SignerError = Box<dyn Error + Send + Sync>;

/// Why an image cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError<io::Error>),
    /// It cannot be said what has to be signed, or the signature is not of it.
    #[error(transparent)]
    Build(#[from] CmsBuildError),
    /// The key, or the token that it is in, did not sign.
    #[error("cannot sign")]
    Signer(#[source] SignerError),
    /// The signature is not by the certificate's key.
    #[error("the key and the certificate do not belong together")]
    OtherKey,
    /// There is no timestamp for the signature.
    #[error("no timestamp")]
    Countersigner(#[source] SignerError),
    /// The image has no place for signatures.
    #[error(transparent)]
    Attach(#[from] AttachError<io::Error>),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] files::FileError),
}
