//! Walks over trees that anybody may have made.
//!
//! A tree can be deeper than a thread's stack, have paths longer than the kernel takes, and be
//! changed meanwhile. So a walk keeps its way on the heap, goes from one open folder to the next,
//! never follows a link, and has a limit for depth and length.

use crate::FileError;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How deep a tree may be, and how long its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Nodes on the way from the root to the deepest node, both included. A walk keeps so many
    /// folders open at most.
    pub depth: usize,
    /// Bytes of a path below the root.
    pub path: usize,
}

impl Default for TreeLimits {
    /// The depth is that of Nix archives; the paths leave room before they are longer than what the
    /// kernel takes (4096 bytes), so that the tree can be used by paths.
    fn default() -> Self {
        Self { depth: 64, path: 3072 }
    }
}

/// Why a walk has not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// Folders are in folders, and so on, too often.
    #[error("{}: something is more than {limit} folders deep, in {}", root.display(), shown(inside))]
    Depth {
        /// The root of the tree.
        root: PathBuf,
        /// The folder that is too deep, below the root.
        inside: PathBuf,
        /// How many are allowed.
        limit: usize,
    },
    /// A path is too long.
    #[error("{}: a path in it has more than {limit} bytes: {}", root.display(), shown(inside))]
    Length {
        /// The root of the tree.
        root: PathBuf,
        /// The path, below the root.
        inside: PathBuf,
        /// How many are allowed.
        limit: usize,
    },
}

/// For those whose trees are their own, so that the limits do not matter. The text stays.
impl From<TreeError> for FileError {
    fn from(error: TreeError) -> Self {
        let text = error.to_string();
        match error {
            TreeError::File(error) => error,
            TreeError::Depth { root, .. } | TreeError::Length { root, .. } => {
                Self::new("walk through", &root, io::Error::other(text))
            }
        }
    }
}

/// The beginning of a path: a whole one could fill the screen.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What a walk comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A folder, before it is opened.
    Folder,
    /// The same folder again, when all in it has been seen.
    FolderEnd,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A pipe with a name (FIFO).
    Pipe,
    /// A socket.
    Socket,
    /// A device, of characters or blocks.
    Device,
}

impl NodeKind {
    /// Of what a file system says about something; a link is one if it was not followed.
    pub fn of(found: &std::fs::Metadata) -> Self {
        Self::from_mode(found.mode())
    }

    fn from_mode(mode: u32) -> Self {
        match FileType::from_raw_mode(mode) {
            FileType::Directory => Self::Folder,
            FileType::RegularFile => Self::File,
            FileType::Symlink => Self::Link,
            FileType::Fifo => Self::Pipe,
            FileType::Socket => Self::Socket,
            _ => Self::Device,
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder | Self::FolderEnd => "a folder",
            Self::File => "a file",
            Self::Link => "a symbolic link",
            Self::Pipe => "a pipe (FIFO)",
            Self::Socket => "a socket",
            Self::Device => "a device",
        })
    }
}

/// What a walk has come to, and what can be done with it: by its name in a folder that is open,
/// since its path may be too long, and lead elsewhere by now.
#[derive(Debug)]
pub struct TreeNode<'a> {
    /// What it is.
    pub kind: NodeKind,
    /// Its path below the root, empty for the root.
    pub path: &'a Path,
    /// Its permissions.
    pub mode: u32,
    /// The bytes of a file.
    pub size: u64,
    root: &'a Path,
    parent: BorrowedFd<'a>,
    name: &'a CStr,
}

impl<'a> TreeNode<'a> {
    /// The folder that it is in, and its name there.
    pub fn place(&self) -> (BorrowedFd<'a>, &'a CStr) {
        (self.parent, self.name)
    }

    /// Opens a file for reading, or a folder.
    pub fn open(&self) -> Result<File, FileError> {
        let opened = self.open_it(OFlags::RDONLY | OFlags::NONBLOCK);
        opened.map(File::from).map_err(|error| self.error("read")(error.into()))
    }

