//! What can be wrong with an image.

use alloc::string::String;

/// Why an image is refused. Every message names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeError {
    /// The image ends before something that it must have.
    #[error("{what} ends at {end:#x}, but the file has only {size:#x} bytes")]
    Truncated {
        /// What is missing.
        what: &'static str,
        /// Where it would end.
        end: u64,
        /// The file's size.
        size: u64,
    },
    /// A field has a value that it must not have.
    #[error("{field} is {value:#x}: {problem}")]
    Field {
        /// The field, as the PE format names it.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A field of a section.
    #[error("section {index} ({name}): {field} is {value:#x}: {problem}")]
    Section {
        /// The place in the section table, from 0.
        index: usize,
        /// The name, made readable.
        name: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Two parts lie over each other.
    #[error("{one} and {other} overlap at {at:#x} {space}")]
    Overlap {
        /// One part.
        one: String,
        /// The other.
        other: String,
        /// Where they begin to overlap.
        at: u64,
        /// `in the file` or `in memory`.
        space: &'static str,
    },
    /// Two sections of one name, of which nobody can say which is meant.
    #[error("sections {one} and {other} are both named {name}")]
    Duplicate {
        /// The name.
        name: String,
        /// The place of the first.
        one: usize,
        /// The place of the second.
        other: usize,
    },
    /// An entry of the certificate table.
    #[error("certificate table, entry {index} at {at:#x}: {problem}")]
    Certificate {
        /// The entry, from 0.
        index: usize,
        /// Its offset in the file.
        at: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A block of relocations.
    #[error("base relocations, block at {at:#x} of the section: {problem}")]
    Relocation {
        /// Offset in the relocation data.
        at: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why an image cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError<E> {
    /// The source cannot be read.
    #[error(transparent)]
    Source(E),
    /// The image is malformed.
    #[error(transparent)]
    Image(#[from] PeError),
}
