//! Where the modules of tokens' makers are.

use super::uri::Pkcs11Uri;
use std::path::{Path, PathBuf};

/// Folders in which packages install modules, below each of [`ROOTS`] and its folder of the
/// processor; those of p11-kit first.
const FOLDERS: [&str; 5] = ["pkcs11", "softhsm", "opensc", "yubihsm", ""];
const ROOTS: [&str; 5] =
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/run/current-system/sw/lib"];

/// The module that a URI names, if it names one: by `module-path`, which may be a folder, and
/// `module-name`, which is the name of a library without `lib` and `.so` (RFC 7512, section 2.3).
/// What is in none of the usual folders is left to the dynamic linker.
pub(super) fn named(uri: &Pkcs11Uri) -> Option<PathBuf> {
    let path = uri.module_path.as_ref();
    let Some(name) = &uri.module_name else { return path.cloned() };
    if let Some(path) = path.filter(|path| !path.is_dir()) {
        return Some(path.clone());
    }
    let files = [format!("{name}.so"), format!("lib{name}.so")];
    let folders = path.map_or_else(usual, |folder| vec![folder.clone()]);
    let found = folders.iter().flat_map(|folder| files.iter().map(|file| folder.join(file)));
    let [_, library] = &files;
    Some(found.into_iter().find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(library)))
}

fn usual() -> Vec<PathBuf> {
    let processor = format!("{}-linux-gnu", std::env::consts::ARCH);
    let roots = ROOTS.iter().flat_map(|root| [PathBuf::from(root), Path::new(root).join(&processor)]);
    let roots: Vec<PathBuf> = roots.collect();
    FOLDERS.iter().flat_map(|folder| roots.iter().map(move |root| root.join(folder))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_path_by_name_and_by_both() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("libtoken.so");
        std::fs::write(&module, "").unwrap();
        let named = |query: &str| named(&Pkcs11Uri::parse(&format!("pkcs11:?{query}")).unwrap());
        let (path, file) = (folder.path().display(), module.display());
        assert_eq!(named(""), None);
        assert_eq!(named(&format!("module-path={file}")).as_ref(), Some(&module));
        assert_eq!(named(&format!("module-name=token&module-path={path}")).as_ref(), Some(&module));
        assert_eq!(named(&format!("module-name=other&module-path={file}")).as_ref(), Some(&module));
        assert_eq!(named("module-name=nowhere-at-all"), Some("libnowhere-at-all.so".into()));
    }
}
