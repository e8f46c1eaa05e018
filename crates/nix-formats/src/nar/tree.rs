//! From a tree on disk to an archive, or to its hash.

use super::{NarError, NarEvent, NarLimits, NarWriter};
use crate::hash::{Hash, HashAlgorithm};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use sha2::Digest as _;
use std::ffi::CString;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes read from a file at once.
const CHUNK: usize = 128 * 1024;

/// Writes the archive of the tree at `path` to `out` and gives `out` back.
///
/// Symbolic links are recorded, never followed, not even `path` itself. Only the owner's execute
/// bit counts as executable, as in Nix. Every step is taken relative to an open folder, so neither
/// long paths nor folders that someone swaps for links meanwhile lead astray.
pub fn dump<W: Write>(path: &Path, out: W, limits: &NarLimits) -> Result<W, NarError> {
    let mut walk =
        Walk { writer: NarWriter::new(out, *limits), buffer: vec![0; CHUNK], path: path.to_path_buf() };
    walk.run()?;
    walk.writer.finish()
}

struct Walk<W> {
    writer: NarWriter<W>,
    buffer: Vec<u8>,
    /// Where the walk is, for messages only.
    path: PathBuf,
}

/// A folder whose entries are being written.
struct Folder {
    fd: OwnedFd,
    /// Names not written yet, in reverse order.
    names: Vec<CString>,
}

impl<W: Write> Walk<W> {
    fn run(&mut self) -> Result<(), NarError> {
        let root =
            CString::new(self.path.as_os_str().as_bytes()).map_err(|_| self.error("open", Errno::INVAL))?;
        // The stack lives on the heap: the depth of a tree must not overflow a thread's stack.
        let mut open = Vec::new();
        open.extend(self.node(None, &root, Vec::new())?);
        while let Some(folder) = open.last_mut() {
            let Some(name) = folder.names.pop() else {
                self.writer.event(&NarEvent::Leave)?;
                self.path.pop();
                open.pop();
                continue;
            };
            self.path.push(std::ffi::OsStr::from_bytes(name.as_bytes()));
            let inner = self.node(Some(&folder.fd), &name, name.as_bytes().to_vec())?;
            match inner {
                Some(inner) => open.push(inner),
                None => {
                    self.path.pop();
                }
            }
        }
        Ok(())
    }

    /// Writes one node; for a folder only its beginning.
    fn node(
        &mut self,
        parent: Option<&OwnedFd>,
        file: &CString,
        name: Vec<u8>,
    ) -> Result<Option<Folder>, NarError> {
        let parent = parent.map_or(CWD, AsFd::as_fd);
        let stat =
            statat(parent, file, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| self.error("examine", error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                // O_NONBLOCK: were the file swapped for a FIFO just now, opening it would hang.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
                let fd =
                    openat(parent, file, flags, Mode::empty()).map_err(|error| self.error("open", error))?;
                // Size and mode of what was really opened.
                let stat = fstat(&fd).map_err(|error| self.error("examine", error))?;
                if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                    return Err(NarError::UnsupportedType { path: self.path.clone() });
                }
                let executable = Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR);
                let size = u64::try_from(stat.st_size).unwrap_or(0);
                self.writer.event(&NarEvent::File { name, executable, size })?;
                self.contents(File::from(fd), size)?;
                Ok(None)
            }
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::DIRECTORY;
                let fd =
                    openat(parent, file, flags, Mode::empty()).map_err(|error| self.error("open", error))?;
                self.writer.event(&NarEvent::Directory { name })?;
                let names = self.names(&fd)?;
                Ok(Some(Folder { fd, names }))
            }
            FileType::Symlink => {
                let target = readlinkat(parent, file, Vec::new())
                    .map_err(|error| self.error("read the link", error))?
                    .into_bytes();
                self.writer.event(&NarEvent::Symlink { name, target })?;
                Ok(None)
            }
            _ => Err(NarError::UnsupportedType { path: self.path.clone() }),
        }
    }

    /// The names in a folder, last one first.
    fn names(&self, fd: &OwnedFd) -> Result<Vec<CString>, NarError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(fd).map_err(|error| self.error("list", error))? {
            let entry = entry.map_err(|error| self.error("list", error))?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    fn contents(&mut self, mut file: File, size: u64) -> Result<(), NarError> {
        let mut remaining = size;
        while remaining > 0 {
            let wanted = usize::try_from(remaining).unwrap_or(usize::MAX).min(self.buffer.len());
            let part = self.buffer.get_mut(..wanted).unwrap_or_default();
            match file.read(part) {
                Ok(0) => return Err(NarError::Changed { path: self.path.clone(), expected: size }),
                Ok(count) => {
                    let offset = self.writer.offset();
                    self.writer
                        .contents()
                        .write_all(part.get(..count).unwrap_or_default())
                        .map_err(|source| NarError::Io { offset, source })?;
                    remaining = remaining.saturating_sub(count as u64);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(NarError::File { action: "read", path: self.path.clone(), source });
                }
            }
        }
        // A longer file is as wrong as a shorter one: the archive would describe a state that never
        // was.
        match file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(NarError::Changed { path: self.path.clone(), expected: size }),
            Err(source) => Err(NarError::File { action: "read", path: self.path.clone(), source }),
        }
    }

    fn error(&self, action: &'static str, error: Errno) -> NarError {
        NarError::File { action, path: self.path.clone(), source: error.into() }
    }
}

/// Hash and length in bytes of the archive of the tree at `path`, without making the archive: what
/// Nix records as `narHash` and `narSize`. With [`HashAlgorithm::Sha256`] the hash is that of
/// `nix-store --dump PATH | sha256sum`.
pub fn hash_tree(path: &Path, algorithm: HashAlgorithm, limits: &NarLimits) -> Result<(Hash, u64), NarError> {
    let sink = HashSink { hasher: Hasher::new(algorithm), length: 0 };
    // Collects the small strings between the contents; those pass it by.
    let sink = dump(path, BufWriter::with_capacity(16 * 1024, sink), limits)?;
    let HashSink { hasher, length } =
        sink.into_inner().map_err(|error| NarError::Io { offset: 0, source: error.into_error() })?;
    let hash = hasher.finish().ok_or_else(|| NarError::Io {
        offset: length,
        source: std::io::Error::other("the hash function gave a digest of the wrong length"),
    })?;
    Ok((hash, length))
}

struct HashSink {
    hasher: Hasher,
    length: u64,
}

impl Write for HashSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Any of Nix's hash functions, fed in pieces.
enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    fn new(algorithm: HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Md5 => Self::Md5(md5::Md5::new()),
            HashAlgorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            HashAlgorithm::Blake3 => Self::Blake3(Box::default()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    fn finish(self) -> Option<Hash> {
        let (algorithm, digest) = match self {
            Self::Md5(hasher) => (HashAlgorithm::Md5, hasher.finalize().to_vec()),
            Self::Sha1(hasher) => (HashAlgorithm::Sha1, hasher.finalize().to_vec()),
            Self::Sha256(hasher) => (HashAlgorithm::Sha256, hasher.finalize().to_vec()),
            Self::Sha512(hasher) => (HashAlgorithm::Sha512, hasher.finalize().to_vec()),
            Self::Blake3(hasher) => (HashAlgorithm::Blake3, hasher.finalize().as_bytes().to_vec()),
        };
        Hash::new(algorithm, digest)
    }
}
