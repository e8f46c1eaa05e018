//! Which store paths a file mentions.
//!
//! Nix finds the runtime dependencies of an output by looking for the hash parts of its inputs in
//! the bytes of the output: 32 characters of [Nix's base 32](crate::base32) anywhere, in names and
//! link targets as well as in contents. This module does the same, for closures of stores that come
//! without a database. See `libstore/references.cc` in Nix.
//!
//! What is looked for must be known beforehand ([`Candidates`]): 32 characters of that alphabet
//! occur by accident, and only the names in the store folder show which of them are hash parts.
//! References can therefore be found too many, never too few, except where a program compressed or
//! encoded them (Nix has the same limit).

use crate::base32;
use crate::store_path::StorePath;
use rustc_hash::FxHashMap;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Characters in the hash part of a store path.
const HASH_LENGTH: usize = StorePath::DIGEST_LEN;

/// Bytes read from a file at once.
const CHUNK: usize = 256 * 1024;

/// Hash parts that are looked for, numbered in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    numbers: FxHashMap<[u8; HASH_LENGTH], u32>,
    /// One bit for each value of the last two characters that occurs: most windows are ruled out by
    /// it without a look at the table.
    ends: Vec<u64>,
}

impl Candidates {
    /// Looks for these. Those that are not 32 characters of the alphabet can never be found and are
    /// left out; of those given twice the first number counts.
    ///
    /// At most `u32::MAX` are taken.
    pub fn new<T: AsRef<[u8]>>(hashes: impl IntoIterator<Item = T>) -> Self {
        let mut candidates = Self { numbers: FxHashMap::default(), ends: vec![0; 1 << 10] };
        for (number, hash) in (0..u32::MAX).zip(hashes) {
            let Ok(hash) = <[u8; HASH_LENGTH]>::try_from(hash.as_ref()) else { continue };
            if hash.iter().any(|&byte| !is_base32(byte)) {
                continue;
            }
            candidates.numbers.entry(hash).or_insert(number);
            let (word, bit) = end(&hash);
            if let Some(word) = candidates.ends.get_mut(word) {
                *word |= bit;
            }
        }
        candidates
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn find(&self, window: &[u8; HASH_LENGTH]) -> Option<u32> {
        let (word, bit) = end(window);
        if self.ends.get(word).is_none_or(|word| word & bit == 0) {
            return None;
        }
        self.numbers.get(window).copied()
    }
}

fn is_base32(byte: u8) -> bool {
    base32::digit_value(byte).is_some()
}

/// Where in [`Candidates::ends`] the last two characters stand: 16 bits, as 1,024 words of 64.
fn end(window: &[u8; HASH_LENGTH]) -> (usize, u64) {
    let [.., a, b] = window;
    let value = u16::from_be_bytes([*a, *b]);
    (usize::from(value >> 6), 1 << (value & 63))
}

/// Finds hash parts in a stream of bytes that is fed in pieces.
///
/// Memory use does not depend on the length of the stream.
#[derive(Debug)]
pub struct ReferenceScanner<'a> {
    candidates: &'a Candidates,
    found: BTreeSet<u32>,
    /// The end of the stream so far, shorter than a hash part: one may begin there.
    tail: Vec<u8>,
}

impl<'a> ReferenceScanner<'a> {
    /// Looks for `candidates`.
    pub fn new(candidates: &'a Candidates) -> Self {
        Self { candidates, found: BTreeSet::new(), tail: Vec::with_capacity(2 * HASH_LENGTH) }
    }

    /// Looks at the next piece of the stream.
    pub fn feed(&mut self, data: &[u8]) {
        const KEEP: usize = HASH_LENGTH - 1;
        // What straddles the border between the pieces.
        let kept = self.tail.len();
        self.tail.extend_from_slice(data.get(..data.len().min(KEEP)).unwrap_or_default());
        if kept > 0 {
            search(&self.tail, self.candidates, &mut self.found);
        }
        search(data, self.candidates, &mut self.found);
        if let Some(end) = data.len().checked_sub(KEEP) {
            self.tail.clear();
            self.tail.extend_from_slice(data.get(end..).unwrap_or_default());
        } else {
            let surplus = self.tail.len().saturating_sub(KEEP);
            self.tail.drain(..surplus);
        }
    }

    /// Ends the stream: a hash part cannot begin before and end after this.
    pub fn cut(&mut self) {
        self.tail.clear();
    }

    /// The numbers of the candidates found so far, ascending.
    pub fn found(&self) -> &BTreeSet<u32> {
        &self.found
    }

    /// The numbers of the candidates that were found, ascending.
    pub fn finish(self) -> BTreeSet<u32> {
        self.found
    }

