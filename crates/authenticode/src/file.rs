//! Images in files: one pass with reading and hashing side by side, and writing that survives a
//! power cut.

use crate::attach::{Attachment, Summed, Summing};
use crate::digest::{DigestAlgorithm, Hasher};
use crate::image_digest::{CHUNK, ImageDigests, each_chunk, gaps, ranges};
use crate::pe::{ImageError, Layout};
use crate::source::{FileSource, ImageSource};
use crate::verify::{Subject, TrustPolicy};
use files::{FileError, ReplaceError, Replacement};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::iter::once;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

/// Buffers on their way between the reader and the hasher.
const BUFFERS: usize = 4;
/// Smaller files are hashed before a second thread would have started.
const SMALL: u64 = 1 << 20;

/// Why a file is no image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFileError {
    /// It cannot be opened, or is no regular file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its headers cannot be read, or are refused.
    #[error("{}", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError<io::Error>,
    },
}

/// A file that was opened and laid out.
#[derive(Debug)]
pub struct ImageFile {
    /// The file.
    pub source: FileSource,
    /// What stands where in it.
    pub layout: Layout,
}

impl ImageFile {
    /// Opens an image for reading.
    pub fn open(path: &Path) -> Result<Self, ImageFileError> {
        Self::of(File::open(path).map_err(FileError::on("read", path))?, path)
    }

    /// Takes over an open file; errors name it by `path`.
    pub fn of(file: File, path: &Path) -> Result<Self, ImageFileError> {
        let source = FileSource::new(file).map_err(FileError::on("read", path))?;
        let layout = Layout::read(&source)
            .map_err(|source| ImageFileError::Image { path: path.to_owned(), source })?;
        Ok(Self { source, layout })
    }
}

/// [`digests`](crate::image_digest::digests), with the file read by a second thread so that the
/// processor always hashes. Memory does not depend on the file's size.
pub fn digests(
    source: &FileSource,
    layout: &Layout,
    padding: usize,
    algorithms: &[DigestAlgorithm],
) -> io::Result<ImageDigests> {
    let mut hashers: Vec<(DigestAlgorithm, Hasher)> =
        algorithms.iter().map(|&a| (a, Hasher::new(a))).collect();
    read_ahead(
        source,
        ranges(layout),
        |_| {},
        |bytes| hashers.iter_mut().for_each(|(_, h)| h.update(bytes)),
    )?;
    for (_, hasher) in &mut hashers {
        hasher.update(zeros(padding));
    }
    Ok(ImageDigests { digests: hashers.into_iter().map(|(a, h)| (a, h.finish())).collect() })
}

/// A digest, and the checksum's sum, which the thread that reads computes.
pub fn digest_and_sum(
    source: &FileSource,
    layout: &Layout,
    padding: usize,
    algorithm: DigestAlgorithm,
) -> io::Result<(Vec<u8>, Summed)> {
    let mut hasher = Hasher::new(algorithm);
    // ImageDigests of images with gaps leave them out, and take up the rest in another place.
    let summed = if gaps(layout).is_empty() {
        let mut summing = Summing::new(layout);
        let fields = hashed_fields(layout);
        let whole = once(0..layout.content_end());
        let mut at = 0;
        read_ahead(
            source,
            whole,
            |bytes| summing.update(bytes),
            |bytes| {
                let end = at + bytes.len() as u64;
                for part in &fields {
                    let cut = |offset: u64| usize::try_from(offset.clamp(at, end) - at).unwrap_or_default();
                    hasher.update(bytes.get(cut(part.start)..cut(part.end)).unwrap_or_default());
                }
                at = end;
            },
        )?;
        summing.finish()
    } else {
        read_ahead(source, ranges(layout), |_| {}, |bytes| hasher.update(bytes))?;
        Summed::read(source, layout)?
    };
    hasher.update(zeros(padding));
    Ok((hasher.finish(), summed))
}

/// The parts of the digest, joined where one begins where the other ends.
fn hashed_fields(layout: &Layout) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for part in ranges(layout) {
        match joined.last_mut() {
            Some(last) if last.end == part.start => last.end = part.end,
            _ => joined.push(part),
        }
    }
    joined
}

fn zeros(count: usize) -> &'static [u8] {
    const ZEROS: [u8; 8] = [0; 8];
    ZEROS.get(..count).unwrap_or(&ZEROS)
}

/// Reads parts of a file in order. A second thread reads and gives each piece to `early` before it
/// goes to `each`.
fn read_ahead(
    source: &FileSource,
    parts: impl IntoIterator<Item = Range<u64>> + Send,
    mut early: impl FnMut(&[u8]) + Send,
    mut each: impl FnMut(&[u8]),
) -> io::Result<()> {
    if source.len() < SMALL {
        return each_chunk(source, parts, |bytes| {
            early(bytes);
            each(bytes);
        });
    }
    std::thread::scope(|scope| {
        let (full, filled) = sync_channel::<io::Result<Vec<u8>>>(BUFFERS);
        let (empty, emptied) = sync_channel::<Vec<u8>>(BUFFERS);
        for _ in 0..BUFFERS {
            // The channel holds all of them.
            let _ = empty.send(Vec::with_capacity(CHUNK));
        }
        scope.spawn(move || {
            for range in parts {
                let mut at = range.start;
                while at < range.end {
                    let length = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
                    // Ends when whoever takes the pieces has met an error and gone.
                    let Ok(mut buffer) = emptied.recv() else { return };
                    buffer.resize(length, 0);
                    let read = source.read_at(at, &mut buffer).map(|()| {
                        early(&buffer);
                        buffer
                    });
                    let failed = read.is_err();
                    if full.send(read).is_err() || failed {
                        return;
                    }
                    at += length as u64;
                }
            }
        });
        for buffer in filled {
            let buffer = buffer?;
            each(&buffer);
            let _ = empty.send(buffer);
        }
        Ok(())
    })
}

/// [`Subject::read`] with [`digests`].
pub fn subject(
    source: &FileSource,
    layout: &Layout,
    policy: &TrustPolicy,
) -> Result<Subject, ImageError<io::Error>> {
    Subject::read_with(source, layout, policy, |algorithms| digests(source, layout, 0, algorithms))
}

/// Writes an image with other signatures to `output`, which may be the image itself.
///
/// The content is copied by the kernel; on file systems that can, the copy shares its blocks with
/// the original.
pub fn write_attached(source: &FileSource, attachment: &Attachment, output: &Path) -> Result<(), FileError> {
    let failed = || FileError::on("write", output);
    let mut original = source.file().try_clone().map_err(failed())?;
    let permissions = source.file().metadata().map_err(failed())?.permissions();
    let mut write = |file: &mut File| {
        original.seek(SeekFrom::Start(0))?;
        let copied = io::copy(&mut io::Read::take(&original, attachment.content_end), file)?;
        if copied != attachment.content_end {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the image became shorter while it was read",
            ));
        }
        file.write_all(&attachment.tail)?;
        for (offset, bytes) in &attachment.patches {
            file.seek(SeekFrom::Start(*offset))?;
            file.write_all(bytes)?;
        }
        Ok(())
    };
    let replacement = Replacement::new(output).permissions_if_new(&permissions).refuse_other_names();
    Ok(replacement.write_file(|file| {
        write(file).map_err(|source| ReplaceError::Content { path: output.to_owned(), source })
    })?)
}
