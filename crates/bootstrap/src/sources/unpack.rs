//! Archives, unpacked and never outside of the folder that they are given.

use super::packed;
use files::{FileError, TreeLimits};
use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType, PaxExtensions};

/// How much an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct UnpackLimits {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files together.
    pub bytes: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self { entries: 1_000_000, bytes: 16 << 30 }
    }
}

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The archive cannot be read, or is none.
    #[error("{} cannot be read as an archive", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// An entry is refused.
    #[error("{}: entry {entry:?}", archive.display())]
    Entry {
        /// The archive.
        archive: PathBuf,
        /// Its entry's path.
        entry: String,
        /// What is wrong with it.
        source: UnpackProblem,
    },
    /// A file or folder cannot be made.
    #[error(transparent)]
    Make(#[from] FileError),
}

/// What is wrong with an entry of an archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackProblem {
    /// There are more entries than are allowed.
    #[error("more than {0} entries")]
    Entries(u64),
    /// All files together are larger than is allowed.
    #[error("more than {0} bytes")]
    Bytes(u64),
    /// It is in a folder in a folder, and so on, too often.
    #[error("it is more than {0} folders deep")]
    Depth(usize),
    /// It would be made outside of the folder.
    #[error("its path leads out of the folder")]
    Outside,
    /// It is a link without a target.
    #[error("it is a link to nothing")]
    NoTarget,
    /// It is a symbolic link to outside of the folder, or through another link.
    #[error("it is a link to {}, which may lead out of the folder", .0.display())]
    LinkOutside(PathBuf),
    /// It is a second name of something outside of the folder.
    #[error("it is a link out of the folder")]
    HardLinkOutside,
    /// It is a second name of something that is no file.
    #[error("it is a link to {}, which is no file", .0.display())]
    NotAFile(PathBuf),
    /// It is a device, or what else there is.
    #[error("it is neither file nor folder nor link ({0:?})")]
    Kind(EntryKind),
    /// The archive ends in it.
    #[error("it ends after {written} of {size} bytes")]
    Short {
        /// The bytes that are there.
        written: u64,
        /// Those that its header names.
        size: u64,
    },
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// What it says of another entry is too long.
    #[error("{0} bytes about another entry are too many")]
    LongHeader(u64),
    /// It says something of another entry that changes what that is.
    #[error("its header has {0}, which is not supported there")]
    Header(String),
    /// A path has a zero byte.
    #[error("a path has a zero byte")]
    ZeroByte,
    /// Something of it would be in a file or behind a link.
    #[error("{} is no folder, but something should be in it", .0.display())]
    NotAFolder(PathBuf),
}

/// The type of an entry, as its header has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryKind(EntryType);

/// Unpacks a tar archive, packed by gzip, bzip2, xz, Zstandard or not at all, into `folder`, which
/// is empty.
///
/// Files, folders, and links that stay inside are made; times and owners are not taken over,
/// permissions only as far as a file may be executed. Anything else is an error: devices, paths
/// with `..`, links that lead out, files through links.
pub fn unpack(archive: &Path, folder: &Path, limits: UnpackLimits) -> Result<(), UnpackError> {
    let broken = |source| UnpackError::Archive { archive: archive.into(), source };
    unpack_from(File::open(archive).map_err(broken)?, archive, folder, limits)
}

