//! X.509 certificates (RFC 5280), with the octets that they were read from.
//!
//! What is decided here is about one certificate, or one and its issuer; whether a path of them is
//! good enough to start an image is another question, which firmware answers.

mod error;
mod key;
mod legacy;
mod listed;
mod pem;
mod validity;
mod x509;

pub use crate::pem::PemProblem;
pub use error::{CertificateError, IssueError};
pub(crate) use key::{EC, RSA, digest_algorithm, digest_oid, identifier};
pub use key::{KeyKind, PublicKey, PublicKeyError, Scheme};
pub use listed::{ListedCertificate, ListedError};
pub use pem::{from_pem, to_pem};
pub use x509::{CODE_SIGNING, Certificate, MAX_CERTIFICATE, MODULE_SIGNING, TIME_STAMPING};
