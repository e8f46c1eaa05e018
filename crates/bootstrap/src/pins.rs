//! Writes the pins of outputs into the files of steps, which otherwise stay as they are.

use crate::build::Results;
use crate::steps::Plan;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, value};

/// Why pins cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// A file cannot be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has changed since the plan was read.
    #[error("{0} is not any more what was read")]
    Changed(PathBuf),
}

/// Writes what `results` have as pins into the files of `plan`, and gives the files that were changed.
pub fn accept(plan: &Plan, results: &Results) -> Result<Vec<PathBuf>, PinError> {
    let files: BTreeSet<&Path> = plan.steps.iter().map(|step| step.file.as_path()).collect();
    let mut changed = Vec::new();
    for file in files {
        let cannot = |action| move |source| PinError::Io { action, path: file.into(), source };
        let text = std::fs::read_to_string(file).map_err(cannot("read"))?;
        let mut document: DocumentMut = text.parse().map_err(|_| PinError::Changed(file.into()))?;
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
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(cannot("write"))?;
        let permissions = std::fs::metadata(file).map_err(cannot("read"))?.permissions();
        aside
            .write_all(new.as_bytes())
            .and_then(|()| aside.as_file().set_permissions(permissions))
            .map_err(cannot("write"))?;
        aside.persist(file).map_err(|error| cannot("write")(error.error))?;
        changed.push(file.to_owned());
    }
    Ok(changed)
}
