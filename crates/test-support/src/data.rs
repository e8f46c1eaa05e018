//! Real data that is not part of the project.

use crate::project;
use std::path::{Path, PathBuf};

/// A folder or file of the real data next to the project.
pub fn data(name: &str) -> PathBuf {
    let folder = std::env::var_os("SNOWGUARD_SHARED_DATA")
        .map_or_else(|| project().join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "there is no {}: set SNOWGUARD_SHARED_DATA", path.display());
    path
}

/// The files below a folder whose names end in `suffix`, sorted.
pub fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            // Links are not followed: the toolbox has cycles of links.
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name().to_string_lossy().ends_with(suffix) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}
