//! Files of the policy: suppression rules, VEX documents, curated knowledge. Unlike a target, one
//! is used as a whole or not at all: a rule that silently does nothing is worse than none.

use crate::document::{DocumentError, utf16};
use crate::suppress::{self, Rule, RuleError};
use crate::vex::{self, VexStatements};
use files::ReadError;
use matching::{Knowledge, KnowledgeError};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The most bytes of a file of curated knowledge.
const MAXIMUM_KNOWLEDGE: u64 = 16 << 20;
/// The most bytes of a file of suppression rules.
const MAXIMUM_RULES: u64 = 16 << 20;
/// The most bytes of a VEX document.
const MAXIMUM_VEX: u64 = 128 << 20;

/// Why such a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserFileError {
    /// It cannot be read, or is too large.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its suppression rules are wrong.
    #[error("cannot use {}", path.display())]
    Rules {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        source: RuleError,
    },
    /// Its VEX document is wrong.
    #[error("cannot use {}", path.display())]
    Vex {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        source: DocumentError,
    },
    /// Its curated knowledge is wrong; the error names the file.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
}

/// The project's curated knowledge and that of more files, in their order.
pub fn knowledge(more: &[PathBuf]) -> Result<Knowledge, UserFileError> {
    let mut knowledge = Knowledge::built_in()?;
    for path in more {
        knowledge.add(&path.display().to_string(), &text(path, MAXIMUM_KNOWLEDGE)?)?;
    }
    Ok(knowledge)
}

/// The text of a file, in UTF-8 or UTF-16.
fn text(path: &Path, maximum: u64) -> Result<String, ReadError> {
    let bytes = files::read_limited(path, maximum)?;
    match utf16::decoded(&bytes) {
        Ok(Cow::Owned(text)) => Ok(String::from_utf8(text).unwrap_or_default()),
        // The error for what is neither names the place.
        _ => files::read_text(path, maximum),
    }
}

/// The suppression rules of a file, in whichever of the forms it is.
pub fn suppression_rules(path: &Path) -> Result<Vec<Rule>, UserFileError> {
    let text = text(path, MAXIMUM_RULES)?;
    suppress::parse(&text, &path.display().to_string(), path.extension().and_then(|e| e.to_str()))
        .map_err(|source| UserFileError::Rules { path: path.to_owned(), source })
}

/// The statements of a VEX document, in whichever of the formats it is.
pub fn vex_statements(path: &Path) -> Result<VexStatements, UserFileError> {
    let bytes = files::read_limited(path, MAXIMUM_VEX)?;
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    vex::parse(&bytes, &name).map_err(|source| UserFileError::Vex { path: path.to_owned(), source })
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
        let text: Vec<u8> = "\u{feff}generic-names = []".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(&path, text).unwrap();
        knowledge(std::slice::from_ref(&path)).unwrap();
        std::fs::write(&path, "generic-names = []").unwrap();
        knowledge(std::slice::from_ref(&path)).unwrap();
    }
}
