//! The firmware's variables, as efivarfs shows them.

use authenticode::lists::{self, ListError, SignatureDatabase};
use authenticode::variable::{Variable, VariableContent};
use files::{FileError, ReadError, read_limited};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Where Linux mounts efivarfs.
pub const EFIVARS: &str = "/sys/firmware/efi/efivars";
/// Firmware gives variables some hundred kilobytes at most.
const MAX_VARIABLE: u64 = 16 << 20;

/// Why a variable cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EfivarsError {
    /// The folder is not there.
    #[error(
        "there are no variables at {}: this system was not started by UEFI, or efivarfs is not mounted",
        path.display()
    )]
    NoVariables {
        /// Where they should be.
        path: PathBuf,
    },
    /// The file of a variable cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file has not even attributes.
    #[error("{} is too short", path.display())]
    TooShort {
        /// The file.
        path: PathBuf,
    },
    /// The value is no signature lists.
    #[error("{}", path.display())]
    Lists {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ListError,
    },
    /// The file of a variable cannot be opened or made changeable.
    #[error(transparent)]
    Write(FileError),
    /// The firmware did not take a value.
    #[error("the firmware refused to change {variable}")]
    Refused {
        /// The variable.
        variable: Variable,
        /// What the kernel made of the firmware's answer.
        source: io::Error,
    },
    /// The firmware took a part of a value, which no firmware should.
    #[error("the firmware took {written} of {length} bytes of {variable}")]
    Partial {
        /// The variable.
        variable: Variable,
        /// Bytes that it took.
        written: usize,
        /// Bytes that it should have taken.
        length: usize,
    },
}

impl EfivarsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Write(error) if error.kind() == ErrorKind::PermissionDenied => {
                Some("only root may change variables")
            }
            _ => None,
        }
    }
}

/// A folder of variables: efivarfs, or a copy of it.
#[derive(Debug, Clone)]
pub struct Efivars(PathBuf);

impl Efivars {
    /// The variables in a folder.
    pub fn open(folder: &Path) -> Result<Self, EfivarsError> {
        if folder.is_dir() {
            Ok(Self(folder.to_owned()))
        } else {
            Err(EfivarsError::NoVariables { path: folder.to_owned() })
        }
    }

    /// The file of a variable.
    pub fn path(&self, variable: Variable) -> PathBuf {
        self.0.join(variable.file_name())
    }

    /// The content of a variable; `None` if there is no such variable. What shim split into several
    /// variables, as it does with large lists, is given as one. One that was begun and not written
    /// is a file of no bytes, and not there for the firmware.
    pub fn read(&self, variable: Variable) -> Result<Option<VariableContent>, EfivarsError> {
        let mut whole = read_file(self.path(variable))?;
        for path in self.continuations(variable)? {
            match (&mut whole, read_file(path)?) {
                (Some(whole), Some(part)) => whole.data.extend(part.data),
                (None, part) => whole = part,
                (Some(_), None) => {}
            }
        }
        Ok(whole)
    }

    /// The files of a list of shim that does not fit into one variable: `MokListXRT1`,
    /// `MokListXRT2`, and so on (`mirror_mok_db`). A number that is missing hides nothing.
    fn continuations(&self, variable: Variable) -> Result<Vec<PathBuf>, EfivarsError> {
        if ![Variable::MOK_LIST, Variable::MOK_LIST_X].contains(&variable) {
            return Ok(Vec::new());
        }
        let read = FileError::on("read", &self.0);
        let entries = std::fs::read_dir(&self.0).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| EfivarsError::Read(read(error).into()))?;
        let ending = format!("-{}", variable.vendor);
        let mut parts: Vec<(u32, PathBuf)> = entries
            .into_iter()
            .filter_map(|entry| {
                let name = entry.file_name();
                let number = name.to_str()?.strip_prefix(variable.name)?.strip_suffix(&ending)?;
                let number = number.parse().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))?;
                Some((number, entry.path()))
            })
            .collect();
        parts.sort();
        Ok(parts.into_iter().map(|(_, path)| path).collect())
    }

    /// The signature lists of a variable; `None` if there is no such variable.
    pub fn lists(&self, variable: Variable) -> Result<Option<Vec<lists::SignatureList>>, EfivarsError> {
        self.read(variable)?.map(|content| self.parse(variable, &content)).transpose()
    }

    /// The signature lists of the variable of this name alone, whatever shim put into others.
    pub(crate) fn first_lists(
        &self,
        variable: Variable,
    ) -> Result<Option<Vec<lists::SignatureList>>, EfivarsError> {
        let content = read_file(self.path(variable))?;
        content.map(|content| self.parse(variable, &content)).transpose()
    }

    fn parse(
        &self,
        variable: Variable,
        content: &VariableContent,
    ) -> Result<Vec<lists::SignatureList>, EfivarsError> {
        lists::read(&content.data).map_err(|source| EfivarsError::Lists { path: self.path(variable), source })
    }

    /// Adds the signature lists of a variable to a database; a variable that is not there adds
    /// nothing.
    pub fn add_to(&self, variable: Variable, database: &mut SignatureDatabase) -> Result<(), EfivarsError> {
        if let Some(lists) = self.lists(variable)? {
            database.add_lists(variable.name, &lists);
        }
        Ok(())
    }

    /// Writes a variable in one piece, as efivarfs demands. Of one that the firmware does not take
    /// no file is left.
    pub fn write(&self, variable: Variable, content: &VariableContent) -> Result<(), EfivarsError> {
        let path = self.path(variable);
        let is_new = !path.exists();
        let written = self.write_bytes(variable, &content.write());
        if is_new && written.is_err() && path.metadata().is_ok_and(|file| file.len() == 0) {
            // The kernel may have taken it away already.
            let _ = std::fs::remove_file(&path);
        }
        written
    }

    fn write_bytes(&self, variable: Variable, bytes: &[u8]) -> Result<(), EfivarsError> {
        let path = self.path(variable);
        allow_changes(&path).map_err(EfivarsError::Write)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| EfivarsError::Write(FileError::new("write", &path, error)))?;
        let written = file.write(bytes).map_err(|source| EfivarsError::Refused { variable, source })?;
        if written != bytes.len() {
            return Err(EfivarsError::Partial { variable, written, length: bytes.len() });
        }
        Ok(())
    }
}