/// Unpacks what a reader gives, as [`unpack`] does; `archive` is its name in errors.
pub fn unpack_from(
    reader: impl Read,
    archive: &Path,
    folder: &Path,
    limits: UnpackLimits,
) -> Result<(), UnpackError> {
    let broken = |source| UnpackError::Archive { archive: archive.into(), source };
    let reader = packed::open(reader).map_err(broken)?;
    let mut tar = Archive::new(reader.take(limits.bytes.saturating_add(limits.entries.saturating_mul(4096))));
    let mut left = limits;
    // A deeper tree could not be taken into the store.
    let deepest = TreeLimits::default().depth;
    let mut names = LongNames::default();
    // Raw: the crate would read long names into memory however long they are.
    for entry in tar.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        let shown = names.path.clone().unwrap_or_else(|| entry.path_bytes().into_owned());
        let shown = String::from_utf8_lossy(&shown).chars().take(300).collect::<String>();
        let refuse = |source: UnpackProblem| UnpackError::Entry {
            archive: archive.into(),
            entry: shown.clone(),
            source,
        };
        let unreadable = |error| refuse(UnpackProblem::Read(error));
        left.entries =
            left.entries.checked_sub(1).ok_or_else(|| refuse(UnpackProblem::Entries(limits.entries)))?;
        if names.add(kind, &mut entry).map_err(&refuse)? {
            continue;
        }
        left.bytes =
            left.bytes.checked_sub(entry.size()).ok_or_else(|| refuse(UnpackProblem::Bytes(limits.bytes)))?;
        let names = std::mem::take(&mut names);
        let path = path_of(names.path.unwrap_or_else(|| entry.path_bytes().into_owned())).map_err(&refuse)?;
        let Some(inner) = inner(&path) else { return Err(refuse(UnpackProblem::Outside)) };
        if inner.as_os_str().is_empty() {
            continue;
        }
        if inner.components().count() >= deepest {
            return Err(refuse(UnpackProblem::Depth(deepest)));
        }
        let target = || {
            let link = names.link.clone().or_else(|| entry.link_name_bytes().map(Cow::into_owned));
            link.ok_or(UnpackProblem::NoTarget).and_then(path_of).map_err(&refuse)
        };
        let place = folder.join(&inner);
        let parent = inner.parent().unwrap_or(Path::new(""));
        make_folders(folder, parent).map_err(&refuse)?;
        let make = |source| FileError::new("make", &place, source);
        match kind {
            EntryType::Directory => make_folders(folder, &inner).map_err(&refuse)?,
            EntryType::Regular | EntryType::Continuous => {
                let mode =
                    if entry.header().mode().map_err(unreadable)? & 0o100 == 0 { 0o644 } else { 0o755 };
                replace(&place).map_err(make)?;
                let mut options = OpenOptions::new();
                let mut out = options.write(true).create_new(true).mode(mode).open(&place).map_err(make)?;
                let size = entry.size();
                let written = io::copy(&mut entry, &mut out).map_err(unreadable)?;
                if written != size {
                    return Err(refuse(UnpackProblem::Short { written, size }));
                }
                out.set_permissions(Permissions::from_mode(mode)).map_err(make)?;
            }
            EntryType::Symlink => {
                let target = target()?;
                if !stays_inside(parent, &target) {
                    return Err(refuse(UnpackProblem::LinkOutside(target)));
                }
                replace(&place).map_err(make)?;
                symlink(&target, &place).map_err(make)?;
            }
            EntryType::Link => {
                let target = target()?;
                let from = self::inner(&target).ok_or_else(|| refuse(UnpackProblem::HardLinkOutside))?;
                if from.components().count() >= deepest {
                    return Err(refuse(UnpackProblem::Depth(deepest)));
                }
                make_folders(folder, from.parent().unwrap_or(Path::new(""))).map_err(&refuse)?;
                let from = folder.join(from);
                // A second name of a symbolic link would lead elsewhere than the first.
                if !from.symlink_metadata().is_ok_and(|found| found.is_file()) {
                    return Err(refuse(UnpackProblem::NotAFile(target)));
                }
                if from != place {
                    replace(&place).map_err(make)?;
                    fs::hard_link(from, &place).map_err(make)?;
                }
            }
            other => return Err(refuse(UnpackProblem::Kind(EntryKind(other)))),
        }
    }
    Ok(())
}

/// The most bytes of an entry that only describes the next one.
const LONGEST: u64 = 1 << 20;

