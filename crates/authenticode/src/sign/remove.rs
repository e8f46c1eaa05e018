//! Taking the signatures of one key out of an image.

use super::error::SignError;
use crate::attach::attach;
use crate::certificate::Certificate;
use crate::cms::Authenticode;
use crate::file::{self, ImageFile};
use crate::pe::{self, CertificateTableEntry};
use std::path::Path;

/// Removes the signatures of the key of `certificate`, and writes the image to `output`, which may
/// be the image itself. Gives how many there were; if none, nothing is written.
pub fn remove_signatures(
    image: &ImageFile,
    certificate: &Certificate,
    output: &Path,
) -> Result<usize, SignError> {
    let is_by = |entry: &CertificateTableEntry| {
        let found = Authenticode::read(&entry.content);
        found.is_ok_and(|found| found.signed.signer_certificate().is_ok_and(|signer| signer == certificate))
    };
    let ImageFile { source, layout } = image;
    let (gone, kept): (Vec<_>, Vec<_>) = pe::certificates(source, layout)?.into_iter().partition(is_by);
    if !gone.is_empty() {
        let attachment = attach(source, layout, kept.iter().map(|entry| entry.content.as_slice()))?;
        file::write_attached(source, &attachment, output)?;
    }
    Ok(gone.len())
}
