//! `meta` of a nixpkgs package, as `packages.json` and nix-eval-jobs carry it.

use super::MAXIMUM_TEXT;
use matching::{Package, Text, Texts};
use serde::Deserialize;
use serde_json::Value;
use vulnerability::Stated;

/// The parts of `meta` that are of use here. Anything may have any type: nixpkgs checks them only
/// in newer releases.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta {
    description: Value,
    homepage: Value,
    position: Value,
    known_vulnerabilities: Value,
    identifiers: Value,
}

impl Meta {
    /// Copies what `meta` says into a package; what many packages say is kept in `shared`.
    pub(super) fn apply(&self, package: &mut Package, shared: &mut Texts) {
        package.description = self.description.as_str().map(|text| shared.share(shortened(text)));
        package.position = self.position.as_str().map(|text| shared.share(&position(text)));
        package.homepages = texts(&self.homepage, shared);
        package.known_vulnerabilities = texts(&self.known_vulnerabilities, shared);
        identifiers(&self.identifiers, package);
    }
}

/// A text of a length that can be dealt with.
pub(crate) fn cut(text: &str) -> String {
    shortened(text).to_owned()
}

/// As much of a text as can be dealt with.
pub(super) fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MAXIMUM_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// A text or a list of texts.
pub(super) fn texts(value: &Value, shared: &mut Texts) -> Vec<Text> {
    let mut share = |text| shared.share(shortened(text));
    match value {
        Value::String(text) if !text.is_empty() => vec![share(text)],
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(share).collect(),
        _ => Vec::new(),
    }
}

/// The file within nixpkgs: positions made from a checkout begin with the place of that checkout.
fn position(text: &str) -> String {
    for folder in ["/pkgs/", "/nixos/", "/lib/", "/maintainers/"] {
        if text.starts_with('/')
            && let Some((_, rest)) = text.split_once(folder)
        {
            return cut(&format!("{}{rest}", folder.trim_start_matches('/')));
        }
    }
    cut(text)
}

/// `meta.identifiers`: `cpe` (only where all its parts are known), `possibleCPEs` with their `cpe`,
/// `purl` and `purls`, and under `v1` the same for programs. See `doc/stdenv/meta.chapter.md` of
/// nixpkgs.
fn identifiers(value: &Value, package: &mut Package) {
    for value in [Some(value), value.get("v1")].into_iter().flatten() {
        if let Some(cpe) = value.get("cpe").and_then(Value::as_str) {
            add(&mut package.cpes, cpe);
        }
        for possible in value.get("possibleCPEs").and_then(Value::as_array).into_iter().flatten() {
            if let Some(cpe) = possible.get("cpe").and_then(Value::as_str) {
                add(&mut package.cpes, cpe);
            }
        }
        if let Some(purl) = value.get("purl").and_then(Value::as_str) {
            add(&mut package.purls, purl);
        }
        for purl in
            value.get("purls").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            add(&mut package.purls, purl);
        }
    }
}

/// Adds a text that is not there yet.
fn add<T>(list: &mut Vec<Stated<T>>, text: &str) {
    let text = Stated::from(cut(text));
    if !list.contains(&text) {
        list.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(meta: Value) -> Package {
        let mut package = Package::default();
        serde_json::from_value::<Meta>(meta).unwrap().apply(&mut package, &mut Texts::default());
        package
    }

    #[test]
    fn one_or_many() {
        let one = package(json!({"homepage": "https://a", "knownVulnerabilities": ["CVE-2020-1"]}));
        assert_eq!(
            (one.homepages, one.known_vulnerabilities),
            (vec!["https://a".into()], vec!["CVE-2020-1".into()])
        );
        let many =
            package(json!({"homepage": ["https://a", 3, "https://b"], "description": 7, "position": null}));
        assert_eq!(many.homepages, ["https://a", "https://b"]);
        assert_eq!(many.description, None);
    }

    #[test]
    fn identifiers_of_both_shapes() {
        let package = package(json!({"identifiers": {
            "possibleCPEs": [{"cpe": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*", "vendor": "x"}],
            "v1": {"cpe": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*", "purl": "pkg:generic/y@1", "purls": ["pkg:generic/y@1"]}}}));
        assert_eq!(package.cpes, ["cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"]);
        assert_eq!(package.purls, ["pkg:generic/y@1"]);
    }

    #[test]
    fn positions_are_within_nixpkgs() {
        assert_eq!(position("/nix/store/abc-source/pkgs/a/default.nix:3"), "pkgs/a/default.nix:3");
        assert_eq!(position("pkgs/a/pkgs/default.nix:3"), "pkgs/a/pkgs/default.nix:3");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = format!("a{}", "é".repeat(MAXIMUM_TEXT));
        assert_eq!(cut(&text).len(), MAXIMUM_TEXT - 1);
    }
}
