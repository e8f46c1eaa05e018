//! Signing images: what has to be read of an image, what has to be signed, and the file that is
//! written.
//!
//! Three steps, so that the key may be anywhere: [`Signing::begin`] reads the image once, whoever
//! has the key signs [`ToBeSigned`](crate::cms::ToBeSigned), and [`Signing::complete`] verifies
//! that signature and writes the file. [`sign`] does all of it with a [`Signer`]; a
//! [`RequestFolder`] carries the middle step to another machine and back.

mod derive;
mod done;
mod encryption;
mod error;
mod image;
mod key;
mod key_error;
mod pkcs12;
mod remove;
mod request;
mod secret;
mod signer;

pub use error::{SignError, SignerError};
pub use image::{SignOptions, SignOutcome, Signing, sign};
pub use key::PrivateKey;
pub use key_error::{MAX_KEY_FILE, PrivateKeyError};
pub(crate) use pkcs12::{Pkcs12, is_indefinite, is_pkcs12};
pub use remove::remove_signatures;
pub use request::{RequestError, RequestFolder};
pub use secret::{Secret, SecretSource};
pub use signer::{Countersigner, FileSigner, Signer, SignerCertificates};
