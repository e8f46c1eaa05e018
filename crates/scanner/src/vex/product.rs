//! How VEX documents name products: package URLs, CPEs, store paths, BOM-Links, plain names.

use crate::document::cyclonedx::{normal_link, unescaped};
use matching::VexProduct;
use vulnerability::Stated;
use vulnerability::cpe::Cpe;
use vulnerability::purl::Purl;

/// Reads an identifier that stands alone. `None` if it is of a form that cannot be compared with a
/// package.
pub(super) fn of_identifier(text: &str) -> Option<VexProduct> {
    if let Some(product) = of_reference(text) {
        return Some(product);
    }
    let plain = !text.is_empty() && !text.contains([':', '/', ' ']);
    plain.then(|| {
        let name = nix_formats::DrvName::parse(text);
        let version = Some(name.version.to_owned()).filter(|v| !v.is_empty());
        VexProduct { pname: Some(name.name.to_owned()), version, ..VexProduct::default() }
    })
}

/// Reads an identifier that says what it is.
pub(super) fn of_reference(text: &str) -> Option<VexProduct> {
    if text.starts_with("pkg:") {
        return purl(text);
    }
    if text.starts_with("cpe:") {
        return cpe(text);
    }
    if text.starts_with("urn:cdx:") {
        return Some(VexProduct { bom_link: normal_link(text), ..VexProduct::default() });
    }
    if text.contains("/store/") {
        let path = match text.strip_prefix("file://") {
            Some(path) => unescaped(path),
            None => text.to_owned(),
        };
        return Some(VexProduct { store_path: Some(path), ..VexProduct::default() });
    }
    None
}

/// Reads a package URL.
pub(super) fn purl(text: &str) -> Option<VexProduct> {
    let purl = Stated::<Purl>::from(text);
    purl.value()?;
    Some(VexProduct { purl: Some(purl), ..VexProduct::default() })
}

/// Reads a CPE name. One without a product would name everything.
pub(super) fn cpe(text: &str) -> Option<VexProduct> {
    let cpe = Stated::<Cpe>::from(text);
    cpe.value()?.product.text()?;
    Some(VexProduct { cpe: Some(cpe), ..VexProduct::default() })
}
