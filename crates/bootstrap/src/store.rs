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
//! An object is made in `work`, brought to disk, and renamed; a result is written when all its
//! objects are there. So a kill leaves whole objects and whole results, and something in `work`
//! that the next run removes. What an object holds is compared with its name whenever it is used.

mod contents;
mod error;
mod tree;

pub use contents::{Contents, StepResult};
pub use error::StoreError;

use crate::object::{Digest, Object, ObjectError};
use files::{
    FileError, LockFile, Replacement, TemporaryFile, TemporaryFolder, TreeLimits, copy_tree, remove_tree,
};
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tree::normalise;

/// A store, and the right to change it.
#[derive(Debug)]
pub struct Store {
    contents: Contents,
    _lock: LockFile,
}

/// What is in a store can also be read without the right to change it, beside a build.
impl Deref for Store {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

impl Store {
    /// Opens the store in `folder`, which is made if there is none, and removes what killed runs
    /// have left.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        for part in ["objects", "results", "sources", "lists", "logs", "work"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(FileError::on("make", &part))?;
        }
        // Programs of steps leave there what they like; nobody else may start it.
        let work = folder.join("work");
        fs::set_permissions(&work, Permissions::from_mode(0o700)).map_err(FileError::on("close", &work))?;
        let folder = folder.canonicalize().map_err(FileError::on("find", folder))?;
        let lock = LockFile::try_acquire(&folder.join("lock"))?;
        let store = Self { contents: Contents::of(&folder), _lock: lock };
        store.clear_work()?;
        Ok(store)
    }

    /// Removes all that was being made.
    pub fn clear_work(&self) -> Result<(), StoreError> {
        let work = self.folder.join("work");
        for entry in fs::read_dir(&work).map_err(FileError::on("list", &work))? {
            remove_tree(&entry.map_err(FileError::on("list", &work))?.path())?;
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
        fs::create_dir_all(&lists).map_err(FileError::on("make", &lists))?;
        Ok(lists)
    }

    /// Moves a source from the store's `work` to where sources are, so that it is whole there or
    /// not there.
    pub(crate) fn put_source(&self, file: &Path, sha256: Digest) -> Result<(), StoreError> {
        normalise(file)?;
        Ok(files::put_in_place(file, &self.source(sha256))?)
    }

    /// Takes copies of the sources that another store has. They are checked when they are used.
    pub fn copy_sources(&self, other: &Contents) -> Result<(), StoreError> {
        let from = other.folder.join("sources");
        for entry in fs::read_dir(&from).map_err(FileError::on("list", &from))? {
            let name = entry.map_err(FileError::on("list", &from))?.file_name();
            let (from, to) = (from.join(&name), self.folder.join("sources").join(&name));
            let mut source = File::open(&from).map_err(FileError::on("read", &from))?;
            let copied = Replacement::new(&to).write(|out| io::copy(&mut source, out).map(drop));
            copied.map_err(FileError::from)?;
        }
        Ok(())
    }

    /// A new empty folder for what is being made.
    pub fn work(&self, name: &str) -> Result<PathBuf, StoreError> {
        Ok(TemporaryFolder::new_in(&self.folder.join("work"), &format!("{name}-"))?.keep())
    }

    /// Takes the file or folder at `path` into the store. It is made read-only, and gone from where
    /// it was.
    pub fn put(&self, path: &Path) -> Result<Object, StoreError> {
        normalise(path)?;
        let object = Object::at(path)?;
        let target = self.path(&object);
        if self.get(&object)?.is_some() {
            remove_tree(path)?;
            return Ok(object);
        }
        files::sync_tree(path)?;
        fs::rename(path, &target).map_err(FileError::on("put in place", &target))?;
        files::sync_folder(&self.folder.join("objects"))?;
        Ok(object)
    }

    /// Takes a copy of the file or folder at `path` into the store.
    pub fn put_copy(&self, path: &Path) -> Result<Object, StoreError> {
        let object = Object::at(path)?;
        if self.get(&object)?.is_some() {
            return Ok(object);
        }
        let work = self.work("copy")?;
        let copied = work.join("copy");
        copy_tree(path, &copied, TreeLimits::default()).map_err(ObjectError::from)?;
        let object = self.put(&copied)?;
        remove_tree(&work)?;
        Ok(object)
    }

    /// Takes bytes into the store, as a program.
    pub fn put_program(&self, bytes: &[u8]) -> Result<Object, StoreError> {
        let work = self.work("program")?;
        let path = work.join("program");
        fs::write(&path, bytes).map_err(FileError::on("write", &path))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))
            .map_err(FileError::on("make executable", &path))?;
        let object = self.put(&path)?;
        remove_tree(&work)?;
        Ok(object)
    }

    /// Remembers what the step with this key gave.
    pub fn put_result(&self, key: Digest, result: &StepResult) -> Result<(), StoreError> {
        let path = self.result_path(key);
        let text = serde_json::to_vec_pretty(result)
            .map_err(|error| StoreError::Result { path: path.clone(), source: error.into() })?;
        self.write(&path, &text)
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
        let mut file = TemporaryFile::new_in(&self.folder.join("work"), "file-")?;
        file.file_mut().write_all(bytes).map_err(FileError::on("write", path))?;
        Ok(file.put_in_place(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectKind;
    use std::os::unix::fs::symlink;

    #[test]
    fn objects_come_back_and_changed_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let program = store.put_program(b"bytes").unwrap();
        assert_eq!((program.kind, program.sha256), (ObjectKind::Program, Digest::of(b"bytes")));
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
