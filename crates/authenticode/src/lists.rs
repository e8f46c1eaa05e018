//! EFI signature lists (UEFI specification, section 32.4.1): what db, dbx, KEK, PK and shim's lists
//! hold.
//!
//! A list has a type and entries of one size; a database is any number of lists one behind the
//! other. Types that we do not know are kept as they stand.

mod database;
mod kind;

pub use database::{DatabaseEntry, SignatureDatabase};
pub use kind::SignatureListKind;

use crate::guid::Guid;
use crate::time::Time;
use alloc::vec::Vec;

/// Firmware gives variables some hundred kilobytes at most.
pub const MAX_LISTS: usize = 16 << 20;
/// `EFI_SIGNATURE_LIST` without header and entries.
const LIST_HEADER: usize = 28;

/// Why octets are no signature lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It is larger than anything real.
    #[error("signature lists have more than {MAX_LISTS} bytes")]
    TooLarge,
    /// The end came too early.
    #[error("signature list at {offset:#x}: {field} ends behind the data")]
    Truncated {
        /// Where the list begins.
        offset: usize,
        /// The field.
        field: &'static str,
    },
    /// Sizes that contradict each other.
    #[error("signature list at {offset:#x}: {field} is {value:#x}: {problem}")]
    Size {
        /// Where the list begins.
        offset: usize,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u32,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// An entry of a list: `EFI_SIGNATURE_DATA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureData {
    /// Who put it there.
    pub owner: Guid,
    /// A hash, a certificate, or what else the type of the list says.
    pub data: Vec<u8>,
}

/// A list: `EFI_SIGNATURE_LIST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureList {
    /// What its entries are.
    pub kind: SignatureListKind,
    /// The header between sizes and entries; empty in all types that the specification knows.
    pub header: Vec<u8>,
    /// `SignatureSize`: bytes of an entry, with its owner. Kept because a list may be empty.
    pub signature_size: u32,
    /// Its entries, all of the same size.
    pub signatures: Vec<SignatureData>,
}

impl SignatureList {
    /// A list with one entry.
    pub fn single(kind: SignatureListKind, owner: Guid, data: Vec<u8>) -> Self {
        let signature_size = u32::try_from(data.len() + 16).unwrap_or(u32::MAX);
        Self {
            kind,
            header: Vec::new(),
            signature_size,
            signatures: Vec::from([SignatureData { owner, data }]),
        }
    }

    /// Reads the list at the beginning of `octets`, which stand at `offset`; gives what stands
    /// behind it.
    fn read(octets: &[u8], offset: usize) -> Result<(Self, &[u8]), ListError> {
        let truncated = |field| ListError::Truncated { offset, field };
        let (head, _) = octets.split_first_chunk::<LIST_HEADER>().ok_or(truncated("EFI_SIGNATURE_LIST"))?;
        let (kind, sizes) = head.split_first_chunk::<16>().ok_or(truncated("SignatureType"))?;
        let mut sizes = sizes.as_chunks::<4>().0.iter().map(|size| u32::from_le_bytes(*size));
        let mut size = |field| sizes.next().ok_or(truncated(field));
        let list_size = size("SignatureListSize")?;
        let header_size = size("SignatureHeaderSize")?;
        let signature_size = size("SignatureSize")?;

        let wrong = |field, value, problem| ListError::Size { offset, field, value, problem };
        let length = usize::try_from(list_size).map_err(|_| truncated("SignatureListSize"))?;
        if length < LIST_HEADER {
            return Err(wrong("SignatureListSize", list_size, "smaller than the list's own header"));
        }
        let (list, rest) = octets.split_at_checked(length).ok_or(truncated("SignatureListSize"))?;
        let body = list.get(LIST_HEADER..).unwrap_or_default();
        let (header, entries) = usize::try_from(header_size)
            .ok()
            .and_then(|size| body.split_at_checked(size))
            .ok_or(wrong("SignatureHeaderSize", header_size, "larger than the list"))?;
        let entry = usize::try_from(signature_size).unwrap_or(usize::MAX);
        if entry < 16 {
            return Err(wrong("SignatureSize", signature_size, "too small for an owner"));
        }
        if entries.len() % entry != 0 {
            return Err(wrong("SignatureSize", signature_size, "the entries do not fill the list"));
        }
        let kind = SignatureListKind::from_guid(Guid::from_bytes(*kind));
        if kind.data_size().is_some_and(|size| size + 16 != entry) {
            return Err(wrong("SignatureSize", signature_size, "not the size that the type has"));
        }
        let mut signatures = Vec::with_capacity(entries.len() / entry);
        for entry in entries.chunks_exact(entry) {
            let (owner, data) = entry.split_first_chunk::<16>().ok_or(truncated("SignatureOwner"))?;
            signatures.push(SignatureData { owner: Guid::from_bytes(*owner), data: data.to_vec() });
        }
        Ok((Self { kind, header: header.to_vec(), signature_size, signatures }, rest))
    }

