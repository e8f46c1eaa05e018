//! How VEX documents name products: package URLs, CPEs, store paths, plain names.

use crate::targets::purl;
use matching::VexProduct;
use vulnerability::purl::Purl;

/// Reads an identifier. `None` if it is of a form that cannot be compared with a package.
pub(super) fn of_identifier(text: &str) -> Option<VexProduct> {
    if text.starts_with("pkg:") {
        let purl: Purl = text.parse().ok()?;
        // Container images and distributions' packages are other things than the package of that
        // name.
        if matches!(purl.package_type(), "oci" | "docker" | "deb" | "rpm" | "apk" | "alpm") {
            return None;
        }
        let (name, version) = purl::name_and_version(&purl);
        return Some(VexProduct { pname: Some(name), version, store_path: None });
    }
    // The older form has the same fields in the same order.
    if let Some(rest) = text.strip_prefix("cpe:2.3:").or_else(|| text.strip_prefix("cpe:/")) {
        let mut fields = rest.split(':').skip(2);
        let stated = |field: Option<&str>| {
            field.filter(|f| !matches!(*f, "" | "*" | "-")).map(|f| f.replace('\\', ""))
        };
        let pname = stated(fields.next())?;
        return Some(VexProduct { pname: Some(pname), version: stated(fields.next()), store_path: None });
    }
    if text.contains("/store/") {
        return Some(VexProduct { store_path: Some(text.to_owned()), ..VexProduct::default() });
    }
    let plain = !text.is_empty() && !text.contains([':', '/', ' ']);
    plain.then(|| {
        let name = nix_formats::DrvName::parse(text);
        let version = Some(name.version.to_owned()).filter(|v| !v.is_empty());
        VexProduct { pname: Some(name.name.to_owned()), version, store_path: None }
    })
}
