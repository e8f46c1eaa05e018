//! Entries of a tar archive, one after the other, from a stream.
//!
//! The crate `tar` reads the headers. Going from one to the next is done here, because that crate
//! reads long names into memory however long they are, and does not know of sizes in headers of
//! POSIX (pax) when it is kept from doing so; layers of more than 8 GiB have these.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, ErrorKind, Read};
use tar::{EntryType, GnuExtSparseHeader, Header, PaxExtensions};

const BLOCK: usize = 512;

/// The most bytes of an image, layers unpacked.
pub(super) const MAXIMUM_BYTES: u64 = 256 << 30;
/// The most entries of all archives of an image together.
const MAXIMUM_ENTRIES: u64 = 50_000_000;

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: Cell<u64>,
    entries: Cell<u64>,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { bytes: Cell::new(MAXIMUM_BYTES), entries: Cell::new(MAXIMUM_ENTRIES) }
    }

    /// Counts bytes; `false` if there are too many.
    pub(super) fn take_bytes(&self, count: u64) -> bool {
        Self::take(&self.bytes, count)
    }

    fn take(cell: &Cell<u64>, count: u64) -> bool {
        let left = cell.get().checked_sub(count);
        cell.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// The most bytes that describe one entry: a long name, or a header of POSIX.
const LONGEST: u64 = 1 << 20;

/// An entry, without its contents.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: EntryType,
}

/// An archive that is being read.
pub(super) struct TarReader<'b, R> {
    reader: R,
    budget: &'b Budget,
    /// Bytes of the contents, and of what fills their last block, that were not read yet.
    left: u64,
    padding: u64,
}

/// Whether a file that begins so is an archive; an archive of nothing is only zeros.
pub(super) fn is_tar(start: &[u8]) -> bool {
    let Some(block) = start.get(..BLOCK) else { return false };
    block.iter().all(|byte| *byte == 0) || block.get(257..262) == Some(b"ustar") || checks(block)
}

/// Whether the sum in a header is right.
fn checks(block: &[u8]) -> bool {
    let Ok(expected) = Header::from_byte_slice(block).cksum() else { return false };
    let sum = |range: std::ops::Range<usize>| -> u32 {
        block.get(range).unwrap_or_default().iter().map(|byte| u32::from(*byte)).sum()
    };
    // Its own place counts as eight blanks.
    sum(0..148) + 8 * 32 + sum(156..BLOCK) == expected
}

fn invalid(problem: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, problem.into())
}

impl<'b, R: Read> TarReader<'b, R> {
    pub(super) const fn new(reader: R, budget: &'b Budget) -> Self {
        Self { reader, budget, left: 0, padding: 0 }
    }

    /// The contents of the entry that was given last.
    pub(super) fn contents(&mut self) -> impl Read + '_ {
        Contents(self)
    }

    /// The next entry. What of the contents of the one before was not read is skipped.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let (mut path, mut link, mut size) = (None, None, None);
        loop {
            self.skip()?;
            if !Budget::take(&self.budget.entries, 1) {
                return Err(invalid(format!("more than {MAXIMUM_ENTRIES} entries")));
            }
            let mut block = [0; BLOCK];
            match fill(&mut self.reader, &mut block)? {
                // Some programs leave out the empty blocks at the end.
                0 => return Ok(None),
                BLOCK => {}
                _ => return Err(ErrorKind::UnexpectedEof.into()),
            }
            if block.iter().all(|byte| *byte == 0) {
                // Behind the end is nothing that belongs to the archive.
                return Ok(None);
            }
            if !checks(&block) {
                return Err(invalid("a header has a wrong checksum"));
            }
            let header = Header::from_byte_slice(&block);
            let kind = header.entry_type();
            let own_size = header.entry_size()?;
            if header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended()) {
                self.skip_sparse_headers()?;
            }
            let describes = kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions();
            if describes {
                self.expect(own_size);
                if own_size > LONGEST {
                    return Err(invalid(format!("{own_size} bytes about another entry are too many")));
                }
                let mut content = Vec::new();
                self.contents().read_to_end(&mut content)?;
                match kind {
                    EntryType::GNULongName => path = Some(until_zero(content)),
                    EntryType::GNULongLink => link = Some(until_zero(content)),
                    EntryType::XHeader => {
                        for record in PaxExtensions::new(&content) {
                            let record = record?;
                            match record.key_bytes() {
                                b"path" | b"GNU.sparse.name" => path = Some(record.value_bytes().to_vec()),
                                b"linkpath" => link = Some(record.value_bytes().to_vec()),
                                b"size" => {
                                    let text = record.value().unwrap_or_default();
                                    let number = text.parse::<u64>();
                                    size = Some(number.map_err(|_| invalid("a size is no number"))?);
                                }
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
                continue;
            }
            // Links and folders have no contents, whatever size they state.
            let has_contents = kind.is_file()
                || kind.is_contiguous()
                || kind.is_gnu_sparse()
                || !matches!(
                    kind,
                    EntryType::Link
                        | EntryType::Symlink
                        | EntryType::Char
                        | EntryType::Block
                        | EntryType::Directory
                        | EntryType::Fifo
                );
            self.expect(if has_contents { size.unwrap_or(own_size) } else { 0 });
            return Ok(Some(Entry {
                path: path.unwrap_or_else(|| header.path_bytes().into_owned()),
                link: link
                    .unwrap_or_else(|| header.link_name_bytes().map(Cow::into_owned).unwrap_or_default()),
                kind,
            }));
        }
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    /// Skips to the next header.
    fn skip(&mut self) -> io::Result<()> {
        let rest = self.left.saturating_add(self.padding);
        let skipped = io::copy(&mut self.reader.by_ref().take(rest), &mut io::sink())?;
        // Without the empty blocks at the end, the last block may be cut off too.
        if skipped < self.left {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        (self.left, self.padding) = (0, 0);
        Ok(())
    }

    /// In GNU's old form, the map of a sparse file goes on in blocks of its own.
    fn skip_sparse_headers(&mut self) -> io::Result<()> {
        loop {
            let mut header = GnuExtSparseHeader::new();
            self.reader.read_exact(header.as_mut_bytes())?;
            if !header.is_extended() {
                return Ok(());
            }
            if !Budget::take(&self.budget.entries, 1) {
                return Err(invalid(format!("more than {MAXIMUM_ENTRIES} entries")));
            }
        }
    }
}

/// What is left of the contents of an entry.
struct Contents<'a, 'b, R>(&'a mut TarReader<'b, R>);

impl<R: Read> Read for Contents<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let count = self.0.reader.by_ref().take(self.0.left).read(buffer)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.0.left -= count as u64;
        Ok(count)
    }
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

/// Reads until the buffer is full, or to the end.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
