//! Why certificates are refused.

use super::key::PublicKeyError;
use crate::asn1::DerError;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use crate::pem::PemProblem;
use alloc::string::String;

/// Why octets are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not DER, or not this structure.
    #[error("certificate: {0}")]
    Der(#[from] DerError),
    /// A field is not as RFC 5280 has it.
    #[error("certificate: {0}")]
    X509(#[source] ForeignError),
    /// `notBefore` or `notAfter` is no date (section 4.1.2.5).
    #[error("certificate: its dates are none")]
    Dates,
    /// The signature names another algorithm inside than outside (section 4.1.1.2).
    #[error("certificate: signatureAlgorithm differs from the one in tbsCertificate")]
    SignatureAlgorithm,
    /// An extension is not as RFC 5280 has it.
    #[error("certificate: extension {extension}: {source}")]
    Extension {
        /// The extension.
        extension: Oid,
        /// What is wrong with its value.
        source: ForeignError,
    },
    /// An extension is there twice (section 4.2).
    #[error("certificate: two extensions {0}")]
    TwoExtensions(Oid),
    /// Not PEM (RFC 7468).
    #[error("PEM, line {line}: {problem}")]
    Pem {
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        problem: PemProblem,
    },
    /// The file is PEM or text without a certificate.
    #[error("there is no certificate in it")]
    None,
}

/// Why one certificate was not signed by another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// `issuer` of the one is not `subject` of the other, or its key identifiers say that it is
    /// another.
    #[error("{issuer} is not the issuer of {subject}")]
    NotIssuer {
        /// Subject of the certificate.
        subject: String,
        /// Subject of the supposed issuer.
        issuer: String,
    },
    /// The issuer may not sign certificates.
    #[error("{issuer} may not issue certificates: {why}")]
    NotAuthority {
        /// Subject of the supposed issuer.
        issuer: String,
        /// What stands against it.
        why: &'static str,
    },
    /// SHA-1, which has to be allowed expressly.
    #[error("{subject} is signed with SHA-1")]
    Sha1 {
        /// Subject of the certificate.
        subject: String,
    },
    /// The signature does not fit, or is of a kind that is not accepted.
    #[error("signature of {subject}: {source}")]
    Signature {
        /// Subject of the certificate.
        subject: String,
        /// What is wrong with the signature.
        source: PublicKeyError,
    },
}
