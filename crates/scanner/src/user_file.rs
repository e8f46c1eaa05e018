//! Files that a user gives beside the targets: rules, VEX documents, curated knowledge. All of one has to be right, since
//! a rule that silently does nothing is worse than none.

use matching::Knowledge;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a file of curated knowledge.
const MAXIMUM_KNOWLEDGE: u64 = 16 << 20;

/// Why such a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UserFileError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its contents are not what they should be.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        problem: String,
    },
}

impl UserFileError {
    pub(crate) fn invalid(path: &Path, problem: impl Into<String>) -> Self {
        Self::Invalid { path: path.to_owned(), problem: problem.into() }
    }
}

/// The bytes of a file of at most `maximum`.
pub(crate) fn bytes(path: &Path, maximum: u64) -> Result<Vec<u8>, UserFileError> {
    let fail = |source| UserFileError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(fail)?.take(maximum + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > maximum {
        return Err(UserFileError::invalid(path, format!("more than {maximum} bytes")));
    }
    Ok(bytes)
}

/// The text of a file of at most `maximum` bytes.
pub(crate) fn text(path: &Path, maximum: u64) -> Result<String, UserFileError> {
    String::from_utf8(bytes(path, maximum)?).map_err(|error| {
        UserFileError::invalid(path, format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

/// The project's curated knowledge and that of more files, in their order.
pub fn knowledge(more: &[PathBuf]) -> Result<Knowledge, KnowledgeFileError> {
    let mut knowledge = Knowledge::built_in()?;
    for path in more {
        knowledge.add(&path.display().to_string(), &text(path, MAXIMUM_KNOWLEDGE)?)?;
    }
    Ok(knowledge)
}

/// Why curated knowledge cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeFileError {
    /// A file.
    #[error(transparent)]
    File(#[from] UserFileError),
    /// What stands in it.
    #[error(transparent)]
    Knowledge(#[from] matching::KnowledgeError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let problem = || knowledge(std::slice::from_ref(&path)).unwrap_err().to_string();
        assert!(problem().starts_with("cannot read "), "{}", problem());
        std::fs::write(&path, [b'#', 0xff]).unwrap();
        assert!(problem().ends_with("mine.toml: not UTF-8 at byte 1"), "{}", problem());
        std::fs::write(&path, "[[software]]\nprodcts = []").unwrap();
        assert!(problem().contains("mine.toml: ") && problem().contains("line 2"), "{}", problem());
        std::fs::write(&path, "generic-names = []").unwrap();
        knowledge(std::slice::from_ref(&path)).unwrap();
        assert!(matches!(bytes(&path, 3), Err(UserFileError::Invalid { .. })));
    }
}