    /// Opens it, and makes sure that it is what the walk has seen.
    fn open_it(&self, flags: OFlags) -> Result<OwnedFd, Errno> {
        let opened =
            openat(self.parent, self.name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let is_folder = FileType::from_raw_mode(fstat(&opened)?.st_mode) == FileType::Directory;
        let wanted = matches!(self.kind, NodeKind::Folder | NodeKind::FolderEnd);
        if is_folder == wanted { Ok(opened) } else { Err(Errno::NOTDIR) }
    }

    /// Where a link leads.
    pub fn target(&self) -> Result<PathBuf, FileError> {
        let read = readlinkat(self.parent, self.name, Vec::new());
        let read = read.map_err(|error| self.error("read")(error.into()))?;
        Ok(PathBuf::from(OsString::from_vec(read.into_bytes())))
    }

    /// Sets the permissions of a file or folder; a link has none.
    pub fn set_mode(&self, mode: u32) -> Result<(), FileError> {
        let set = rustix::fs::chmodat(self.parent, self.name, Mode::from_raw_mode(mode), AtFlags::empty());
        set.map_err(|error| self.error("set the permissions of")(error.into()))
    }

    /// Sets its times, of a link those of the link, to this second since 1970.
    pub fn set_time(&self, second: i64) -> Result<(), FileError> {
        let time = rustix::fs::Timespec { tv_sec: second, tv_nsec: 0 };
        let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
        let set = rustix::fs::utimensat(self.parent, self.name, &times, AtFlags::SYMLINK_NOFOLLOW);
        set.map_err(|error| self.error("set the time of")(error.into()))
    }

    /// An error about it, as [`FileError::on`].
    pub fn error(&self, action: &'static str) -> impl FnOnce(io::Error) -> FileError {
        let path =
            if self.path.as_os_str().is_empty() { self.root.to_owned() } else { self.root.join(self.path) };
        move |source| FileError::new(action, &path, source)
    }
}

/// A folder whose nodes are being looked at.
#[derive(Debug)]
struct Open {
    fd: OwnedFd,
    name: CString,
    mode: u32,
    /// Names not seen yet, the last one first.
    names: Vec<CString>,
}

/// Shows `visit` the file or tree at `root`, in the order of names: a folder, what is in it, and
/// the folder again. A link is not followed, not even `root` itself. The first error ends the walk.
///
/// A folder is opened after `visit` has seen it, so that this can open one that is closed.
pub fn walk_tree<E: From<TreeError>>(
    root: &Path,
    limits: TreeLimits,
    visit: &mut dyn FnMut(&TreeNode<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let file = |error: FileError| E::from(TreeError::File(error));
    let walk = Walk { root, limits };
    let name = CString::new(root.as_os_str().as_bytes())
        .map_err(|error| file(FileError::new("read", root, error.into())))?;
    let mut path = PathBuf::new();
    let mut open: Vec<Open> = Vec::new();
    open.extend(walk.node(CWD, name, &path, 1, visit)?);
    loop {
        let depth = open.len() + 1;
        let Some(folder) = open.last_mut() else { return Ok(()) };
        let Some(name) = folder.names.pop() else {
            let Some(done) = open.pop() else { return Ok(()) };
            let parent = open.last().map_or(CWD, |folder| folder.fd.as_fd());
            let (kind, mode) = (NodeKind::FolderEnd, done.mode);
            visit(&TreeNode { kind, path: &path, mode, size: 0, root, parent, name: &done.name })?;
            path.pop();
            continue;
        };
        path.push(OsStr::from_bytes(name.as_bytes()));
        let fd = folder.fd.as_fd();
        match walk.node(fd, name, &path, depth, visit)? {
            Some(inner) => open.push(inner),
            None => {
                path.pop();
            }
        }
    }
}

struct Walk<'a> {
    root: &'a Path,
    limits: TreeLimits,
}

impl Walk<'_> {
    /// Shows one node; a folder is opened.
    fn node<E: From<TreeError>>(
        &self,
        parent: BorrowedFd<'_>,
        name: CString,
        path: &Path,
        depth: usize,
        visit: &mut dyn FnMut(&TreeNode<'_>) -> Result<(), E>,
    ) -> Result<Option<Open>, E> {
        let Self { root, limits } = *self;
        let place = || (root.to_owned(), path.to_owned());
        if path.as_os_str().len() > limits.path {
            let (root, inside) = place();
            return Err(TreeError::Length { root, inside, limit: limits.path }.into());
        }
        let mut node = TreeNode { kind: NodeKind::File, path, mode: 0, size: 0, root, parent, name: &name };
        let failed = |node: &TreeNode<'_>, action, error: Errno| {
            E::from(TreeError::File(node.error(action)(error.into())))
        };
        let found = statat(parent, &name, AtFlags::SYMLINK_NOFOLLOW);
        let found = found.map_err(|error| failed(&node, "read", error))?;
        node.kind = NodeKind::from_mode(found.st_mode);
        node.mode = found.st_mode & 0o7777;
        node.size = u64::try_from(found.st_size).unwrap_or(0);
        if node.kind == NodeKind::Folder && depth > limits.depth {
            let (root, inside) = place();
            return Err(TreeError::Depth { root, inside, limit: limits.depth }.into());
        }
        visit(&node)?;
        if node.kind != NodeKind::Folder {
            return Ok(None);
        }
        let fd = node.open_it(OFlags::RDONLY | OFlags::DIRECTORY);
        let fd = fd.map_err(|error| failed(&node, "list", error))?;
        let names = names(&fd).map_err(|error| failed(&node, "list", error))?;
        let mode = node.mode;
        Ok(Some(Open { fd, name, mode, names }))
    }
}

