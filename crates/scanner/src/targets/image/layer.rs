//! What a layer changes in the store: paths that it brings, and those of layers below that it
//! removes ("whiteouts" of the OCI image specification).

use crate::targets::MAXIMUM_PACKAGES;
use crate::targets::tar_stream::{Budget, TarReader};
use nix_formats::{StoreDir, StorePath};
use std::collections::BTreeSet;
use std::io::{self, Read};

/// How the names of files begin that say that something is gone.
const WHITEOUT: &str = ".wh.";
/// A file of this name says that all that layers below have in its folder is gone.
const OPAQUE: &str = ".wh..wh..opq";

/// What a layer changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layer {
    paths: BTreeSet<StorePath>,
    gone: BTreeSet<StorePath>,
    /// Nothing of the store remains of the layers below.
    empties: bool,
}

impl Layer {
    /// Puts this layer upon others. Its whiteouts are about the layers below, wherever they stand.
    pub(super) fn apply(&self, below: &mut BTreeSet<StorePath>) {
        if self.empties {
            below.clear();
        }
        below.retain(|path| !self.gone.contains(path));
        below.extend(self.paths.iter().cloned());
    }

    fn add(&mut self, path: &str, is_folder: bool, store: &[&str]) {
        let parts: Vec<&str> = path.split('/').collect();
        // `.wh.store` in `nix`, an opaque `nix`, or something else in the place of either.
        for (depth, name) in store.iter().enumerate() {
            let Some(part) = parts.get(depth) else { return };
            let last = parts.len() == depth + 1;
            if last && (*part == OPAQUE || part.strip_prefix(WHITEOUT) == Some(name)) {
                self.empties = true;
            }
            if part != name {
                return;
            }
            if last && !is_folder {
                self.empties = true;
            }
        }
        let Some(name) = parts.get(store.len()) else { return };
        if *name == OPAQUE {
            self.empties = true;
        } else if let Some(gone) = name.strip_prefix(WHITEOUT) {
            self.gone.extend(StorePath::from_base_name(gone));
        } else if let Ok(path) = StorePath::from_base_name(name) {
            // Most entries are within a store path that is known already.
            if self.paths.last() != Some(&path) {
                self.paths.insert(path);
            }
        }
    }
}

/// Reads a layer that is not compressed any more, to its end: what compresses it checks its sum
/// only there.
pub(super) fn read(reader: impl Read, store: &StoreDir, budget: &Budget) -> io::Result<Layer> {
    let store: Vec<&str> = store.as_str().split('/').filter(|part| !part.is_empty()).collect();
    let mut layer = Layer::default();
    let mut reader = reader;
    let mut archive = TarReader::new(&mut reader, budget);
    while let Some(entry) = archive.next_entry()? {
        if let Some(path) = normal(&entry.path) {
            layer.add(&path, entry.kind.is_dir(), &store);
        }
        if layer.paths.len() > MAXIMUM_PACKAGES || layer.gone.len() > MAXIMUM_PACKAGES {
            let problem = format!("more than {MAXIMUM_PACKAGES} store paths");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
    }
    io::copy(&mut reader, &mut io::sink())?;
    Ok(layer)
}

/// A path of an archive, from its root, without `.` and doubled slashes. `None` of one with `..`,
/// which no program that makes images writes.
pub(super) fn normal(path: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(path);
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}

/// Where a link in a folder leads, if that is not out of the archive.
pub(super) fn normal_link(folder: &str, link: &[u8]) -> Option<String> {
    let link = String::from_utf8_lossy(link);
    let folder = if link.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(link.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(digit: char) -> String {
        format!("{}-x", digit.to_string().repeat(32))
    }

    fn layer(entries: &[&str]) -> Layer {
        let mut layer = Layer::default();
        for entry in entries {
            layer.add(entry.trim_end_matches('/'), entry.ends_with('/'), &["nix", "store"]);
        }
        layer
    }

    fn left(entries: &[&str]) -> usize {
        let mut paths = BTreeSet::new();
        let (a, b) = (format!("nix/store/{}/bin/a", path('1')), format!("nix/store/{}", path('2')));
        layer(&["nix/", "nix/store/", &a, &b, "nix/store/.links/", "nix/var/x", "etc/nix/store/x"])
            .apply(&mut paths);
        assert_eq!(paths.len(), 2);
        layer(entries).apply(&mut paths);
        paths.len()
    }

    #[test]
    fn whiteouts() {
        let one = format!("nix/store/.wh.{}", path('1'));
        assert_eq!(left(&[&one]), 1);
        // Brought again by the same layer, whatever stands first.
        assert_eq!(left(&[&format!("nix/store/{}/", path('1')), &one]), 2);
        assert_eq!(left(&[&format!("nix/store/{}/.wh.bin", path('1'))]), 2);
        assert_eq!(left(&["nix/store/.wh.unknown", "nix/.wh.var", "opt/.wh..wh..opq"]), 2);
        for all in ["nix/store/.wh..wh..opq", "nix/.wh.store", "nix/.wh..wh..opq", ".wh.nix", ".wh..wh..opq"]
        {
            assert_eq!(left(&[all]), 0, "{all}");
            assert_eq!(left(&[&format!("nix/store/{}/", path('3')), all]), 1, "{all}");
        }
        // A link or a file in the place of the folder hides what was there.
        assert_eq!(left(&["nix/store"]), 0);
        assert_eq!(left(&["nix/store/", "nix/"]), 2);
    }

    #[test]
    fn paths_and_links() {
        assert_eq!(normal(b"./nix//store/./a").as_deref(), Some("nix/store/a"));
        assert_eq!(normal(b"/nix/store/a/").as_deref(), Some("nix/store/a"));
        assert_eq!(normal(b"nix/../etc"), None);
        assert_eq!(normal_link("a", b"../b/layer.tar").as_deref(), Some("b/layer.tar"));
        assert_eq!(normal_link("a", b"/b").as_deref(), Some("b"));
        assert_eq!(normal_link("a", b"../../b"), None);
    }
}
