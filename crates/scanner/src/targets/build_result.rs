//! `nix build --json`: what was built, with all that it needs at run time.

use super::listed::{self, Absent, StoreOfDocument};
use super::nix_json::store_path;
use super::store::ReadOptions;
use super::{TargetContents, TargetError, TargetKind};
use crate::document::DocumentError;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One thing that was built.
#[derive(Deserialize)]
#[serde(untagged)]
enum Built {
    Outputs {
        /// A path; of dynamic derivations, an object.
        #[serde(rename = "drvPath", default)]
        derivation: Option<Value>,
        /// `null` where the path is not known before the build (`--dry-run`).
        outputs: BTreeMap<String, Option<String>>,
    },
    /// A store path that was asked for as such.
    Opaque {
        path: String,
    },
    Text(String),
}

/// Reads it. Outputs that are not there are warnings.
pub(super) fn read(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let list: Vec<Built> = vulnerability::json::from_slice(bytes, bytes.len()).map_err(|error| {
        let source = DocumentError::from(error);
        TargetError::Invalid { path: path.to_owned(), kind: TargetKind::BuildResult, source }
    })?;
    let mut contents = TargetContents::default();
    let mut store = StoreOfDocument::new(options);
    let mut roots = BTreeSet::new();
    for (index, built) in list.into_iter().enumerate() {
        let texts: Vec<Option<String>> = match built {
            Built::Opaque { path } | Built::Text(path) => vec![Some(path)],
            Built::Outputs { derivation, outputs } if outputs.values().all(Option::is_none) => {
                vec![derivation.as_ref().and_then(Value::as_str).map(str::to_owned)]
            }
            Built::Outputs { outputs, .. } => outputs.into_values().collect(),
        };
        for text in texts {
            let place = format!("[{index}]");
            match text.as_deref().and_then(|text| store_path(text, &options.store_dir)) {
                Some(written) => roots.extend(store.same(written, &place, &mut contents)),
                None => contents.warn(place, "an output without a store path: was it built?"),
            }
        }
    }
    listed::add_closures(&roots, Absent::Reported, &store.options(), &mut contents)?;
    Ok(contents)
}
