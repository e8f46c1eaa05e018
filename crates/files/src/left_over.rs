//! What killed processes have left: found by name, and by a lock that died with them.
//!
//! A file or folder that is to become another one has a name of the form `.NAME.XXXXXX.snowguard`
//! and is locked as long as somebody works on it. One that nobody holds is nobody's, and the next
//! write in the same folder removes it.

use crate::FileError;
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::Builder;

/// The end of the names.
const ENDING: &str = ".snowguard";
/// Characters of a name that are random.
const RANDOM: usize = 6;
/// How often a name is tried that others take for a left-over before it is locked.
const TRIES: usize = 16;

/// A file with such a name, locked.
pub(crate) fn file(folder: &Path, name: &str, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    sweep(folder);
    for _ in 0..TRIES {
        let made = builder(&prefix(name)).permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        if is_held(made.as_file(), made.path()) {
            return Ok(made);
        }
    }
    Err(io::Error::other("others remove temporary files here"))
}

/// A folder with such a name, locked as long as the second value lives.
pub(crate) fn folder(folder: &Path, name: &str) -> Result<(tempfile::TempDir, File), FileError> {
    sweep(folder);
    let make = || {
        for _ in 0..TRIES {
            let made = builder(&prefix(name)).tempdir_in(folder)?;
            let lock = File::open(made.path())?;
            if is_held(&lock, made.path()) {
                return Ok((made, lock));
            }
        }
        Err(io::Error::other("others remove temporary folders here"))
    };
    make().map_err(FileError::on("make a temporary folder in", folder))
}

fn builder(prefix: &str) -> Builder<'_, 'static> {
    let mut builder = Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM).suffix(ENDING);
    builder
}

fn prefix(name: &str) -> String {
    // A name may be as long as the file system allows, and this one is longer.
    let name: String = name.chars().take(40).collect();
    format!(".{name}.")
}

/// Takes the lock. Whether the name still leads to what was locked: somebody may have swept it away
/// in the moment before. Where files cannot be locked nobody sweeps.
fn is_held(opened: &File, path: &Path) -> bool {
    let _ = opened.lock();
    let (Ok(opened), Ok(found)) = (opened.metadata(), path.symlink_metadata()) else { return false };
    (opened.dev(), opened.ino()) == (found.dev(), found.ino())
}

/// Removes what is nobody's from a folder, once in the life of this process: folders can be large.
/// What cannot be removed stays.
fn sweep(folder: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !is_ours(entry.file_name().as_encoded_bytes()) {
            continue;
        }
        let path = entry.path();
        // Neither links are followed nor pipes waited for.
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        let Ok(opened) = File::open(&path) else { continue };
        if opened.try_lock().is_err() {
            continue;
        }
        let _ = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Whether a name has the form.
fn is_ours(name: &[u8]) -> bool {
    let random = name.strip_prefix(b".").and_then(|rest| rest.strip_suffix(ENDING.as_bytes()));
    let random = random.and_then(|rest| Some(rest.split_at(rest.len().checked_sub(RANDOM)?)));
    random.is_some_and(|(name, random)| {
        name.len() > 1 && name.ends_with(b".") && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nobodys_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        // Of a process that was killed, and of one that lives.
        fs::write(path(".report.aB3dE6.snowguard"), "half").unwrap();
        fs::create_dir_all(path(".keys.aB3dE6.snowguard/folder")).unwrap();
        fs::write(path(".keys.aB3dE6.snowguard/folder/PK.key"), "secret").unwrap();
        fs::write(path(".other.aB3dE6.snowguard"), "at work").unwrap();
        let at_work = File::open(path(".other.aB3dE6.snowguard")).unwrap();
        at_work.lock().unwrap();
        // Of somebody else.
        let others = [
            ".snowguard",
            "report.aB3dE6.snowguard",
            ".report.snowguard",
            ".report.a-3dE6.snowguard",
            ".aB3dE6.snowguard",
        ];
        for name in others {
            fs::write(path(name), "").unwrap();
        }
        std::os::unix::fs::symlink("/", path(".link.aB3dE6.snowguard")).unwrap();
        let made = file(parent.path(), "new", 0o600).unwrap();
        assert!(is_ours(made.path().file_name().unwrap().as_encoded_bytes()));
        assert!(!path(".report.aB3dE6.snowguard").exists() && !path(".keys.aB3dE6.snowguard").exists());
        for name in others.into_iter().chain([".other.aB3dE6.snowguard"]) {
            assert!(path(name).exists(), "{name}");
        }
        assert!(path(".link.aB3dE6.snowguard").is_symlink());
    }

    #[test]
    fn what_is_made_is_held() {
        let parent = tempfile::tempdir().unwrap();
        let made = file(parent.path(), "new", 0o600).unwrap();
        assert!(File::open(made.path()).unwrap().try_lock().is_err());
        let (made, lock) = folder(parent.path(), "new").unwrap();
        assert!(File::open(made.path()).unwrap().try_lock().is_err());
        drop(lock);
        assert!(File::open(made.path()).unwrap().try_lock().is_ok());
    }
}
