//! From events to bytes.

use super::{MAGIC, NarError, NarEvent, NarLimits, NarProblem, Stack, is_valid_target, padding};
use std::io::{self, Write};

/// A streaming writer of archives that cannot write a non-canonical one.
///
/// It takes the events that a [`NarReader`](super::NarReader) gives, so copying an archive is a
/// loop over both. Small pieces are written one by one: give it something buffered.
#[derive(Debug)]
pub struct NarWriter<W> {
    inner: W,
    limits: NarLimits,
    offset: u64,
    stack: Stack,
    /// Bytes of the current file that are still due.
    file: Option<Pending>,
    /// After an error half a node may have been written; every later call fails too.
    poisoned: bool,
}

#[derive(Debug)]
struct Pending {
    remaining: u64,
    padding: usize,
}

impl<W: Write> NarWriter<W> {
    /// Writes an archive to `inner`.
    pub fn new(inner: W, limits: NarLimits) -> Self {
        Self { inner, limits, offset: 0, stack: Stack::default(), file: None, poisoned: false }
    }

    /// Bytes written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Writes one event. After [`NarEvent::File`] exactly `size` bytes must go to
    /// [`NarWriter::contents`].
    pub fn event(&mut self, event: &NarEvent) -> Result<(), NarError> {
        if self.poisoned {
            return Err(self.sequence(NarProblem::Misplaced("writing went on after an error")));
        }
        let result = self.step(event);
        self.poisoned = result.is_err();
        result
    }

    fn step(&mut self, event: &NarEvent) -> Result<(), NarError> {
        self.end_file()?;
        match event {
            NarEvent::Directory { name } => {
                self.begin(name)?;
                self.strings(&[b"directory"])?;
                self.stack.enter(name.clone());
                Ok(())
            }
            NarEvent::Leave => {
                if self.stack.open.pop().is_none() {
                    return Err(self.sequence(NarProblem::Misplaced("no directory is open")));
                }
                self.end_node()
            }
            NarEvent::File { name, executable, size } => {
                if *size > self.limits.file_size {
                    return Err(self.limit("size of a file", self.limits.file_size));
                }
                self.begin(name)?;
                if *executable {
                    self.strings(&[b"regular", b"executable", b"", b"contents"])?;
                } else {
                    self.strings(&[b"regular", b"contents"])?;
                }
                self.bytes(&size.to_le_bytes())?;
                self.file = Some(Pending { remaining: *size, padding: padding(*size) });
                Ok(())
            }
            NarEvent::Symlink { name, target } => {
                if !is_valid_target(target) {
                    return Err(self.sequence(NarProblem::Target));
                }
                if target.len() > self.limits.target {
                    return Err(self.limit("length of a link target", self.limits.target as u64));
                }
                self.begin(name)?;
                self.strings(&[b"symlink", b"target", target])?;
                self.end_node()
            }
        }
    }

    /// Where the contents of the current file go. Writing more than was announced fails with
    /// [`io::ErrorKind::InvalidInput`].
    pub fn contents(&mut self) -> NarContentsWriter<'_, W> {
        NarContentsWriter { writer: self }
    }

    /// Ends the archive and gives back what it was written to.
    pub fn finish(mut self) -> Result<W, NarError> {
        self.end_file()?;
        if self.poisoned || !self.stack.is_complete() {
            return Err(self.sequence(NarProblem::Misplaced("the archive is not complete")));
        }
        match self.inner.flush() {
            Ok(()) => Ok(self.inner),
            Err(source) => Err(NarError::Io { offset: self.offset, source }),
        }
    }

    fn begin(&mut self, name: &[u8]) -> Result<(), NarError> {
        if self.stack.open.is_empty() {
            if self.stack.root_seen {
                return Err(self.sequence(NarProblem::Misplaced("an archive has only one root")));
            }
            if !name.is_empty() {
                return Err(self.sequence(NarProblem::Misplaced("the root has no name")));
            }
            self.strings(&[MAGIC])?;
        } else {
            if name.len() > self.limits.name {
                return Err(self.limit("length of a name", self.limits.name as u64));
            }
            if let Err(problem) = self.stack.name(name) {
                return Err(self.sequence(problem));
            }
            self.strings(&[b"entry", b"(", b"name", name, b"node"])?;
        }
        if let Err((limit, maximum)) = self.stack.node(&self.limits) {
            return Err(self.limit(limit, maximum));
        }
        self.strings(&[b"(", b"type"])
    }

    fn end_file(&mut self) -> Result<(), NarError> {
        let Some(pending) = self.file.take() else { return Ok(()) };
        if pending.remaining > 0 {
            self.file = Some(pending);
            return Err(self.sequence(NarProblem::Misplaced("the contents of a file are not complete")));
        }
        let zeros = [0; 8];
        self.bytes(zeros.get(..pending.padding).unwrap_or_default())?;
        self.end_node()
    }

    fn end_node(&mut self) -> Result<(), NarError> {
        // A node in a directory is wrapped in an entry, which ends with it.
        if self.stack.open.is_empty() { self.strings(&[b")"]) } else { self.strings(&[b")", b")"]) }
    }

    fn strings(&mut self, strings: &[&[u8]]) -> Result<(), NarError> {
        let zeros = [0; 8];
        for string in strings {
            let length = string.len() as u64;
            self.bytes(&length.to_le_bytes())?;
            self.bytes(string)?;
            self.bytes(zeros.get(..padding(length)).unwrap_or_default())?;
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), NarError> {
        self.account(bytes.len())?;
        self.inner.write_all(bytes).map_err(|source| NarError::Io { offset: self.offset, source })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn account(&self, more: usize) -> Result<(), NarError> {
        if self.limits.total_size - self.offset.min(self.limits.total_size) < more as u64 {
            return Err(self.limit("size of the archive", self.limits.total_size));
        }
        Ok(())
    }

    fn sequence(&self, problem: NarProblem) -> NarError {
        NarError::Sequence { offset: self.offset, node: self.stack.path(), problem }
    }

    fn limit(&self, limit: &'static str, maximum: u64) -> NarError {
        NarError::Limit { offset: self.offset, node: self.stack.path(), limit, maximum }
    }
}

/// Takes the contents of one file; see [`NarWriter::contents`].
#[derive(Debug)]
pub struct NarContentsWriter<'a, W> {
    writer: &'a mut NarWriter<W>,
}

impl<W: Write> NarContentsWriter<'_, W> {
    /// Writes all of `bytes`; the same as [`Write::write_all`], without having to import the trait.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }
}

impl<W: Write> Write for NarContentsWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let remaining = self.writer.file.as_ref().map_or(0, |file| file.remaining);
        if bytes.len() as u64 > remaining {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "more contents than announced"));
        }
        self.writer.account(bytes.len()).map_err(io::Error::other)?;
        let count = self.writer.inner.write(bytes)?;
        self.writer.offset += count as u64;
        if let Some(file) = &mut self.writer.file {
            file.remaining = file.remaining.saturating_sub(count as u64);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.inner.flush()
    }
}
