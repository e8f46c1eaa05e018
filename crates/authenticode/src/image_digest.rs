//! The Authenticode digest: which bytes of a file a signature covers.
//!
//! Everything but the checksum, the entry of the certificate table in the data directories, and
//! that table itself. The order is that of firmware (`HashPeImage` of EDK2): headers, sections with
//! bytes in the file in the order of their offsets, and what is left. Where the bytes of sections
//! do not follow each other without gaps, "what is left" begins at the *sum* of the sizes so far,
//! as in the specification, step 14; that is how firmware reads it too.

use crate::digest::{DigestAlgorithm, Hasher};
use crate::pe::{Checksum, Layout, Section};
use crate::source::ImageSource;
use alloc::vec;
use alloc::vec::Vec;
use core::iter::once;
use core::ops::Range;

/// The parts of the file that the digest is of, in order.
pub fn ranges(layout: &Layout) -> Vec<Range<u64>> {
    let headers = u64::from(layout.size_of_headers);
    let checksum = layout.checksum_offset();
    let mut ranges = Vec::new();
    ranges.push(0..checksum);
    match layout.certificate_directory_offset() {
        Some(directory) => {
            ranges.push(checksum + 4..directory);
            ranges.push(directory + 8..headers);
        }
        None => ranges.push(checksum + 4..headers),
    }
    let mut sections: Vec<Range<u64>> =
        layout.sections.iter().filter(|s| s.raw_size > 0).map(Section::file_range).collect();
    sections.sort_by_key(|range| range.start);
    let hashed = headers + sections.iter().map(|range| range.end - range.start).sum::<u64>();
    ranges.extend(sections);
    ranges.push(hashed..layout.content_end());
    ranges.retain(|range| range.start < range.end);
    ranges
}

/// Whether bytes of the file belong to no section, so that readers may disagree about them: where
/// they are.
pub fn gaps(layout: &Layout) -> Vec<Range<u64>> {
    let mut sections: Vec<Range<u64>> =
        layout.sections.iter().filter(|s| s.raw_size > 0).map(Section::file_range).collect();
    sections.sort_by_key(|range| range.start);
    let mut end = u64::from(layout.size_of_headers);
    let mut gaps = Vec::new();
    for section in sections {
        if section.start > end {
            gaps.push(end..section.start);
        }
        end = section.end;
    }
    gaps
}

/// The digests that one pass over an image gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageDigests {
    /// The requested digests, in the order of the request.
    pub digests: Vec<(DigestAlgorithm, Vec<u8>)>,
}

impl ImageDigests {
    /// The digest of an algorithm, if it was requested.
    pub fn get(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        self.digests.iter().find(|(a, _)| *a == algorithm).map(|(_, digest)| digest.as_slice())
    }
}

/// How much is read at once: little enough to stay in a processor's cache.
pub const CHUNK: usize = 256 << 10;

/// Computes digests of an image in one pass over the file, with a buffer of [`CHUNK`] bytes.
/// `padding` is how many zeros to think behind the content: those that signing will put there.
pub fn digests<S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
    padding: usize,
    algorithms: &[DigestAlgorithm],
) -> Result<ImageDigests, S::Error> {
    let mut hashers: Vec<(DigestAlgorithm, Hasher)> =
        algorithms.iter().map(|&a| (a, Hasher::new(a))).collect();
    each_chunk(source, ranges(layout), |bytes| hashers.iter_mut().for_each(|(_, h)| h.update(bytes)))?;
    let zeros = [0; 8];
    let padding = zeros.get(..padding).unwrap_or(&zeros);
    for (_, hasher) in &mut hashers {
        hasher.update(padding);
    }
    Ok(ImageDigests { digests: hashers.into_iter().map(|(a, h)| (a, h.finish())).collect() })
}

/// The checksum that the file should have.
pub fn checksum<S: ImageSource + ?Sized>(source: &S, layout: &Layout) -> Result<u32, S::Error> {
    let field = layout.checksum_offset();
    let mut sum = Checksum::new();
    each_chunk(source, once(0..field), |bytes| sum.update(bytes))?;
    sum.update(&[0; 4]);
    each_chunk(source, once(field + 4..layout.file_size), |bytes| sum.update(bytes))?;
    Ok(sum.finish())
}

pub(crate) fn each_chunk<S: ImageSource + ?Sized>(
    source: &S,
    ranges: impl IntoIterator<Item = Range<u64>>,
    mut each: impl FnMut(&[u8]),
) -> Result<(), S::Error> {
    let mut buffer = vec![0; CHUNK];
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            let length = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
            let Some(chunk) = buffer.get_mut(..length) else { break };
            source.read_at(at, chunk)?;
            each(chunk);
            at += length as u64;
        }
    }
    Ok(())
}