    /// Writes it. Entries of another size than `signature_size` are left out;
    /// [`SignatureList::single`] and reading make none.
    pub fn write(&self, to: &mut Vec<u8>) {
        let start = to.len();
        let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        to.extend(self.kind.guid().to_bytes());
        to.extend([0; 4]);
        to.extend(size(self.header.len()));
        to.extend(self.signature_size.to_le_bytes());
        to.extend(&self.header);
        for signature in &self.signatures {
            if u32::try_from(signature.data.len() + 16) == Ok(self.signature_size) {
                to.extend(signature.owner.to_bytes());
                to.extend(&signature.data);
            }
        }
        let length = size(to.len() - start);
        to.iter_mut().skip(start + 16).zip(length).for_each(|(to, from)| *to = from);
    }
}

/// Reads lists that stand one behind the other until the end.
pub fn read(octets: &[u8]) -> Result<Vec<SignatureList>, ListError> {
    if octets.len() > MAX_LISTS {
        return Err(ListError::TooLarge);
    }
    let (mut lists, mut rest) = (Vec::new(), octets);
    while !rest.is_empty() {
        let (list, behind) = SignatureList::read(rest, octets.len() - rest.len())?;
        lists.push(list);
        rest = behind;
    }
    Ok(lists)
}

/// Writes lists one behind the other.
pub fn write(lists: &[SignatureList]) -> Vec<u8> {
    let mut octets = Vec::new();
    for list in lists {
        list.write(&mut octets);
    }
    octets
}

/// Splits an entry of a type like `EFI_CERT_X509_SHA256`: the digest of `tbsCertificate`, and since
/// when it is revoked (zero: always). `None` if the type is not of that kind or the entry has not
/// its size.
pub fn revocation(kind: SignatureListKind, data: &[u8]) -> Option<(&[u8], Time)> {
    let (digest, time) = data.split_at_checked(kind.tbs_algorithm()?.size())?;
    Some((digest, Time::from_efi(time.try_into().ok()?)))
}

/// Makes the data of such an entry.
pub fn revocation_data(tbs_digest: &[u8], time: Time) -> Vec<u8> {
    [tbs_digest, &time.to_efi()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_sizes_are_refused_by_field() {
        let owner = Guid::from_bytes([7; 16]);
        let good = write(&[SignatureList::single(SignatureListKind::Sha256, owner, [9; 32].to_vec())]);
        assert_eq!(good.len(), 28 + 48);
        for (at, value, expected) in [
            (16, 27_u32, "SignatureListSize is 0x1b: smaller than the list's own header"),
            (16, 77, "SignatureListSize ends behind"),
            (16, u32::MAX, "SignatureListSize ends behind"),
            (20, u32::MAX, "SignatureHeaderSize is 0xffffffff: larger than the list"),
            (20, 4, "SignatureSize is 0x30: the entries do not fill the list"),
            (24, 0, "SignatureSize is 0x0: too small for an owner"),
            (24, 15, "SignatureSize is 0xf: too small"),
            (24, 24, "not the size that the type has"),
        ] {
            let mut octets = good.clone();
            octets[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let error = read(&octets).unwrap_err();
            assert!(std::string::ToString::to_string(&error).contains(expected), "{error}");
        }
        for length in 1..good.len() {
            assert!(read(&good[..length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(lists) = read(&octets) {
                prop_assert_eq!(write(&lists), octets);
            }
        }

        #[test]
        fn lists_survive(
            entries in prop::collection::vec((any::<[u8; 16]>(), any::<[u8; 16]>(), 0usize..40, 0usize..5), 0..6)
        ) {
            let lists: Vec<_> = entries
                .into_iter()
                .map(|(kind, owner, size, count)| SignatureList {
                    kind: SignatureListKind::from_guid(Guid::from_bytes(kind)),
                    header: Vec::new(),
                    signature_size: u32::try_from(size + 16).unwrap(),
                    signatures: (0..count)
                        .map(|i| SignatureData { owner: Guid::from_bytes(owner), data: alloc::vec![u8::try_from(i).unwrap(); size] })
                        .collect(),
                })
                .collect();
            prop_assert_eq!(read(&write(&lists)).unwrap(), lists);
        }
    }
}
