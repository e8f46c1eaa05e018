//! SPDX 2.2 and 2.3 as tag-value: `Tag: value` a line, longer values between `<text>` and
//! `</text>`.

use super::super::meta::cut;
use super::super::{MAXIMUM_PACKAGES, TargetContents};
use super::{SpdxPackage, last_part};
use crate::document::{DocumentError, FieldProblem};
use std::collections::HashSet;

pub(super) fn parse(text: &str) -> Result<TargetContents, DocumentError> {
    let mut contents = TargetContents::default();
    let mut version = None;
    let mut package: Option<(usize, SpdxPackage)> = None;
    let mut ids = HashSet::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((tag, value)) = line.split_once(':') else {
            contents.warn(format!("line {number}"), "neither `Tag: value` nor a comment");
            continue;
        };
        let value = match value.trim().strip_prefix("<text>") {
            Some(begun) => &until_closed(begun, number, &mut lines)?,
            None => value.trim(),
        };
        let text = || Some(cut(value));
        match (tag.trim(), &mut package) {
            ("SPDXVersion", _) => version = text(),
            ("PackageName", _) => {
                finish(package.take(), &mut contents);
                contents.looked_at += 1;
                if contents.looked_at > MAXIMUM_PACKAGES {
                    let place = format!("line {number}");
                    return Err(DocumentError::TooMany { place, limit: MAXIMUM_PACKAGES, what: "packages" });
                }
                package = Some((number, SpdxPackage { name: text(), ..SpdxPackage::default() }));
            }
            // What follows belongs to a file or snippet.
            ("FileName" | "SnippetSPDXID", _) => finish(package.take(), &mut contents),
            ("SPDXID", Some(_)) if !ids.insert(cut(value)) => {
                contents
                    .warn(format!("line {number}"), format!("SPDXID `{}` stands there twice", cut(value)));
            }
            ("PackageVersion", Some((_, package))) => package.version = text(),
            ("PackageHomePage", Some((_, package))) => package.homepage = text(),
            ("PackageDownloadLocation", Some((_, package))) => package.download = text(),
            ("PackageSummary", Some((_, package))) => package.summary = text(),
            ("PackageDescription", Some((_, package))) => package.description = text(),
            ("PrimaryPackagePurpose", Some((_, package))) => package.purpose = text(),
            ("ExternalRef", Some((_, package))) => {
                let mut parts = value.split_whitespace().skip(1);
                match (parts.next(), parts.next()) {
                    (Some(kind), Some(locator)) => {
                        package.reference(last_part(kind), cut(locator));
                    }
                    _ => contents
                        .warn(format!("line {number}"), "an ExternalRef needs category, type and locator"),
                }
            }
            _ => {}
        }
    }
    finish(package, &mut contents);
    match version.as_deref() {
        Some("SPDX-2.2" | "SPDX-2.3") => Ok(contents),
        Some(other) if other.starts_with("SPDX-2.") => {
            contents.warn("SPDXVersion", format!("{other} is not known; read as SPDX-2.3"));
            Ok(contents)
        }
        Some(other) => Err(DocumentError::field("SPDXVersion", FieldProblem::Unsupported(other.to_owned()))),
        None => Err(DocumentError::field("SPDXVersion", FieldProblem::Missing)),
    }
}

/// A value up to `</text>`, which may stand on a later line. What follows on that line is passed
/// over.
fn until_closed<'a>(
    begun: &str,
    number: usize,
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Result<String, DocumentError> {
    let mut value = String::new();
    let mut line = begun;
    loop {
        if let Some((last, _)) = line.split_once("</text>") {
            value.push_str(last);
            return Ok(value);
        }
        value.push_str(line);
        value.push('\n');
        // All packages that follow would be lost in it.
        (_, line) = lines.next().ok_or(DocumentError::OpenText { line: number })?;
    }
}

fn finish(package: Option<(usize, SpdxPackage)>, contents: &mut TargetContents) {
    let Some((line, package)) = package else { return };
    match package.into_package(&format!("line {line}"), contents) {
        Some(package) => contents.packages.push(package),
        None => contents.not_packages += 1,
    }
}
