//! Names, numbers and links as several formats write them.

use matching::{Confidence, FindingStatus, Package};
use vulnerability::Stated;
use vulnerability::model::Level;

/// Thousands separated, as people read them.
pub(super) fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 package`, `2 packages`.
pub(crate) fn count(value: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

pub(crate) const fn level_name(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::Critical) => "critical",
        Some(Level::High) => "high",
        Some(Level::Medium) => "medium",
        Some(Level::Low) => "low",
        Some(Level::None) => "none",
        None => "unrated",
    }
}

pub(super) const fn status_name(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Affected => "affected",
        FindingStatus::Unknown => "unknown",
        FindingStatus::Fixed => "fixed",
        FindingStatus::NotAffected => "not affected",
    }
}

pub(super) const fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// The package URL to name a package by: its own, else one of the type that Nix tools use.
pub(super) fn purl(package: &Package) -> String {
    if let Some(own) = package.purls.iter().map(Stated::as_str).find(|p| p.starts_with("pkg:")) {
        return own.to_owned();
    }
    let mut purl = format!("pkg:nix/{}", percent(&package.pname));
    if !package.version.is_empty() {
        purl.push('@');
        purl.push_str(&percent(&package.version));
    }
    purl
}

/// Percent-encoding as package URLs and URNs want it: all but letters, digits and `.-_~`.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit =
                |value: u8| char::from(b"0123456789ABCDEF".get(usize::from(value)).copied().unwrap_or(b'0'));
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// Whether a link is one that may be put into a document: web only, without anything that ends an
/// attribute.
pub(super) fn is_web_link(url: &str) -> bool {
    let scheme = url.starts_with("https://") || url.starts_with("http://");
    scheme && url.is_ascii() && !url.bytes().any(|b| b.is_ascii_control() || b" <>\"\\^`{}|".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "path", "paths"), "1 path");
    }

    #[test]
    fn package_urls_escape() {
        let package = Package { pname: "gtk+".into(), version: "3.24@1".into(), ..Package::default() };
        assert_eq!(purl(&package), "pkg:nix/gtk%2B@3.24%401");
    }

    #[test]
    fn only_web_links() {
        assert!(is_web_link("https://example.org/a?b=c#d"));
        assert!(!is_web_link("javascript:alert(1)"));
        assert!(!is_web_link("https://example.org/\" onclick=\""));
    }
}
