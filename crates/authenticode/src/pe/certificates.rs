//! The entries of the certificate table: one a signature.

use super::error::{ImageError, PeError};
use super::fields::{align_up, u16_at, u32_at};
use super::layout::Layout;
use crate::source::ImageSource;
use alloc::vec;
use alloc::vec::Vec;

/// Size of the header of an entry.
const HEADER: usize = 8;
/// `WIN_CERT_REVISION_2_0`.
const REVISION: u16 = 0x0200;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
const PKCS_SIGNED_DATA: u16 = 0x0002;
/// Entries are aligned to so many bytes.
pub(super) const ALIGNMENT: u64 = 8;
/// Real tables have some kilobytes; nobody needs more than this.
pub(super) const MAX_TABLE: u64 = 16 << 20;

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateTableKind {
    /// PKCS #7 signed data: an Authenticode signature.
    SignedData,
    /// Anything else, by revision and type; firmware passes it over.
    Other {
        /// `wRevision`.
        revision: u16,
        /// `wCertificateType`.
        kind: u16,
    },
}

/// An entry of the certificate table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateTableEntry {
    /// What it holds.
    pub kind: CertificateTableKind,
    /// Offset of its header in the file.
    pub offset: u64,
    /// Its content, without the header.
    pub content: Vec<u8>,
}

/// Reads the certificate table; empty if the image is not signed.
pub fn certificates<S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
) -> Result<Vec<CertificateTableEntry>, ImageError<S::Error>> {
    let Some(range) = &layout.certificate_table else { return Ok(Vec::new()) };
    let size = range.end - range.start;
    let length = usize::try_from(size).ok().filter(|_| size <= MAX_TABLE).ok_or(PeError::Field {
        field: "Certificate Table, Size",
        value: size,
        problem: "no table of certificates has more than 16 MiB",
    })?;
    let mut table = vec![0; length];
    source.read_at(range.start, &mut table).map_err(ImageError::Source)?;
    Ok(entries(&table, range.start)?)
}

/// The entries of a table that begins at `start` of the file.
fn entries(table: &[u8], start: u64) -> Result<Vec<CertificateTableEntry>, PeError> {
    let mut all = Vec::new();
    let mut rest = table;
    while !rest.is_empty() {
        let at = start + (table.len() - rest.len()) as u64;
        let wrong = |problem| PeError::Certificate { index: all.len(), at, problem };
        let (Some(length), Some(revision), Some(kind)) = (u32_at(rest, 0), u16_at(rest, 4), u16_at(rest, 6))
        else {
            return Err(wrong("the table ends inside its header"));
        };
        let length = length as usize;
        if length <= HEADER {
            return Err(wrong("dwLength leaves no room for a certificate"));
        }
        let content = rest.get(HEADER..length).ok_or_else(|| wrong("dwLength reaches past the table"))?;
        let next = align_up(length as u64, ALIGNMENT).and_then(|n| usize::try_from(n).ok()).unwrap_or(length);
        // The padding behind the last entry may be missing, but nothing may hide in what is there.
        let padding = rest.get(length..next.min(rest.len())).unwrap_or_default();
        if padding.iter().any(|&byte| byte != 0) {
            return Err(wrong("the padding behind it is not zero"));
        }
        let kind = match (revision, kind) {
            (REVISION, PKCS_SIGNED_DATA) => CertificateTableKind::SignedData,
            _ => CertificateTableKind::Other { revision, kind },
        };
        all.push(CertificateTableEntry { kind, offset: at, content: content.to_vec() });
        rest = rest.get(next..).unwrap_or_default();
    }
    Ok(all)
}

/// The bytes of a table with these signatures, to be put at an offset that is a multiple of 8.
pub fn table_bytes<'c>(signatures: impl IntoIterator<Item = &'c [u8]>) -> Option<Vec<u8>> {
    let mut table = Vec::new();
    for signature in signatures {
        let length = u32::try_from(signature.len().checked_add(HEADER)?).ok()?;
        table.extend(length.to_le_bytes());
        table.extend(REVISION.to_le_bytes());
        table.extend(PKCS_SIGNED_DATA.to_le_bytes());
        table.extend(signature);
        table.resize(usize::try_from(align_up(table.len() as u64, ALIGNMENT)?).ok()?, 0);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tables_are_read_as_they_were_written(
            signatures in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..100), 0..5)
        ) {
            let table = table_bytes(signatures.iter().map(Vec::as_slice)).unwrap();
            let read = entries(&table, 0).unwrap();
            prop_assert!(read.iter().all(|c| c.kind == CertificateTableKind::SignedData && c.offset % 8 == 0));
            prop_assert_eq!(read.into_iter().map(|c| c.content).collect::<Vec<_>>(), signatures);
        }

        #[test]
        fn anything_is_read_or_refused(table in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = entries(&table, 0);
        }
    }

    #[test]
    fn what_is_refused() {
        let problem = |table: &[u8]| entries(table, 0x100).unwrap_err().to_string();
        assert_eq!(
            problem(&[9, 0, 0]),
            "certificate table, entry 0 at 0x100: the table ends inside its header"
        );
        assert!(problem(&[8, 0, 0, 0, 0, 2, 2, 0]).contains("no room"));
        assert!(problem(&[99, 0, 0, 0, 0, 2, 2, 0, 1]).contains("past the table"));
        let mut table = table_bytes([&[1, 2, 3][..], &[4]]).unwrap();
        table[12] = 1;
        assert!(problem(&table).contains("padding"));
    }
}
