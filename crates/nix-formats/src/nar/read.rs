//! From bytes to events.

use super::{MAGIC, MAX_TAG, NarError, NarEvent, NarLimits, NarProblem, Stack, is_valid_target, padding};
use std::io::{self, Read};

/// A streaming, strict reader of archives.
///
/// ```
/// use nix_formats::nar::{NarEvent, NarLimits, NarReader, NarWriter};
/// use std::io::Read;
///
/// let mut writer = NarWriter::new(Vec::new(), NarLimits::default());
/// writer.event(&NarEvent::File { name: vec![], executable: false, size: 5 })?;
/// writer.contents().write_all(b"hello")?;
/// let archive = writer.finish()?;
///
/// let mut reader = NarReader::new(&archive[..], NarLimits::default());
/// assert!(matches!(reader.next_event()?, Some(NarEvent::File { size: 5, .. })));
/// let mut text = String::new();
/// reader.contents().read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// assert_eq!(reader.next_event()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Small pieces are read one by one: give it something buffered.
#[derive(Debug)]
pub struct NarReader<R> {
    inner: R,
    limits: NarLimits,
    offset: u64,
    stack: Stack,
    started: bool,
    /// The contents of the current file that were not read yet, padding not counted.
    file: Option<Pending>,
    /// After an error the position in the grammar is unknown; every later call fails too.
    poisoned: bool,
}

#[derive(Debug)]
struct Pending {
    remaining: u64,
    padding: usize,
}

impl<R: Read> NarReader<R> {
    /// Reads an archive from `inner`, which stands at its first byte.
    pub fn new(inner: R, limits: NarLimits) -> Self {
        Self {
            inner,
            limits,
            offset: 0,
            stack: Stack::default(),
            started: false,
            file: None,
            poisoned: false,
        }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next event, or `None` at the end of the archive.
    ///
    /// Contents of the previous file that were not read are skipped. At the end `inner` stands
    /// behind the last byte of the archive: archives are often embedded in other streams.
    /// [`NarReader::expect_end`] checks that nothing follows.
    pub fn next_event(&mut self) -> Result<Option<NarEvent>, NarError> {
        if self.poisoned {
            return Err(self.malformed(self.offset, NarProblem::Misplaced("reading went on after an error")));
        }
        let event = self.step();
        self.poisoned = event.is_err();
        event
    }

    /// The contents of the file that [`NarEvent::File`] announced; empty after any other event.
    pub fn contents(&mut self) -> NarContents<'_, R> {
        NarContents { reader: self }
    }

