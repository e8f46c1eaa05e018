//! Nix archives (NAR): the canonical serialisation of a file system object, and its hash.
//!
//! A NAR holds exactly what Nix considers part of a store path: names, the contents of regular
//! files, whether they are executable, and the targets of symbolic links. Owners, times and all
//! other permission bits are left out, and there is only one way to write a given tree, so the hash
//! of the archive identifies the tree.
//!
//! On the wire everything is a *string*: its length as 64-bit little-endian integer, its bytes, and
//! zero bytes up to the next multiple of eight. The grammar over those strings is
//!
//! ```text
//! archive   = "nix-archive-1" node
//! node      = "(" "type" ( regular | symlink | directory ) ")"
//! regular   = "regular" [ "executable" "" ] "contents" <bytes>
//! symlink   = "symlink" "target" <bytes>
//! directory = "directory" { "entry" "(" "name" <bytes> "node" node ")" }
//! ```
//!
//! with the entries of a directory sorted by the bytes of their names, without duplicates. See the
//! section "Nix Archive (NAR) format" of the Nix manual, and `src/libutil/archive.cc` in Nix.
//!
//! - [`NarReader`] turns bytes into [`NarEvent`]s and refuses everything that is not canonical.
//! - [`NarWriter`] turns events into bytes and refuses everything that would not be canonical.
//! - [`dump`] and [`hash_tree`] walk a tree on disk, [`restore`] makes one.
//!
//! File contents are streamed everywhere; memory use depends on the depth of the tree and on the
//! number of names in its largest directory, never on the size of files.

mod read;
mod restore;
mod tree;
mod write;

pub use read::{NarContents, NarReader};
pub use restore::{RestoreOptions, restore};
pub use tree::{dump, hash_tree};
pub use write::{NarContentsWriter, NarWriter};

use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// The string that every archive begins with.
pub const MAGIC: &[u8] = b"nix-archive-1";

/// What a reader or writer accepts before it gives up.
///
/// The defaults for depth and lengths are those of Nix itself (`narMaxDepth`, `narMaxName` and
/// `narMaxTarget` in `archive.cc`); the amounts are unlimited, because a store path may be of any
/// size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NarLimits {
    /// Nodes on the way from the root to the deepest node, both included.
    pub depth: usize,
    /// Bytes in a name of a directory entry.
    pub name: usize,
    /// Bytes in the target of a symbolic link.
    pub target: usize,
    /// Nodes in the whole archive.
    pub nodes: u64,
    /// Bytes in the contents of one regular file.
    pub file_size: u64,
    /// Bytes in the whole archive.
    pub total_size: u64,
}

impl Default for NarLimits {
    fn default() -> Self {
        Self {
            depth: 64,
            name: 255,
            target: 4095,
            nodes: u64::MAX,
            file_size: u64::MAX,
            total_size: u64::MAX,
        }
    }
}

/// One step of a walk over an archive, in archive order.
///
/// `name` is the name within the enclosing directory, and empty for the root node, which has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NarEvent {
    /// A directory begins; the events of its entries follow, then [`NarEvent::Leave`].
    Directory {
        /// Name of the entry.
        name: Vec<u8>,
    },
    /// The innermost open directory ends.
    Leave,
    /// A regular file. Its contents come from [`NarReader::contents`] or go to
    /// [`NarWriter::contents`].
    File {
        /// Name of the entry.
        name: Vec<u8>,
        /// Whether the owner may execute it.
        executable: bool,
        /// Length of its contents in bytes.
        size: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Name of the entry.
        name: Vec<u8>,
        /// Where it points to: any bytes but NUL, at least one.
        target: Vec<u8>,
    },
}

impl NarEvent {
    /// The name of the node that begins here; `None` for [`NarEvent::Leave`].
    pub fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Directory { name } | Self::File { name, .. } | Self::Symlink { name, .. } => Some(name),
            Self::Leave => None,
        }
    }
}

/// What is wrong with an archive, or with the tree that was to become one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NarError {
    /// The archive ends in the middle.
    #[error("the archive ends early, at byte {offset}")]
    Truncated {
        /// Bytes read so far.
        offset: u64,
    },
    /// Reading or writing the archive itself failed.
    #[error("the archive cannot be transferred at byte {offset}")]
    Io {
        /// Bytes transferred so far.
        offset: u64,
        /// What the system reported.
        source: io::Error,
    },
    /// The bytes are not an archive, or not a canonical one.
    #[error("malformed archive at byte {offset}, node {node}: {problem}")]
    Malformed {
        /// Offset of the string at fault, in bytes from the start.
        offset: u64,
        /// Where in the tree.
        node: NodePath,
        /// What is wrong there.
        problem: NarProblem,
    },
    /// A limit of [`NarLimits`] was reached.
    #[error("at byte {offset}, node {node}: {limit} exceeds the limit of {maximum}")]
    Limit {
        /// Bytes transferred so far.
        offset: u64,
        /// Where in the tree.
        node: NodePath,
        /// Which amount is too large.
        limit: &'static str,
        /// The limit.
        maximum: u64,
    },
    /// The events given to a [`NarWriter`] do not form a canonical archive.
    #[error("these events do not form an archive: {problem} (at byte {offset}, node {node})")]
    Sequence {
        /// Bytes written so far.
        offset: u64,
        /// Where in the tree.
        node: NodePath,
        /// Which rule is broken.
        problem: NarProblem,
    },
    /// A file of the tree cannot be read or made.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was being done to it.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// The tree holds something that an archive cannot: a device, a socket, a FIFO.
    #[error("{} is neither a regular file, a directory nor a symbolic link", path.display())]
    UnsupportedType {
        /// The file.
        path: PathBuf,
    },
    /// A file became shorter or longer while it was read.
    #[error("{} changed while it was read: {expected} bytes expected", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its size when reading began.
        expected: u64,
    },
}