/// What is in a folder, the last name first.
pub(crate) fn names(folder: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remove::tests::deep;
    use crate::{copy_tree, remove_tree};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn seen(root: &Path) -> Result<Vec<String>, TreeError> {
        let mut all = Vec::new();
        walk_tree(root, TreeLimits::default(), &mut |node| -> Result<(), TreeError> {
            all.push(format!("{:?} {}", node.kind, node.path.display()));
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn everything_is_seen_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::write(root.join("b/c/file"), "text").unwrap();
        fs::write(root.join("a"), "").unwrap();
        symlink("/", root.join("d")).unwrap();
        let expected = [
            "Folder ",
            "File a",
            "Folder b",
            "Folder b/c",
            "File b/c/file",
            "FolderEnd b/c",
            "FolderEnd b",
            "Link d",
            "FolderEnd ",
        ];
        assert_eq!(seen(&root).unwrap(), expected);
        assert_eq!(seen(&root.join("d")).unwrap(), ["Link "]);
        let copy = folder.path().join("copy");
        copy_tree(&root, &copy, TreeLimits::default()).unwrap();
        assert_eq!(seen(&copy).unwrap(), expected);
        assert_eq!(fs::read(copy.join("b/c/file")).unwrap(), b"text");
        assert_eq!(fs::read_link(copy.join("d")).unwrap(), Path::new("/"));
        let missing = seen(&folder.path().join("missing")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read ") && missing.ends_with("/missing"), "{missing}");
    }

    #[test]
    fn a_closed_folder_can_be_opened_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("file"), "").unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o0)).unwrap();
        let mut files = 0;
        walk_tree(folder.path(), TreeLimits::default(), &mut |node| -> Result<(), TreeError> {
            match node.kind {
                NodeKind::Folder => node.set_mode(0o700)?,
                NodeKind::File => files += 1,
                _ => node.set_time(1)?,
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(files, 1);
        let time = inner.metadata().unwrap().modified().unwrap();
        assert_eq!(time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1);
    }

    #[test]
    fn depth_and_length_have_limits() {
        let folder = tempfile::tempdir().unwrap();
        for (name, count, allowed) in [("d", 63, true), ("d", 64, false), ("d", 1_100, false)] {
            let root = folder.path().join(count.to_string());
            deep(&root, name, count);
            let walked = seen(&root);
            assert_eq!(walked.is_ok(), allowed, "{count}");
            if let Err(error) = walked {
                assert!(error.to_string().contains("more than 64 folders deep"), "{error}");
                assert!(error.to_string().len() < 400, "{error}");
            }
            assert_eq!(copy_tree(&root, &folder.path().join("copy"), TreeLimits::default()).is_ok(), allowed);
            remove_tree(&folder.path().join("copy")).unwrap();
            remove_tree(&root).unwrap();
        }
        let long = folder.path().join("long");
        deep(&long, &"n".repeat(255), 11);
        seen(&long).unwrap();
        deep(&long.join("x"), &"n".repeat(255), 12);
        let error = seen(&long).unwrap_err().to_string();
        assert!(error.contains("more than 3072 bytes"), "{error}");
        remove_tree(&long).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
