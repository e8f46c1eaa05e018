//! Package URLs of Nix packages.
//!
//! The type `nix` is not registered (purl-spec, pull request 877 proposes it): which form is used
//! is decided here alone.

use super::text::percent;

/// How a package is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// `pkg:nix/curl@8.3.0`: by the derivation's name, as today's tools for Nix write and read it.
    #[default]
    Name,
    /// `pkg:nix/nixpkgs/curl@8.3.0`: by the attribute path, as is proposed.
    Attribute,
}

/// Readers refuse package URLs that are longer than some thousands of bytes.
const MAXIMUM: usize = 2000;

/// A package URL; none without a name, or if it were too long to be read. An empty version is none.
pub fn of(form: Form, attribute: &str, pname: &str, version: &str) -> Option<String> {
    let (prefix, name) = match form {
        Form::Name => ("pkg:nix/", pname),
        Form::Attribute => ("pkg:nix/nixpkgs/", attribute),
    };
    if name.is_empty() {
        return None;
    }
    let mut purl = format!("{prefix}{}", encoded(name));
    if !version.is_empty() {
        purl.push('@');
        purl.push_str(&encoded(version));
    }
    Some(purl).filter(|purl| purl.len() <= MAXIMUM)
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&percent(byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vulnerability::purl::Purl;

    #[test]
    fn both_forms() {
        assert_eq!(of(Form::Name, "curl", "curl", "8.3.0").as_deref(), Some("pkg:nix/curl@8.3.0"));
        let python = of(Form::Attribute, "python3Packages.requests", "python3.13-requests", "2.32");
        assert_eq!(python.as_deref(), Some("pkg:nix/nixpkgs/python3Packages.requests@2.32"));
        assert_eq!(of(Form::Name, "x", "", "1"), None);
    }

    proptest! {
        #[test]
        fn another_reader_reads_the_same(name in "\\PC{1,20}", version in "\\PC{0,20}") {
            let text = of(Form::Name, "", &name, &version).unwrap();
            let purl: Purl = text.parse().unwrap();
            prop_assert_eq!(purl.name(), name);
            prop_assert_eq!(purl.version().unwrap_or_default(), version);
            prop_assert_eq!(purl.namespace(), None);
        }
    }
}
