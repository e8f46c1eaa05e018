//! Putting signatures into a file, and taking them out: what has to be written where.
//!
//! Decided here, done by whoever has the file: an [`Attachment`] is three small patches, so an image of any size can be
//! signed by copying it and writing a few kilobytes.

use crate::digest::each_chunk;
use crate::pe::{Checksum, Layout, table_bytes};
use crate::source::Source;
use alloc::vec::Vec;

/// What has to be written so that a file has these signatures and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where the file's content ends; everything behind it goes.
    pub content_end: u64,
    /// To be written from there on: padding to a multiple of 8, and the certificate table. The file ends behind it.
    pub tail: Vec<u8>,
    /// Bytes to be written at offsets in the headers.
    pub patches: [(u64, Vec<u8>); 2],
}

/// Why signatures cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError<E> {
    /// The source.
    #[error("{0}")]
    Source(E),
    /// The image has no data directory for certificates.
    #[error("the image cannot be signed: it has fewer than five data directories")]
    NoDirectory,
    /// Offsets of the table have 32 bits.
    #[error("the image cannot be signed: it has more than 4 GiB")]
    TooLarge,
}

/// How many bytes of zero have to stand behind the content before it can be signed.
pub fn padding(layout: &Layout) -> usize {
    // Less than 8.
    (layout.content_end().wrapping_neg() % 8) as usize
}

/// Plans to attach signatures; none takes out those that are there.
pub fn attach<'s, S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    signatures: impl IntoIterator<Item = &'s [u8]>,
) -> Result<Attachment, AttachError<S::Error>> {
    let directory = layout.certificate_directory_offset().ok_or(AttachError::NoDirectory)?;
    let end = layout.content_end();
    let table = table_bytes(signatures).ok_or(AttachError::TooLarge)?;
    let (mut tail, mut entry) = (Vec::new(), [0; 8]);
    if !table.is_empty() {
        tail.resize(padding(layout), 0);
        let start = u32::try_from(end + tail.len() as u64).map_err(|_| AttachError::TooLarge)?;
        let length = u32::try_from(table.len()).map_err(|_| AttachError::TooLarge)?;
        let fields = start.to_le_bytes().into_iter().chain(length.to_le_bytes());
        entry.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        tail.extend(table);
    }

    let checksum = layout.checksum_offset();
    let mut sum = Checksum::new();
    let add = |sum: &mut Checksum, range| {
        each_chunk(source, [range], |bytes| sum.update(bytes)).map_err(AttachError::Source)
    };
    add(&mut sum, 0..checksum)?;
    sum.update(&[0; 4]);
    add(&mut sum, checksum + 4..directory)?;
    sum.update(&entry);
    add(&mut sum, directory + 8..end)?;
    sum.update(&tail);
    Ok(Attachment {
        content_end: end,
        tail,
        patches: [(checksum, sum.finish().to_le_bytes().to_vec()), (directory, entry.to_vec())],
    })
}
