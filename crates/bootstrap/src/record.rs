//! Writes into the files of steps when places were found to have sources; the rest stays.

use crate::pins::PinError;
use crate::sources::{ProbeAnswer, SourceOrigin};
use crate::steps::{CRATE, DEBIAN, LARGEST_FILE, Plan, Tried, files_of_steps};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

/// What to write: by the name of a source, the answers of places about it.
pub type Answers = BTreeMap<String, Vec<ProbeAnswer>>;

/// Writes the day `on` (`YYYY-MM-DD`) beside the places that have what they should, as
/// `[source.tried]`, and gives the files that were changed. What an earlier day found stays where a
/// place did not answer: it says when the place was there last.
pub fn record_probes(plan: &Plan, answers: &Answers, on: &str) -> Result<Vec<PathBuf>, PinError> {
    let mut changed = Vec::new();
    for file in files_of_steps(&plan.folder)? {
        let text = files::read_text(&file, LARGEST_FILE)?;
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            PinError::Changed { path: file.clone(), source: error.into() }
        })?;
        let sources = document.get_mut("source").and_then(Item::as_array_of_tables_mut);
        for source in sources.into_iter().flat_map(|sources| sources.iter_mut()) {
            let name = source.get("name").and_then(Item::as_str);
            for answer in name.and_then(|name| answers.get(name)).into_iter().flatten() {
                let (Some(place), Ok(found)) = (place(answer), &answer.found) else { continue };
                let tried = source.entry("tried").or_insert_with(|| Item::Table(Table::new()));
                if let Some(tried) = tried.as_table_like_mut() {
                    let found = Tried { on: on.to_owned(), found: *found };
                    tried.insert(&place, value(table(&found)));
                }
            }
        }
        let new = document.to_string();
        if new != text {
            files::replace_bytes(&file, new.as_bytes())?;
            changed.push(file);
        }
    }
    Ok(changed)
}

fn table(tried: &Tried) -> InlineTable {
    let mut table = InlineTable::new();
    table.insert("on", tried.on.as_str().into());
    table.insert("found", tried.found.name().into());
    table
}

/// What the place is called that answered. A folder of this machine is none that others have.
fn place(answer: &ProbeAnswer) -> Option<String> {
    match answer.origin {
        SourceOrigin::Mirror(_) => None,
        SourceOrigin::Debian => Some(DEBIAN.to_owned()),
        SourceOrigin::Crates => Some(CRATE.to_owned()),
        SourceOrigin::Upstream { .. } => answer.address.clone(),
    }
}
