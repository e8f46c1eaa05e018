//! Writes the pins of outputs into the files of steps, which otherwise stay as they are.

use crate::build::BuildResults;
use crate::steps::{LARGEST_FILE, Plan};
use files::{FileError, ReadError};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, value};

/// Why pins cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written, or the folder of the steps not be read.
    #[error(transparent)]
    Write(#[from] FileError),
    /// A file has changed since the plan was read.
    #[error("{} has changed since it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Why it is not a file of steps any more.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Writes what `results` have as pins into the files of `plan`, and gives the files that were
/// changed.
pub fn accept_pins(plan: &Plan, results: &BuildResults) -> Result<Vec<PathBuf>, PinError> {
    let files: BTreeSet<&Path> = plan.steps.iter().map(|step| step.file.as_path()).collect();
    let mut changed = Vec::new();
    for file in files {
        let text = files::read_text(file, LARGEST_FILE)?;
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            PinError::Changed { path: file.to_owned(), source: error.into() }
        })?;
        let steps = document.get_mut("step").and_then(Item::as_array_of_tables_mut);
        for step in steps.into_iter().flat_map(|steps| steps.iter_mut()) {
            let Some(result) = step.get("name").and_then(Item::as_str).and_then(|name| results.get(name))
            else {
                continue;
            };
            let Some(outputs) = step.get_mut("outputs").and_then(Item::as_table_like_mut) else { continue };
            for (name, object) in &result.outputs {
                let output = outputs.entry(name).or_insert_with(|| Item::Table(Table::new()));
                if let Some(output) = output.as_table_like_mut() {
                    output.insert("sha256", value(object.sha256.to_string()));
                }
            }
        }
        let new = document.to_string();
        if new == text {
            continue;
        }
        files::replace_bytes(file, new.as_bytes())?;
        changed.push(file.to_owned());
    }
    Ok(changed)
}