    /// Feeds everything that `reader` gives, through `buffer`.
    fn feed_reader(&mut self, reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<u64> {
        let mut total = 0;
        loop {
            match reader.read(buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    total += count as u64;
                    self.feed(buffer.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Notes every candidate in `data`.
///
/// Each window of 32 bytes is checked from its end: a byte outside the alphabet rules out every
/// window that holds it, so in most data only one byte in some twenty is looked at. Once a window
/// is found to be wholly of the alphabet, the run it stands in is followed forward byte by byte, so
/// that no byte is looked at more than a few times even in long runs.
fn search(data: &[u8], candidates: &Candidates, found: &mut BTreeSet<u32>) {
    let mut start = 0;
    while let Some(window) = data.get(start..).and_then(|rest| rest.first_chunk::<HASH_LENGTH>()) {
        if let Some(outside) = window.iter().rposition(|&byte| !is_base32(byte)) {
            start += outside + 1;
            continue;
        }
        let rest = data.get(start..).unwrap_or_default();
        for window in rest.windows(HASH_LENGTH) {
            let Some(window) = window.first_chunk::<HASH_LENGTH>() else { break };
            let [.., last] = window;
            if !is_base32(*last) {
                break;
            }
            if let Some(number) = candidates.find(window) {
                found.insert(number);
            }
            start += 1;
        }
        // `start` is the first window that was not looked at; its last byte is outside the
        // alphabet, or missing.
        start += HASH_LENGTH;
    }
}

/// Which candidates the contents of one file mention. Links are followed; names are not looked at.
pub fn scan_file(path: &Path, candidates: &Candidates) -> io::Result<BTreeSet<u32>> {
    let mut scanner = ReferenceScanner::new(candidates);
    scanner.feed_reader(&mut File::open(path)?, &mut vec![0; CHUNK])?;
    Ok(scanner.finish())
}

/// What [`scan_path`] found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct PathScan {
    /// Numbers of the candidates that are mentioned, ascending.
    pub found: BTreeSet<u32>,
    /// Files and folders that could not be read, or not to the end; what they mention is missing
    /// from `found`.
    pub unread: Vec<Unread>,
    /// Bytes of file contents that were looked at.
    pub bytes: u64,
}

/// A file or folder that could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unread {
    /// Its path.
    pub path: PathBuf,
    /// What the system reported.
    pub error: io::Error,
}

/// Which candidates a tree mentions: in names, in targets of links, in contents of regular files.
///
/// Links are not followed, not even `path` itself. What vanishes or cannot be read meanwhile is
/// noted and the rest is looked at nevertheless; devices, sockets and FIFOs are left alone.
pub fn scan_path(path: &Path, candidates: &Candidates) -> PathScan {
    let mut walk = Walk {
        scanner: ReferenceScanner::new(candidates),
        buffer: vec![0; CHUNK],
        path: path.to_path_buf(),
        unread: Vec::new(),
        bytes: 0,
    };
    walk.run();
    PathScan { found: walk.scanner.finish(), unread: walk.unread, bytes: walk.bytes }
}

/// How deep folders are looked into: each is an open file, and a process has few. Nix takes no
/// store path that is deeper than 64.
const DEPTH: usize = 128;

struct Walk<'a> {
    scanner: ReferenceScanner<'a>,
    buffer: Vec<u8>,
    path: PathBuf,
    unread: Vec<Unread>,
    bytes: u64,
}

struct Folder {
    fd: OwnedFd,
    names: Vec<CString>,
}

impl Walk<'_> {
    fn run(&mut self) {
        let root = match CString::new(self.path.as_os_str().as_bytes()) {
            Ok(root) => root,
            Err(error) => return self.note(error.into()),
        };
        let mut open = Vec::new();
        match self.node(None, &root) {
            Ok(folder) => open.extend(folder),
            Err(error) => self.note(error),
        }
        while let Some(folder) = open.last_mut() {
            let Some(name) = folder.names.pop() else {
                open.pop();
                self.path.pop();
                continue;
            };
            self.scanner.feed(name.as_bytes());
            self.scanner.cut();
            self.path.push(OsStr::from_bytes(name.as_bytes()));
            match self.node(Some(&folder.fd), &name) {
                Ok(Some(inner)) if open.len() < DEPTH => {
                    open.push(inner);
                    continue;
                }
                Ok(Some(_)) => self.note(io::Error::other(format!("it is more than {DEPTH} folders deep"))),
                Ok(None) => {}
                Err(error) => self.note(error),
            }
            self.path.pop();
        }
    }

    fn node(&mut self, parent: Option<&OwnedFd>, name: &CStr) -> io::Result<Option<Folder>> {
        let parent = parent.map_or(CWD, AsFd::as_fd);
        let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
                let mut file = File::from(openat(parent, name, flags, Mode::empty())?);
                let result = self.scanner.feed_reader(&mut file, &mut self.buffer);
                self.scanner.cut();
                self.bytes += result?;
                Ok(None)
            }
            FileType::Symlink => {
                let target = readlinkat(parent, name, Vec::new())?;
                self.scanner.feed(target.as_bytes());
                self.scanner.cut();
                Ok(None)
            }
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::DIRECTORY;
                let fd = openat(parent, name, flags, Mode::empty())?;
                let mut names = Vec::new();
                for entry in Dir::read_from(&fd)? {
                    match entry {
                        Ok(entry) if entry.file_name() == c"." || entry.file_name() == c".." => {}
                        Ok(entry) => names.push(entry.file_name().to_owned()),
                        // The names so far are still worth a look.
                        Err(error) => {
                            self.note(error.into());
                            break;
                        }
                    }
                }
                names.sort_unstable_by(|a, b| b.cmp(a));
                Ok(Some(Folder { fd, names }))
            }
            _ => Err(Errno::NOTSUP.into()),
        }
    }

    fn note(&mut self, error: io::Error) {
        self.unread.push(Unread { path: self.path.clone(), error });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_without_end_are_noted() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_owned();
        (0..300).for_each(|_| deep.push("d"));
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join("z"), A).unwrap();
        let candidates = Candidates::new([A]);
        let scan = scan_path(folder.path(), &candidates);
        assert_eq!((scan.found.len(), scan.unread.len()), (1, 1));
        assert!(scan.unread[0].error.to_string().contains("128 folders deep"));
        assert_eq!(scan.unread[0].path.components().count(), folder.path().components().count() + 128);
    }

    const A: &str = "0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv";
    const B: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

    /// The definition, without any cleverness.
    fn naive(data: &[u8], hashes: &[String]) -> BTreeSet<u32> {
        let holds = |hash: &String| data.windows(HASH_LENGTH).any(|window| window == hash.as_bytes());
        (0..).zip(hashes).filter(|(_, hash)| holds(hash)).map(|(number, _)| number).collect()
    }

    #[test]
    fn candidates_leave_out_what_cannot_be_found() {
        let upper = A.to_uppercase();
        let candidates = Candidates::new([A, "short", upper.as_str(), A, B]);
        assert_eq!(candidates.len(), 2);
        let mut scanner = ReferenceScanner::new(&candidates);
        scanner.feed(format!("{A} {B}").as_bytes());
        assert_eq!(scanner.finish(), BTreeSet::from([0, 4]));
    }

    #[test]
    fn cut_separates() {
        let candidates = Candidates::new([A]);
        let mut scanner = ReferenceScanner::new(&candidates);
        scanner.feed(&A.as_bytes()[..16]);
        scanner.cut();
        scanner.feed(&A.as_bytes()[16..]);
        assert!(scanner.found().is_empty());
    }

    #[test]
    fn looks_at_names_targets_and_contents_and_notes_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let hashes: Vec<String> = "0123".chars().map(|c| c.to_string().repeat(32)).collect();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join(format!("sub/x{}", hashes[0]))).unwrap();
        std::os::unix::fs::symlink(format!("/nix/store/{}-x", hashes[1]), root.join("link")).unwrap();
        std::fs::write(root.join("file"), format!("\0\0{}", hashes[2])).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let scan = scan_path(&root, &Candidates::new(&hashes));
        assert_eq!(scan.found, BTreeSet::from([0, 1, 2]));
        assert_eq!(scan.bytes, 34);
        let unread: Vec<_> = scan.unread.iter().map(|unread| unread.path.clone()).collect();
        assert_eq!(unread, [root.join("socket")]);
        drop(socket);

        let gone = scan_path(&root.join("gone"), &Candidates::new(&hashes));
        assert_eq!(gone.unread[0].error.kind(), io::ErrorKind::NotFound);
        let file = scan_file(&root.join("file"), &Candidates::new(&hashes)).unwrap();
        assert_eq!(file, BTreeSet::from([2]));
    }

    /// Runs of the alphabet, other bytes, and whole or damaged hash parts.
    fn data(hashes: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            "[0-9a-df-np-sv-z]{0,70}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..40),
            prop::sample::select(hashes.clone()).prop_map(String::into_bytes),
            (prop::sample::select(hashes), 0..31_usize)
                .prop_map(|(hash, length)| hash.as_bytes()[..length].to_vec()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn hashes() -> Vec<String> {
        // Overlapping ones on purpose.
        vec![A.to_owned(), B.to_owned(), format!("{}{}", &A[1..], "z"), format!("z{}", &A[..31])]
    }

    proptest! {
        #[test]
        fn finds_what_is_there(data in data(hashes()), sizes in prop::collection::vec(1_usize..80, 1..20)) {
            let hashes = hashes();
            let candidates = Candidates::new(&hashes);
            let mut whole = ReferenceScanner::new(&candidates);
            whole.feed(&data);
            let expected = naive(&data, &hashes);
            prop_assert_eq!(whole.found(), &expected);

            let mut pieces = ReferenceScanner::new(&candidates);
            let mut rest = &data[..];
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(rest.len().min(*size));
                pieces.feed(piece);
                rest = after;
            }
            prop_assert_eq!(pieces.found(), &expected);
        }
    }
}
