//! How container images are recognised.

use super::tar_stream::{Budget, TarReader};
use std::path::Path;

/// Whether the folder is in the layout of OCI.
pub(super) fn is_layout(path: &Path) -> bool {
    path.join("oci-layout").is_file() && path.join("index.json").is_file()
}

/// Whether what begins so is an archive of an image: its first entries have the names that such
/// archives have.
pub(super) fn is_archive(start: &[u8]) -> bool {
    let budget = Budget::new();
    let mut archive = TarReader::new(start, &budget);
    for _ in 0..16 {
        let Ok(Some(entry)) = archive.next_entry() else { return false };
        let name = String::from_utf8_lossy(&entry.path).into_owned();
        let name = name.trim_start_matches("./");
        let first = name.split('/').next().unwrap_or_default();
        let hash = first
            .split('.')
            .next()
            .is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let known = ["blobs", "manifest.json", "index.json", "oci-layout", "repositories"];
        if hash || known.contains(&first) || name.ends_with("/layer.tar") {
            return true;
        }
    }
    false
}
