//! The style sheet, the script and the mark: part of the program, each at an address with the hash
//! of its content, which browsers may keep for a year.

use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its name, with the hash.
    pub(crate) name: String,
    /// Its media type.
    pub(crate) kind: &'static str,
    /// What is in it.
    pub(crate) content: &'static [u8],
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, content: &'static [u8]) -> Self {
        let hash = crate::hex::encode(&Sha256::digest(content)[..8]);
        Self { name: format!("{stem}.{hash}.{ending}"), kind, content }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("site", "css", "text/css; charset=utf-8", include_bytes!("../assets/site.css"))
});
/// The script, which adds comfort and nothing else.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("site", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/site.js"))
});
/// The mark.
pub(crate) static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));

/// The file of a name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &MARK].into_iter().map(|asset| &**asset).find(|asset| asset.name == name)
}
