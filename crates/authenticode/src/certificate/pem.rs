//! PEM (RFC 7468), with the text around it that tools put there.

use super::error::{CertificateError, PemProblem};
use super::x509::Certificate;
use crate::foreign::ForeignError;
use alloc::string::String;
use alloc::vec::Vec;

/// Files of certificates have some kilobytes.
const MAX_FILE: usize = 4 << 20;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl Certificate {
    /// Reads the certificates of a file: one in DER, or any number in PEM.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if file.first() == Some(&0x30) { Ok(Vec::from([Self::from_der(file)?])) } else { from_pem(file) }
    }
}

/// Reads all certificates of a PEM file. Text between them is passed over, and so are blocks of
/// another kind.
pub fn from_pem(file: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let failed = |line: usize, problem| CertificateError::Pem { line, problem };
    if file.len() > MAX_FILE {
        return Err(failed(1, PemProblem::TooLarge(MAX_FILE)));
    }
    let text = core::str::from_utf8(file).map_err(|_| failed(1, PemProblem::NotText))?;
    let mut certificates = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let (number, line) = (number + 1, line.trim_end());
        if line == BEGIN {
            if block.is_some() {
                return Err(failed(number, PemProblem::Nested));
            }
            block = Some((number, String::new()));
        }
        let Some((start, lines)) = &mut block else { continue };
        lines.push_str(line);
        lines.push('\n');
        if line == END {
            let (_, der) = der::pem::decode_vec(lines.as_bytes())
                .map_err(|error| failed(*start, PemProblem::Encoding(ForeignError::new(error))))?;
            certificates.push(Certificate::from_der(&der)?);
            block = None;
        }
    }
    match block {
        Some((start, _)) => Err(failed(start, PemProblem::Unended)),
        None if certificates.is_empty() => Err(CertificateError::None),
        None => Ok(certificates),
    }
}

/// Writes a certificate as PEM.
pub fn to_pem(certificate: &Certificate) -> String {
    // A fixed label and octets in memory cannot fail.
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, certificate.der()).unwrap_or_default()
}
