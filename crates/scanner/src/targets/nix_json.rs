//! What JSON of Nix's commands has in common: store paths with their folder in older versions and
//! without it in newer ones, and documents that are one object or a list.

use nix_formats::{StoreDir, StorePath};

/// A store path as a document has it, and the folder that is written before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) path: StorePath,
    pub(super) folder: Option<String>,
}

/// Reads `/nix/store/HASH-NAME` or `HASH-NAME`, and what is inside a store path as that path.
pub(super) fn store_path(text: &str, store: &StoreDir) -> Option<Written> {
    let text = text.trim();
    if !text.starts_with('/') {
        let path = StorePath::from_base_name(text).ok()?;
        return Some(Written { path, folder: None });
    }
    if let Ok((path, _)) = store.parse_inside(text) {
        return Some(Written { path, folder: Some(store.as_str().to_owned()) });
    }
    // Of another store: the first part that looks like a store path is it.
    for (start, _) in text.match_indices('/') {
        let rest = text.get(start + 1..)?;
        let name = rest.split('/').next()?;
        if start > 0
            && let Ok(path) = StorePath::from_base_name(name)
        {
            return Some(Written { path, folder: Some(text.get(..start)?.to_owned()) });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_folder() {
        let store = StoreDir::default();
        let name = "0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1";
        let read = |text: &str| {
            let written = store_path(text, &store)?;
            assert_eq!(written.path.as_str(), name);
            Some(written.folder.unwrap_or_default())
        };
        assert_eq!(read(name).as_deref(), Some(""));
        assert_eq!(read(&format!("/nix/store/{name}\r")).as_deref(), Some("/nix/store"));
        assert_eq!(read(&format!("/nix/store/{name}/bin/hello")).as_deref(), Some("/nix/store"));
        assert_eq!(read(&format!("/gnu/store/{name}/bin/")).as_deref(), Some("/gnu/store"));
        for text in
            ["", "/", "/nix/store", "/nix/store/x", "hello", &format!("/{name}"), &format!("a/{name}")]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