fn read_file(path: PathBuf) -> Result<Option<VariableContent>, EfivarsError> {
    match read_limited(&path, MAX_VARIABLE) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => {
            let content = VariableContent::read(&bytes);
            content.map(Some).ok_or(EfivarsError::TooShort { path })
        }
        Err(ReadError::File(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The kernel marks variables as immutable, so that nobody removes them by accident.
fn allow_changes(path: &Path) -> Result<(), FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::new("open", path, error)),
    };
    // Other file systems may have no such flags, and then nothing has to be changed.
    let Ok(flags) = ioctl_getflags(&file) else { return Ok(()) };
    if flags.contains(IFlags::IMMUTABLE) {
        ioctl_setflags(&file, flags - IFlags::IMMUTABLE)
            .map_err(|error| FileError::new("make changeable", path, error.into()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shim_split_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let variables = Efivars::open(folder.path()).unwrap();
        let put = |name: &str, data: &[u8]| {
            let file = folder.path().join(format!("{name}-605dab50-e046-4300-abb6-3dd810dd8b23"));
            std::fs::write(file, [&[6, 0, 0, 0], data].concat()).unwrap();
        };
        for (name, data) in [
            ("MokListXRT10", 4),
            ("MokListXRT2", 3),
            ("MokListXRT1", 2),
            ("MokListXRT", 1),
            ("MokListXRT+1", 5),
            ("MokListXRTx", 6),
            ("MokListRT1", 7),
        ] {
            put(name, &[data]);
        }
        let data = |variable| variables.read(variable).unwrap().unwrap().data;
        assert_eq!(data(Variable::MOK_LIST_X), [1, 2, 3, 4]);
        // Firmware may have refused the first one.
        assert_eq!(data(Variable::MOK_LIST), [7]);
    }

    #[test]
    fn variables_are_files() {
        let folder = tempfile::tempdir().unwrap();
        let variables = Efivars::open(folder.path()).unwrap();
        assert_eq!(variables.read(Variable::DB).unwrap(), None);
        let content = VariableContent { attributes: 0x27, data: vec![1, 2, 3] };
        variables.write(Variable::DB, &content).unwrap();
        assert_eq!(variables.read(Variable::DB).unwrap(), Some(content));
        let file = folder.path().join("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
        assert_eq!(std::fs::read(&file).unwrap(), [0x27, 0, 0, 0, 1, 2, 3]);
        assert!(
            matches!(variables.lists(Variable::DB), Err(EfivarsError::Lists { path, .. }) if path == file)
        );
        std::fs::write(&file, []).unwrap();
        assert_eq!(variables.read(Variable::DB).unwrap(), None);
        assert!(variables.lists(Variable::DB).unwrap().is_none());
        std::fs::write(&file, [1]).unwrap();
        assert!(matches!(variables.read(Variable::DB), Err(EfivarsError::TooShort { path }) if path == file));
        let nowhere = Efivars::open(&folder.path().join("none"));
        assert!(matches!(nowhere, Err(EfivarsError::NoVariables { .. })));
    }
}
