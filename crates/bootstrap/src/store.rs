//! Where outputs are kept: objects by their content, results by the key of their step.
//!
//! ```text
//! objects/KIND-SHA256      files (read-only) and folders
//! results/KEY.json         which objects a step with that key gave, and how long it took
//! sources/SHA256           archives of others
//! lists/                   what apt knows of Debian's sources; nothing in it is trusted
//! logs/STEP.log            what a step printed when it ran last
//! work/                    what is being made; nothing in it is trusted
//! lock                     held while somebody builds
//! ```
//!
//! An object is made in `work`, brought to disk, and renamed; a result is written when all its objects are there. So a kill
//! leaves whole objects and whole results, and something in `work` that the next run removes. What an object holds is compared
//! with its name whenever it is used.

mod contents;

pub use contents::Contents;

use crate::object::{Digest, Object};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::ops::Deref;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A store, and the right to change it.
#[derive(Debug)]
pub struct Store {
    contents: Contents,
    _lock: File,
}

/// What is in a store can also be read without the right to change it, beside a build.
impl Deref for Store {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepResult {
    /// Its outputs by name.
    pub outputs: BTreeMap<String, Object>,
    /// How long it ran, in milliseconds.
    pub milliseconds: u64,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refuses.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else builds.
    #[error(
        "{0} is in use: another bootstrap runs with this store; wait for it, or take another folder by --store"
    )]
    Locked(PathBuf),
    /// An object does not hold what its name says.
    #[error(
        "the object {path} holds something else than its name says ({found}): it was changed after it was made; remove it, and it is made again"
    )]
    Changed {
        /// The object.
        path: PathBuf,
        /// What it holds.
        found: Object,
    },
}

fn cannot(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

impl Store {
    /// Opens the store in `folder`, which is made if there is none, and removes what killed runs have left.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        for part in ["objects", "results", "sources", "lists", "logs", "work"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(cannot("make", &part))?;
        }
        let folder = folder.canonicalize().map_err(cannot("find", folder))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(cannot("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StoreError::Locked(folder)),
            Err(fs::TryLockError::Error(source)) => return Err(cannot("lock", &path)(source)),
        }
        let store = Self { contents: Contents::of(&folder), _lock: lock };
        store.clear_work()?;
        Ok(store)
    }

    /// Removes all that was being made.
    pub fn clear_work(&self) -> Result<(), StoreError> {
        let work = self.folder.join("work");
        for entry in fs::read_dir(&work).map_err(cannot("list", &work))? {
            remove(&entry.map_err(cannot("list", &work))?.path())?;
        }
        Ok(())
    }

    /// Where the log of a step is.
    pub fn log(&self, step: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{step}.log"))
    }

    /// Where apt keeps what it knows of Debian's sources.
    pub(crate) fn lists(&self) -> Result<PathBuf, StoreError> {
        let lists = self.folder.join("lists");
        fs::create_dir_all(&lists).map_err(cannot("make", &lists))?;
        Ok(lists)
    }

    /// Moves a source from the store's `work` to its place, so that it is whole there or not there.
    pub(crate) fn put_source(&self, file: &Path, sha256: Digest) -> Result<(), StoreError> {
        let place = self.source(sha256);
        normalise(file)?;
        sync(file)?;
        fs::rename(file, &place).map_err(cannot("put into place", &place))?;
        place.parent().map_or(Ok(()), sync_folder)
    }

    /// Takes copies of the sources that another store has. They are checked when they are used.
    pub fn take_sources(&self, other: &Contents) -> Result<(), StoreError> {
        let from = other.folder.join("sources");
        for entry in fs::read_dir(&from).map_err(cannot("list", &from))? {
            let name = entry.map_err(cannot("list", &from))?.file_name();
            let to = self.folder.join("sources").join(&name);
            fs::copy(from.join(&name), &to).map_err(cannot("write", &to))?;
        }
        Ok(())
    }

    /// A new empty folder for what is being made.
    pub fn work(&self, name: &str) -> Result<PathBuf, StoreError> {
        let work = self.folder.join("work");
        let made = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(&work);
        Ok(made.map_err(cannot("make a folder in", &work))?.keep())
    }

    /// Takes the file or folder at `path` into the store. It is made read-only, and gone from its place.
    pub fn put(&self, path: &Path) -> Result<Object, StoreError> {
        normalise(path)?;
        let object = Object::at(path).map_err(cannot("read", path))?;
        let place = self.path(&object);
        if self.get(&object)?.is_some() {
            remove(path)?;
            return Ok(object);
        }
        sync(path)?;
        fs::rename(path, &place).map_err(cannot("put into place", &place))?;
        sync_folder(&self.folder.join("objects"))?;
        Ok(object)
    }

    /// Takes a copy of the file or folder at `path` into the store.
    pub fn put_copy(&self, path: &Path) -> Result<Object, StoreError> {
        let object = Object::at(path).map_err(cannot("read", path))?;
        if self.get(&object)?.is_some() {
            return Ok(object);
        }
        let work = self.work("copy")?;
        let copied = work.join("copy");
        copy(path, &copied)?;
        let object = self.put(&copied)?;
        remove(&work)?;
        Ok(object)
    }

    /// Takes bytes into the store, as a program.
    pub fn put_program(&self, bytes: &[u8]) -> Result<Object, StoreError> {
        let work = self.work("program")?;
        let path = work.join("program");
        fs::write(&path, bytes).map_err(cannot("write", &path))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))
            .map_err(cannot("make executable", &path))?;
        let object = self.put(&path)?;
        remove(&work)?;
        Ok(object)
    }

    /// Remembers what the step with this key gave.
    pub fn put_result(&self, key: Digest, result: &StepResult) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(result).map_err(|error| StoreError::Io {
            action: "write",
            path: self.result_path(key),
            source: io::Error::other(error),
        })?;
        self.write(&self.result_path(key), &text)
    }

    /// Remembers what an unpacked part of a source is.
    pub(crate) fn put_unpacked(
        &self,
        key: Digest,
        object: Object,
        milliseconds: u64,
    ) -> Result<(), StoreError> {
        let outputs = [(contents::PART.to_owned(), object)].into();
        self.put_result(key, &StepResult { outputs, milliseconds })
    }

    /// Writes a file of the store so that it is whole or not there.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let work = self.folder.join("work");
        let mut file = tempfile::NamedTempFile::new_in(&work).map_err(cannot("make a file in", &work))?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(cannot("write", path))?;
        file.persist(path).map_err(|error| cannot("put into place", path)(error.error))?;
        path.parent().map_or(Ok(()), sync_folder)
    }
}