/// What entries before an entry say of it: its path and what it links to, if they are too long for
/// its header.
#[derive(Debug, Default)]
struct LongNames {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl LongNames {
    /// Whether the entry only describes the next one, or of all: GNU's long names, and headers of
    /// POSIX (pax, "pax Extended Header").
    fn add<R: Read>(
        &mut self,
        kind: EntryType,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<bool, UnpackProblem> {
        use EntryType::{GNULongLink, GNULongName, XGlobalHeader, XHeader};
        if !matches!(kind, GNULongName | GNULongLink | XHeader | XGlobalHeader) {
            return Ok(false);
        }
        let size = entry.size();
        if size > LONGEST {
            return Err(UnpackProblem::LongHeader(size));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        let text = |mut bytes: Vec<u8>| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes.truncate(end);
            bytes
        };
        match kind {
            GNULongName => self.path = Some(text(content)),
            GNULongLink => self.link = Some(text(content)),
            _ => {
                for record in PaxExtensions::new(&content) {
                    let record = record?;
                    let value = record.value_bytes().to_vec();
                    match record.key_bytes() {
                        b"path" if kind == XHeader => self.path = Some(value),
                        b"linkpath" if kind == XHeader => self.link = Some(value),
                        // Nothing else is taken over, so nothing else matters, but these change
                        // what the entry is.
                        key if [&b"path"[..], b"linkpath", b"size"].contains(&key)
                            || key.starts_with(b"GNU.sparse") =>
                        {
                            return Err(UnpackProblem::Header(String::from_utf8_lossy(key).into_owned()));
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(true)
    }
}

fn path_of(bytes: Vec<u8>) -> Result<PathBuf, UnpackProblem> {
    if bytes.contains(&0) {
        return Err(UnpackProblem::ZeroByte);
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

/// The path without `.`, if it has neither `..` nor a root.
fn inner(path: &Path) -> Option<PathBuf> {
    let mut inner = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inner.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(inner)
}

/// Whether a link in the folder `from` (below the root) leads to something below the root, whatever
/// other links there are: `..` may stand only in front, where it is a folder's parent and not that
/// of what a link leads to.
fn stays_inside(from: &Path, target: &Path) -> bool {
    let mut depth = from.components().count();
    let mut down = false;
    for part in target.components() {
        match part {
            Component::Normal(_) => down = true,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 && !down => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Makes the folders of `path` below `folder`; a link on the way is refused, because it could lead
/// anywhere.
fn make_folders(folder: &Path, path: &Path) -> Result<(), UnpackProblem> {
    let mut place = folder.to_owned();
    for part in path.components() {
        place.push(part);
        match place.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(UnpackProblem::NotAFolder(PathBuf::from(part.as_os_str())));
            }
            Err(_) => fs::create_dir(&place)?,
        }
    }
    Ok(())
}

/// Later entries replace earlier ones, as with tar.
fn replace(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Err(io::Error::other("a folder is there already")),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Causes;
    use tar::{Builder, Header};

    fn archive(entries: &[(&str, EntryType, &str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut builder = Builder::new(file.reopen().unwrap());
        for (path, kind, link, content) in entries {
            let mut header = Header::new_ustar();
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_size(content.len() as u64);
            // Not through set_path, which would refuse what is to be tested.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap();
        file
    }

    #[test]
    fn ordinary_archives() {
        let file = archive(&[
            ("./", EntryType::Directory, "", ""),
            ("a/b", EntryType::Regular, "", "one"),
            ("a/c", EntryType::Symlink, "../a/b", ""),
            ("d", EntryType::Link, "a/b", ""),
            ("a/b", EntryType::Regular, "", "two"),
        ]);
        let folder = tempfile::tempdir().unwrap();
        unpack(file.path(), folder.path(), UnpackLimits::default()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a/c")).unwrap(), "two");
        assert_eq!(fs::read_to_string(folder.path().join("d")).unwrap(), "one");
    }

    #[test]
    fn hostile_archives() {
        use EntryType as Type;
        type Case<'a> = (&'a [(&'a str, Type, &'a str, &'a str)], &'a str);
        let deep = "a/".repeat(64) + "\0";
        let cases: &[Case<'_>] = &[
            (&[("../a", Type::Regular, "", "")], "leads out"),
            (&[("/etc/a", Type::Regular, "", "")], "leads out"),
            (&[("a/../../b", Type::Regular, "", "")], "leads out"),
            (&[("a", Type::Symlink, "/etc", "")], "out of the folder"),
            (&[("a", Type::Symlink, "../b", "")], "out of the folder"),
            (&[("a", Type::Symlink, "b/../../c", "")], "out of the folder"),
            (&[("a", Type::Symlink, ".", ""), ("b", Type::Symlink, "a/../c", "")], "out of the folder"),
            (&[("a/b/c", Type::Symlink, "../../d", ""), ("e", Type::Link, "a/b/c", "")], "is no file"),
            (&[("a", Type::GNULongName, "", &deep), ("c", Type::Regular, "", "")], "64 folders deep"),
            (&[("a", Type::GNULongLink, "", &deep), ("c", Type::Link, "c", "")], "64 folders deep"),
            (&[("a", Type::Link, "", "")], "a link to nothing"),
            (&[("a", Type::Link, "a", "")], "is no file"),
            (&[("a", Type::Link, "b", "")], "is no file"),
            (&[("a", Type::GNULongName, "", "../../b\0"), ("c", Type::Regular, "", "")], "leads out"),
            (
                &[("a", Type::GNULongLink, "", "../../b\0"), ("c", Type::Symlink, "c", "")],
                "out of the folder",
            ),
            (&[("a", Type::XHeader, "", "13 path=../b\n"), ("c", Type::Regular, "", "")], "leads out"),
            (
                &[("a", Type::XHeader, "", "15 size=999999\n"), ("c", Type::Regular, "", "")],
                "its header has size",
            ),
            (&[("a", Type::GNUSparse, "", "")], "neither file nor folder"),
            (&[("a", Type::Symlink, ".", ""), ("a/b", Type::Regular, "", "x")], "is no folder"),
            (
                &[
                    ("d", Type::Directory, "", ""),
                    ("a", Type::Symlink, "d", ""),
                    ("b", Type::Link, "a/x", ""),
                ],
                "is no folder",
            ),
            (&[("a", Type::Link, "../b", "")], "out of the folder"),
            (&[("a", Type::Link, "/etc/passwd", "")], "out of the folder"),
            (&[("a", Type::Char, "", "")], "neither file nor folder"),
            (&[("a", Type::Fifo, "", "")], "neither file nor folder"),
            (&[("a", Type::Regular, "", "12345"), ("b", Type::Regular, "", "123456")], "more than 10 bytes"),
            (
                &[
                    ("a", Type::Directory, "", ""),
                    ("b", Type::Directory, "", ""),
                    ("c", Type::Directory, "", ""),
                    ("d", Type::Directory, "", ""),
                ],
                "more than 3 entries",
            ),
        ];
        for (entries, message) in cases {
            let file = archive(entries);
            let outer = tempfile::tempdir().unwrap();
            let folder = outer.path().join("inside");
            fs::create_dir(&folder).unwrap();
            let error = unpack(file.path(), &folder, UnpackLimits { entries: 3, bytes: 10 }).unwrap_err();
            let error = Causes(&error).to_string();
            assert!(error.contains(message), "{error}");
            assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1, "{error}");
        }
    }
}
