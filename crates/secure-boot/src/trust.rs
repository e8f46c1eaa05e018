//! Trust lists: which files, folders and variables make up what is trusted and what is forbidden.

use crate::efivars::{Efivars, EfivarsError};
use authenticode::Guid;
use authenticode::lists::{DatabaseEntry, SignatureDatabase, SignatureList};
use authenticode::sbat::{SbatError, SbatLevel};
use authenticode::trust_file::{self, TrustFileError};
use authenticode::variable::Variable;
use authenticode::verify::{Loader, TrustPolicy};
use files::{FileError, ReadError, read_limited};
use std::path::{Path, PathBuf};

/// Firmware gives variables some hundred kilobytes at most.
const MAX_FILE: u64 = 16 << 20;
/// Files of a folder that are looked at.
const ENDINGS: [&str; 5] = ["pem", "crt", "cer", "der", "esl"];

/// Why a trust list cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// A file holds something else.
    #[error("neither signature lists nor certificates")]
    Neither(#[from] TrustFileError),
    /// A folder holds nothing of use.
    #[error(
        "{} holds no certificates and no signature lists ({})", path.display(), ENDINGS.join(", ")
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A variable cannot be read.
    #[error(transparent)]
    Variable(#[from] EfivarsError),
    /// The variable with shim's level cannot be read.
    #[error("the level of shim")]
    Level(#[from] SbatError),
}

impl TrustError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Variable(error) => error.hint(),
            _ => None,
        }
    }
}

/// A database from files (certificates, signature lists, files of efivarfs, authorised changes) and
/// folders of such.
pub fn read_database(paths: &[PathBuf]) -> Result<SignatureDatabase, TrustError> {
    let mut database = SignatureDatabase::default();
    for path in paths {
        if path.is_dir() {
            add_folder(&mut database, path)?;
        } else {
            let bytes = read_limited(path, MAX_FILE)?;
            trust_file::add_to(&mut database, &path.display().to_string(), &bytes)?;
        }
    }
    Ok(database)
}

fn add_folder(database: &mut SignatureDatabase, folder: &Path) -> Result<(), TrustError> {
    let entries = std::fs::read_dir(folder).and_then(std::iter::Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(FileError::on("read", folder))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths
        .retain(|p| p.extension().is_some_and(|e| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known))));
    paths.sort();
    let before = database.entries.len();
    for path in paths {
        let bytes = read_limited(&path, MAX_FILE)?;
        match trust_file::add_to(database, &path.display().to_string(), &bytes) {
            // A folder of keys has private ones next to the certificates.
            Err(error) if error.holds_nothing() => {}
            other => other?,
        }
    }
    if database.entries.len() == before {
        return Err(TrustError::Empty { path: folder.to_owned() });
    }
    Ok(())
}

/// The same as signature lists, one an entry, for enrolling. What bears no owner, such as
/// certificates of files, gets this one.
pub fn read_signature_lists(paths: &[PathBuf], owner: Guid) -> Result<Vec<SignatureList>, TrustError> {
    let nobody = Guid::from_bytes([0; 16]);
    let single = |entry: DatabaseEntry| {
        let owner = if entry.owner == nobody { owner } else { entry.owner };
        SignatureList::single(entry.kind, owner, entry.data)
    };
    Ok(read_database(paths)?.entries.into_iter().map(single).collect())
}

/// Adds what a machine's variables hold to a policy: db, dbx and dbt, and for shim its own lists,
/// and its level unless the policy has one.
pub fn add_variables(policy: &mut TrustPolicy, variables: &Efivars) -> Result<(), TrustError> {
    variables.add_to(Variable::DB, &mut policy.db)?;
    variables.add_to(Variable::DBX, &mut policy.dbx)?;
    variables.add_to(Variable::DBT, &mut policy.dbt)?;
    if policy.loader == Loader::Shim {
        // Of the parts of a list that it split, shim itself trusts by the first only. What it
        // forbids is all of `MokListX`, of which the system sees the parts.
        if let Some(lists) = variables.first_lists(Variable::MOK_LIST)? {
            policy.mok.add_lists(Variable::MOK_LIST.name, &lists);
        }
        variables.add_to(Variable::MOK_LIST_X, &mut policy.mokx)?;
        if policy.sbat_level.is_none()
            && let Some(content) = variables.read(Variable::SBAT_LEVEL)?
        {
            policy.sbat_level = Some(SbatLevel::read(&content.data)?);
        }
    }
    Ok(())
}