/// Permissions that a step's user, umask and mood cannot change: read-only, executable or not; folders 0555 inside; one time.
fn normalise(path: &Path) -> Result<(), StoreError> {
    let found = path.symlink_metadata().map_err(cannot("read", path))?;
    if found.is_symlink() {
        return Ok(());
    }
    if found.is_dir() {
        // It may be closed even to its owner.
        fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(cannot("open", path))?;
        for entry in fs::read_dir(path).map_err(cannot("list", path))? {
            normalise(&entry.map_err(cannot("list", path))?.path())?;
        }
        return Ok(());
    }
    let mode = if found.permissions().mode() & 0o100 == 0 { 0o444 } else { 0o555 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(cannot("make read-only", path))?;
    if found.is_file() {
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let file = File::open(path).map_err(cannot("open", path))?;
        file.set_modified(second).map_err(cannot("set the time of", path))?;
    }
    Ok(())
}

/// Brings a file or a tree to disk.
fn sync(path: &Path) -> Result<(), StoreError> {
    let found = path.symlink_metadata().map_err(cannot("read", path))?;
    if found.is_dir() {
        for entry in fs::read_dir(path).map_err(cannot("list", path))? {
            sync(&entry.map_err(cannot("list", path))?.path())?;
        }
        return sync_folder(path);
    }
    if found.is_file() {
        return File::open(path).and_then(|file| file.sync_all()).map_err(cannot("bring to disk", path));
    }
    Ok(())
}

fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(cannot("bring to disk", path))
}

/// Copies a file or a tree; links stay links.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let found = from.symlink_metadata().map_err(cannot("read", from))?;
    if found.is_symlink() {
        let target = fs::read_link(from).map_err(cannot("read", from))?;
        return symlink(target, to).map_err(cannot("make", to));
    }
    if found.is_dir() {
        fs::create_dir(to).map_err(cannot("make", to))?;
        for entry in fs::read_dir(from).map_err(cannot("list", from))? {
            let name = entry.map_err(cannot("list", from))?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    fs::copy(from, to).map(drop).map_err(cannot("copy", from))
}

/// Removes a file or a tree, also where a step has closed folders.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if !found.is_dir() {
        return fs::remove_file(path).map_err(cannot("remove", path));
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    open_folders(path).map_err(cannot("open", path))?;
    fs::remove_dir_all(path).map_err(cannot("remove", path))
}

fn open_folders(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Kind;

    #[test]
    fn objects_come_back_and_changed_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let program = store.put_program(b"bytes").unwrap();
        assert_eq!((program.kind, program.sha256), (Kind::Program, Digest::of(b"bytes")));
        let path = store.get(&program).unwrap().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"bytes");

        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("a")).unwrap();
        fs::write(tree.join("a/b"), "c").unwrap();
        symlink("nowhere", tree.join("link")).unwrap();
        let object = store.put_copy(&tree).unwrap();
        assert_eq!(object, Object::at(&tree).unwrap());
        assert_eq!(store.put_copy(&tree).unwrap(), object);

        let result = StepResult { outputs: [("p".to_owned(), program)].into(), milliseconds: 5 };
        let key = Digest::of(b"key");
        assert_eq!(store.result(key).unwrap(), None);
        store.put_result(key, &result).unwrap();
        assert_eq!(store.result(key).unwrap(), Some(result));

        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        fs::write(&path, b"other").unwrap();
        assert!(matches!(store.get(&program), Err(StoreError::Changed { .. })));
        assert!(matches!(store.result(key), Err(StoreError::Changed { .. })));
        fs::remove_file(&path).unwrap();
        assert_eq!(store.result(key).unwrap(), None);

        assert!(matches!(Store::open(folder.path()), Err(StoreError::Locked(_))));
        fs::write(folder.path().join("work/half"), "").unwrap();
        drop(store);
        Store::open(folder.path()).unwrap();
        assert!(!folder.path().join("work/half").exists());
    }
}
