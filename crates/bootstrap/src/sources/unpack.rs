//! Archives, unpacked and never outside of the folder that they are given.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType};

/// How much an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files together.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 1_000_000, bytes: 16 << 30 }
    }
}

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The archive cannot be read, or is none.
    #[error("{archive} cannot be read as an archive")]
    Archive {
        /// Which.
        archive: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An entry is refused.
    #[error("{archive}: entry {entry:?}: {problem}")]
    Entry {
        /// Which archive.
        archive: PathBuf,
        /// Its entry's path.
        entry: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file or folder cannot be made.
    #[error("cannot make {path}")]
    Make {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Unpacks a tar archive, packed by gzip, bzip2 or not at all, into `folder`, which is empty.
///
/// Files, folders, and links that stay inside are made; times and owners are not taken over, permissions only as far as a file
/// may be executed. Anything else is an error: devices, paths with `..`, links that lead out, files through links.
pub fn unpack(archive: &Path, folder: &Path, limits: Limits) -> Result<(), UnpackError> {
    let broken = |source| UnpackError::Archive { archive: archive.into(), source };
    let mut file = BufReader::new(File::open(archive).map_err(broken)?);
    let mut magic = [0; 6];
    let mut head = Vec::new();
    file.by_ref().take(6).read_to_end(&mut head).map_err(broken)?;
    magic.iter_mut().zip(&head).for_each(|(to, from)| *to = *from);
    let whole = io::Cursor::new(head).chain(file);
    let reader: Box<dyn Read> = match magic {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::read::MultiBzDecoder::new(whole)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            return Err(broken(io::Error::other("archives packed by xz are not read yet")));
        }
        _ => Box::new(whole),
    };
    let mut tar = Archive::new(reader.take(limits.bytes.saturating_add(limits.entries.saturating_mul(4096))));
    let mut left = limits;
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let shown = String::from_utf8_lossy(&entry.path_bytes()).chars().take(300).collect::<String>();
        let refuse =
            |problem: String| UnpackError::Entry { archive: archive.into(), entry: shown.clone(), problem };
        let path = entry.path().map_err(|error| refuse(error.to_string()))?.into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        left.entries = left
            .entries
            .checked_sub(1)
            .ok_or_else(|| refuse(format!("more than {} entries", limits.entries)))?;
        left.bytes = left
            .bytes
            .checked_sub(entry.size())
            .ok_or_else(|| refuse(format!("more than {} bytes", limits.bytes)))?;
        let Some(inner) = inner(&path) else { return Err(refuse("its path leads out of the folder".into())) };
        if inner.as_os_str().is_empty() {
            continue;
        }
        let place = folder.join(&inner);
        let parent = inner.parent().unwrap_or(Path::new(""));
        make_folders(folder, parent).map_err(&refuse)?;
        let make = |source| UnpackError::Make { path: place.clone(), source };
        match kind {
            EntryType::Directory => make_folders(folder, &inner).map_err(&refuse)?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mode = if entry.header().mode().map_err(|error| refuse(error.to_string()))? & 0o100 == 0 {
                    0o644
                } else {
                    0o755
                };
                replace(&place).map_err(make)?;
                let mut options = OpenOptions::new();
                let mut out = options.write(true).create_new(true).mode(mode).open(&place).map_err(make)?;
                io::copy(&mut entry, &mut out).map_err(|error| refuse(error.to_string()))?;
                out.set_permissions(Permissions::from_mode(mode)).map_err(make)?;
            }
            EntryType::Symlink => {
                let target = target(&entry).map_err(&refuse)?;
                if !stays_inside(parent, &target) {
                    return Err(refuse(format!("it is a link to {}, out of the folder", target.display())));
                }
                replace(&place).map_err(make)?;
                symlink(&target, &place).map_err(make)?;
            }
            EntryType::Link => {
                let target = target(&entry).map_err(&refuse)?;
                let from =
                    self::inner(&target).ok_or_else(|| refuse("it is a link out of the folder".into()))?;
                make_folders(folder, from.parent().unwrap_or(Path::new(""))).map_err(&refuse)?;
                replace(&place).map_err(make)?;
                fs::hard_link(folder.join(from), &place).map_err(make)?;
            }
            other => return Err(refuse(format!("it is neither file nor folder nor link ({other:?})"))),
        }
    }
    Ok(())
}

fn target<R: Read>(entry: &tar::Entry<'_, R>) -> Result<PathBuf, String> {
    let target = entry.link_name().map_err(|error| error.to_string())?;
    Ok(target.ok_or("it is a link to nothing")?.into_owned())
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

/// Whether a link in the folder `from` (below the root) leads to something below the root.
fn stays_inside(from: &Path, target: &Path) -> bool {
    let mut depth = from.components().count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Makes the folders of `path` below `folder`; a link on the way is refused, because it could lead anywhere.
fn make_folders(folder: &Path, path: &Path) -> Result<(), String> {
    let mut place = folder.to_owned();
    for part in path.components() {
        place.push(part);
        match place.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(format!(
                    "{} is no folder, but something should be in it",
                    part.as_os_str().display()
                ));
            }
            Err(_) => fs::create_dir(&place).map_err(|error| error.to_string())?,
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
        unpack(file.path(), folder.path(), Limits::default()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a/c")).unwrap(), "two");
        assert_eq!(fs::read_to_string(folder.path().join("d")).unwrap(), "one");
    }

    #[test]
    fn hostile_archives() {
        use EntryType as Type;
        let cases: &[(&[(&str, Type, &str, &str)], &str)] = &[
            (&[("../a", Type::Regular, "", "")], "leads out"),
            (&[("/etc/a", Type::Regular, "", "")], "leads out"),
            (&[("a/../../b", Type::Regular, "", "")], "leads out"),
            (&[("a", Type::Symlink, "/etc", "")], "out of the folder"),
            (&[("a", Type::Symlink, "../b", "")], "out of the folder"),
            (&[("a", Type::Symlink, "b/../../c", "")], "out of the folder"),
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
            let error =
                unpack(file.path(), &folder, Limits { entries: 3, bytes: 10 }).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1, "{error}");
        }
    }
}
