//! Signing images: what has to be read of an image, what has to be signed, and the file that is
//! written.
//!
//! Three steps, so that the key may be anywhere: [`Signing::begin`] reads the image once, whoever
//! has the key signs [`ToBeSigned`](crate::cms::ToBeSigned), and [`Signing::complete`] verifies
//! that signature and writes the file. [`sign`] does all of it with a [`Signer`]; a
//! [`RequestFolder`] carries the middle step to another machine and back.

mod error;
mod image;
mod key;
mod request;
mod secret;
mod signer;

pub use error::{SignError, SignerError};
pub use image::{SignOptions, Signing, sign};
pub use key::{MAX_KEY_FILE, PrivateKey, PrivateKeyError};
pub use request::{RequestError, RequestFolder};
pub use secret::{Secret, SecretSource};
pub use signer::{Countersigner, FileSigner, Signer, SignerCertificates};
