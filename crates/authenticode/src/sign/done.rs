//! Whether an image has the signature already that it is to get.

use super::signer::SignerCertificates;
use crate::cms::Authenticode;
use crate::digest::DigestAlgorithm;
use crate::pe::{CertificateTableEntry, CertificateTableKind};

/// The signature that an image is to get.
pub(super) struct WantedSignature<'a> {
    /// Whose, and which certificates go along.
    pub(super) certificates: &'a SignerCertificates,
    /// The digest of the image, with the padding that signing adds.
    pub(super) digest: &'a [u8],
    /// Its algorithm.
    pub(super) algorithm: DigestAlgorithm,
    /// Whether a timestamp goes along.
    pub(super) timestamp: bool,
}

impl WantedSignature<'_> {
    /// Whether an entry of the certificate table is such a signature. It is verified: a damaged one
    /// is none, and one for another state of the image neither.
    pub(super) fn is(&self, entry: &CertificateTableEntry) -> bool {
        if entry.kind != CertificateTableKind::SignedData {
            return false;
        }
        let Ok(found) = Authenticode::read(&entry.content) else { return false };
        let SignerCertificates { signer, chain } = self.certificates;
        found.image.algorithm == self.algorithm
            && found.verify(self.digest, false).is_ok_and(|found| found == signer)
            && chain.iter().all(|wanted| found.signed.certificates.contains(wanted))
            && (!self.timestamp || found.timestamps(false).iter().any(Result::is_ok))
    }
}
