//! Files of certificates: PEM with the text around it that tools put there, or DER.

use super::error::CertificateError;
use super::x509::Certificate;
use crate::asn1::Elements;
use crate::pem::{PemError, PemProblem, blocks};
use alloc::string::String;
use alloc::vec::Vec;

/// Files of certificates have some kilobytes.
const MAX_FILE: usize = 4 << 20;
/// The labels that OpenSSL gives certificates. Behind a trusted one stands what it is trusted for,
/// which is nothing here.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
/// The first octet of a certificate in DER.
const SEQUENCE: u8 = 0x30;

impl Certificate {
    /// Reads the certificates of a file: one in DER, or any number in PEM.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if file.first() != Some(&SEQUENCE) {
            return from_pem(file);
        }
        // The digit 0 has that number too, and may begin a text.
        first(file).map(|certificate| Vec::from([certificate])).or_else(|error| match from_pem(file) {
            Err(CertificateError::None | CertificateError::Pem { problem: PemProblem::NotText, .. }) => {
                Err(error)
            }
            other => other,
        })
    }
}

/// The certificate that begins some octets. What stands behind it is passed over, as OpenSSL does
/// it.
fn first(octets: &[u8]) -> Result<Certificate, CertificateError> {
    Certificate::from_der(Elements::new(octets, "Certificate").next("Certificate")?.whole)
}

/// Reads all certificates of a PEM file. Text between them is passed over, and so are blocks of
/// another kind.
pub fn from_pem(file: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let failed = |PemError { line, problem }| CertificateError::Pem { line, problem };
    if file.len() > MAX_FILE {
        return Err(failed(PemError { line: 1, problem: PemProblem::TooLarge(MAX_FILE) }));
    }
    let mut certificates = Vec::new();
    for block in blocks(file, &LABELS).map_err(failed)? {
        let mut octets = Vec::new();
        block.decode(&mut octets).map_err(failed)?;
        certificates.push(first(&octets)?);
    }
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    let text = core::str::from_utf8(file).is_ok();
    Err(if text {
        CertificateError::None
    } else {
        failed(PemError { line: 1, problem: PemProblem::NotText })
    })
}

/// Writes a certificate as PEM.
pub fn to_pem(certificate: &Certificate) -> String {
    // A fixed label and octets in memory cannot fail.
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, certificate.der()).unwrap_or_default()
}