    /// Checks that the archive was read to its end and that nothing follows, and gives the number
    /// of its bytes.
    pub fn expect_end(mut self) -> Result<u64, NarError> {
        while self.next_event()?.is_some() {}
        let mut byte = [0];
        loop {
            return match self.inner.read(&mut byte) {
                Ok(0) => Ok(self.offset),
                Ok(_) => Err(self.malformed(self.offset, NarProblem::Trailing)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => Err(NarError::Io { offset: self.offset, source }),
            };
        }
    }

    fn step(&mut self) -> Result<Option<NarEvent>, NarError> {
        if !self.started {
            self.started = true;
            self.magic()?;
            return self.node(Vec::new()).map(Some);
        }
        self.finish_file()?;
        if self.stack.open.is_empty() {
            return Ok(None);
        }
        let start = self.offset;
        let tag = self.string(MAX_TAG)?;
        match tag.as_slice() {
            b"entry" => {
                self.expect("(", b"(")?;
                self.expect("name", b"name")?;
                let at = self.offset;
                let name = self.string(self.limits.name)?;
                if let Err(problem) = self.stack.name(&name) {
                    return Err(self.malformed(at, problem));
                }
                self.expect("node", b"node")?;
                self.node(name).map(Some)
            }
            b")" => {
                self.stack.open.pop();
                self.end_entry()?;
                Ok(Some(NarEvent::Leave))
            }
            _ => Err(self.malformed(start, NarProblem::Unexpected { expected: "entry or )", found: tag })),
        }
    }

    fn magic(&mut self) -> Result<(), NarError> {
        match self.string(MAGIC.len()) {
            Ok(magic) if magic == MAGIC => Ok(()),
            Err(error @ NarError::Io { .. }) => Err(error),
            // Whatever this is, it is no archive: that is clearer than a strange length.
            _ => Err(self.malformed(0, NarProblem::Magic)),
        }
    }

    /// Reads a node up to and including the `)` of a symlink; a file stays at its contents.
    fn node(&mut self, name: Vec<u8>) -> Result<NarEvent, NarError> {
        if let Err((limit, maximum)) = self.stack.node(&self.limits) {
            return Err(self.limit(limit, maximum));
        }
        self.expect("(", b"(")?;
        self.expect("type", b"type")?;
        let start = self.offset;
        let kind = self.string(MAX_TAG)?;
        match kind.as_slice() {
            b"regular" => {
                let at = self.offset;
                let mut tag = self.string(MAX_TAG)?;
                let executable = tag == b"executable";
                if executable {
                    self.expect("an empty string", b"")?;
                    tag = self.string(MAX_TAG)?;
                }
                if tag != b"contents" {
                    return Err(
                        self.malformed(at, NarProblem::Unexpected { expected: "contents", found: tag })
                    );
                }
                let size = self.number()?;
                if size > self.limits.file_size {
                    return Err(self.limit("size of a file", self.limits.file_size));
                }
                self.file = Some(Pending { remaining: size, padding: padding(size) });
                Ok(NarEvent::File { name, executable, size })
            }
            b"symlink" => {
                self.expect("target", b"target")?;
                let at = self.offset;
                let target = self.string(self.limits.target)?;
                if !is_valid_target(&target) {
                    return Err(self.malformed(at, NarProblem::Target));
                }
                self.expect(")", b")")?;
                self.end_entry()?;
                Ok(NarEvent::Symlink { name, target })
            }
            b"directory" => {
                self.stack.enter(name.clone());
                Ok(NarEvent::Directory { name })
            }
            _ => Err(self.malformed(
                start,
                NarProblem::Unexpected { expected: "regular, symlink or directory", found: kind },
            )),
        }
    }

    /// Skips what is left of the current file and reads the end of its node.
    fn finish_file(&mut self) -> Result<(), NarError> {
        let Some(Pending { mut remaining, padding }) = self.file.take() else { return Ok(()) };
        let mut scratch = [0; 8192];
        while remaining > 0 {
            let wanted = usize::try_from(remaining).unwrap_or(usize::MAX).min(scratch.len());
            let Some(part) = scratch.get_mut(..wanted) else { break };
            self.fill(part)?;
            remaining -= wanted as u64;
        }
        self.padding(padding)?;
        self.expect(")", b")")?;
        self.end_entry()
    }

    /// Reads the `)` that closes an entry; the root node has none.
    fn end_entry(&mut self) -> Result<(), NarError> {
        if self.stack.open.is_empty() { Ok(()) } else { self.expect(")", b")") }
    }

    fn expect(&mut self, name: &'static str, wanted: &[u8]) -> Result<(), NarError> {
        let start = self.offset;
        let found = self.string(MAX_TAG)?;
        if found == wanted {
            return Ok(());
        }
        Err(self.malformed(start, NarProblem::Unexpected { expected: name, found }))
    }

    fn string(&mut self, maximum: usize) -> Result<Vec<u8>, NarError> {
        let start = self.offset;
        let length = self.number()?;
        let Some(size) = usize::try_from(length).ok().filter(|&size| size <= maximum) else {
            return Err(self.malformed(start, NarProblem::TooLong { length, maximum: maximum as u64 }));
        };
        let mut bytes = vec![0; size];
        self.fill(&mut bytes)?;
        self.padding(padding(length))?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u64, NarError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn padding(&mut self, count: usize) -> Result<(), NarError> {
        let start = self.offset;
        let mut bytes = [0; 8];
        if let Some(part) = bytes.get_mut(..count) {
            self.fill(part)?;
        }
        if bytes == [0; 8] { Ok(()) } else { Err(self.malformed(start, NarProblem::Padding)) }
    }

    /// Reads exactly as many bytes as fit into `buffer`.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NarError> {
        self.account(buffer.len())?;
        match self.inner.read_exact(buffer) {
            Ok(()) => {
                self.offset += buffer.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(NarError::Truncated { offset: self.offset })
            }
            Err(source) => Err(NarError::Io { offset: self.offset, source }),
        }
    }

    /// Fails if `more` bytes would exceed the limit on the whole archive.
    fn account(&self, more: usize) -> Result<(), NarError> {
        if self.limits.total_size - self.offset.min(self.limits.total_size) < more as u64 {
            return Err(self.limit("size of the archive", self.limits.total_size));
        }
        Ok(())
    }

    fn malformed(&self, offset: u64, problem: NarProblem) -> NarError {
        NarError::Malformed { offset, node: self.stack.path(), problem }
    }

    fn limit(&self, limit: &'static str, maximum: u64) -> NarError {
        NarError::Limit { offset: self.offset, node: self.stack.path(), limit, maximum }
    }
}

/// The contents of one file in an archive, as a stream that ends where they end.
///
/// A truncated archive shows as [`io::ErrorKind::UnexpectedEof`], never as early end.
#[derive(Debug)]
pub struct NarContents<'a, R> {
    reader: &'a mut NarReader<R>,
}

impl<R: Read> Read for NarContents<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(pending) = &self.reader.file else { return Ok(0) };
        let wanted = usize::try_from(pending.remaining).unwrap_or(usize::MAX).min(buffer.len());
        let Some(part) = buffer.get_mut(..wanted).filter(|part| !part.is_empty()) else { return Ok(0) };
        self.reader.account(wanted).map_err(io::Error::other)?;
        let count = self.reader.inner.read(part)?;
        if count == 0 {
            let offset = self.reader.offset;
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, NarError::Truncated { offset }));
        }
        self.reader.offset += count as u64;
        if let Some(pending) = &mut self.reader.file {
            pending.remaining = pending.remaining.saturating_sub(count as u64);
        }
        Ok(count)
    }
}
