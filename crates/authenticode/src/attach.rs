//! Putting signatures into a file, and taking them out: what has to be written where.
//!
//! Decided here, done by whoever has the file: an [`Attachment`] is three small patches, so an
//! image of any size can be signed by copying it and writing a few kilobytes.

use crate::image_digest::each_chunk;
use crate::pe::{Checksum, Layout, table_bytes};
use crate::source::ImageSource;
use alloc::vec::Vec;
use core::iter::once;
use core::ops::Range;

/// What has to be written so that a file has these signatures and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Where the file's content ends; everything behind it goes.
    pub content_end: u64,
    /// To be written from there on: padding to a multiple of 8, and the certificate table. The file
    /// ends behind it.
    pub tail: Vec<u8>,
    /// Bytes to be written at offsets in the headers.
    pub patches: [(u64, Vec<u8>); 2],
}

impl Attachment {
    /// What leaves a file as it is.
    pub fn unchanged(layout: &Layout) -> Self {
        Self { content_end: layout.file_size, tail: Vec::new(), patches: [(0, Vec::new()), (0, Vec::new())] }
    }
}

/// Why signatures cannot be attached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError<E> {
    /// The source cannot be read.
    #[error(transparent)]
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

/// The checksum's sum of an image's content, with zeros for the fields that signing changes.
#[derive(Debug, Clone)]
pub struct Summed(Checksum);

impl Summed {
    /// Sums the content, in one pass of its own.
    pub fn read<S: ImageSource + ?Sized>(source: &S, layout: &Layout) -> Result<Self, S::Error> {
        let mut summing = Summing::new(layout);
        each_chunk(source, once(0..layout.content_end()), |bytes| summing.update(bytes))?;
        Ok(summing.finish())
    }
}

/// Sums the content as it is read, from its beginning.
#[derive(Debug)]
pub(crate) struct Summing {
    sum: Checksum,
    at: u64,
    /// Where zeros count instead of what is there: the checksum, and the entry of the certificate
    /// table.
    fields: [Range<u64>; 2],
}

impl Summing {
    pub(crate) fn new(layout: &Layout) -> Self {
        let checksum = layout.checksum_offset();
        let directory = layout.certificate_directory_offset().map_or(0..0, |at| at..at + 8);
        Self { sum: Checksum::new(), at: 0, fields: [checksum..checksum + 4, directory] }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len() as u64;
        let touched = self.fields.iter().any(|field| field.start < end && self.at < field.end);
        if touched {
            let mut bytes = bytes.to_vec();
            for (at, byte) in (self.at..).zip(&mut bytes) {
                if self.fields.iter().any(|field| field.contains(&at)) {
                    *byte = 0;
                }
            }
            self.sum.update(&bytes);
        } else {
            self.sum.update(bytes);
        }
        self.at = end;
    }

    pub(crate) fn finish(self) -> Summed {
        Summed(self.sum)
    }
}

/// Plans to attach signatures; none takes out those that are there.
pub fn attach<'s, S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
    signatures: impl IntoIterator<Item = &'s [u8]>,
) -> Result<Attachment, AttachError<S::Error>> {
    let summed = Summed::read(source, layout).map_err(AttachError::Source)?;
    attach_summed(layout, &summed, signatures)
}

/// The same, of an image whose content was summed already.
pub fn attach_summed<'s, E>(
    layout: &Layout,
    summed: &Summed,
    signatures: impl IntoIterator<Item = &'s [u8]>,
) -> Result<Attachment, AttachError<E>> {
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
    let mut sum = summed.0.clone();
    sum.update(&tail);
    // Counted as zeros so far.
    sum.add_at(directory, &entry);
    Ok(Attachment {
        content_end: end,
        tail,
        patches: [
            (layout.checksum_offset(), sum.finish().to_le_bytes().to_vec()),
            (directory, entry.to_vec()),
        ],
    })
}