/// Which rule of the format is broken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NarProblem {
    /// The magic string is missing.
    #[error("not a Nix archive")]
    Magic,
    /// Another string was due.
    #[error("expected {expected}, found {:?}", String::from_utf8_lossy(found))]
    Unexpected {
        /// What the grammar allows here.
        expected: &'static str,
        /// What is there (at most [`MAX_TAG`] bytes).
        found: Vec<u8>,
    },
    /// A string is longer than anything the grammar allows here.
    #[error("a string of {length} bytes where at most {maximum} are allowed")]
    TooLong {
        /// Its length.
        length: u64,
        /// The longest allowed.
        maximum: u64,
    },
    /// Padding bytes are not zero.
    #[error("padding is not zero")]
    Padding,
    /// A name is empty, `.`, `..`, or holds a slash or NUL.
    #[error("{:?} is not a file name", String::from_utf8_lossy(.0))]
    Name(Vec<u8>),
    /// A name does not sort after the one before it.
    #[error(
        "entry {:?} does not sort after {:?}",
        String::from_utf8_lossy(name),
        String::from_utf8_lossy(previous)
    )]
    Order {
        /// The entry before.
        previous: Vec<u8>,
        /// The entry at fault.
        name: Vec<u8>,
    },
    /// The target of a symbolic link is empty or holds NUL.
    #[error("the target of a symbolic link is empty or holds NUL")]
    Target,
    /// Bytes follow the end of the archive.
    #[error("data after the end of the archive")]
    Trailing,
    /// An event that may not stand here: a second root, a `Leave` without a directory, an
    /// unfinished file.
    #[error("{0}")]
    Misplaced(&'static str),
}

/// Longest keyword that is read before it is refused; the longest real one has ten bytes.
pub const MAX_TAG: usize = 32;

/// Where in a tree something is, for messages: the names from the root, lossily decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodePath(Vec<Vec<u8>>);

impl NodePath {
    fn new(names: impl Iterator<Item = Vec<u8>>) -> Self {
        Self(names.filter(|name| !name.is_empty()).collect())
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        for name in &self.0 {
            write!(f, "/{}", String::from_utf8_lossy(name).escape_debug())?;
        }
        Ok(())
    }
}

/// Directories that are open at some point of a walk; checks what both directions have to check.
#[derive(Debug, Default)]
struct Stack {
    /// For each open directory its own name and the name of the last entry seen in it.
    open: Vec<Level>,
    nodes: u64,
    root_seen: bool,
}

#[derive(Debug)]
struct Level {
    name: Vec<u8>,
    last: Option<Vec<u8>>,
}

impl Stack {
    fn path(&self) -> NodePath {
        let inside = self.open.last().and_then(|level| level.last.clone());
        NodePath::new(self.open.iter().map(|level| level.name.clone()).chain(inside))
    }

    fn is_complete(&self) -> bool {
        self.root_seen && self.open.is_empty()
    }

    /// Accepts the name of the next entry of the innermost directory.
    fn name(&mut self, name: &[u8]) -> Result<(), NarProblem> {
        if !is_valid_name(name) {
            return Err(NarProblem::Name(name.to_vec()));
        }
        if let Some(level) = self.open.last_mut() {
            match &mut level.last {
                Some(previous) if name <= previous.as_slice() => {
                    return Err(NarProblem::Order { previous: previous.clone(), name: name.to_vec() });
                }
                Some(previous) => {
                    previous.clear();
                    previous.extend_from_slice(name);
                }
                none => *none = Some(name.to_vec()),
            }
        }
        Ok(())
    }

    /// Counts a node that begins here.
    fn node(&mut self, limits: &NarLimits) -> Result<(), (&'static str, u64)> {
        self.root_seen = true;
        if self.open.len() >= limits.depth {
            return Err(("depth", limits.depth as u64));
        }
        self.nodes += 1;
        if self.nodes > limits.nodes {
            return Err(("number of nodes", limits.nodes));
        }
        Ok(())
    }

    fn enter(&mut self, name: Vec<u8>) {
        self.open.push(Level { name, last: None });
    }
}

/// Whether `name` may stand in a directory.
fn is_valid_name(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|&byte| byte == b'/' || byte == 0)
}

fn is_valid_target(target: &[u8]) -> bool {
    !target.is_empty() && !target.contains(&0)
}

/// Zero bytes that follow a string of this length.
fn padding(length: u64) -> usize {
    // At most seven, so the cast keeps the value.
    (length.wrapping_neg() % 8) as usize
}
