//! What a target is, from its name and first bytes.

use super::{TargetError, bytes, image_signs, nix_json, spdx};
use crate::UnknownName;
use nix_formats::StoreDir;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::str::FromStr;

/// Kinds of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetKind {
    /// A store path or a link to one: its closure.
    Closure,
    /// A derivation: its build closure.
    Derivation,
    /// Store paths: a list, or all that a store holds.
    StorePaths,
    /// What `nix path-info --json` prints.
    PathInfo,
    /// What `nix build --json` prints: the closures of what was built.
    BuildResult,
    /// What `nix derivation show` prints.
    DerivationJson,
    /// A container image: an archive of Docker or OCI, or a folder in the layout of OCI.
    Image,
    /// `packages.json` of a channel.
    PackagesJson,
    /// Lines of nix-eval-jobs.
    EvalJobs,
    /// A CycloneDX SBOM.
    CycloneDx,
    /// An SPDX SBOM.
    Spdx,
}

impl TargetKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Closure,
        Self::Derivation,
        Self::StorePaths,
        Self::PathInfo,
        Self::BuildResult,
        Self::DerivationJson,
        Self::Image,
        Self::PackagesJson,
        Self::EvalJobs,
        Self::CycloneDx,
        Self::Spdx,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closure => "closure",
            Self::Derivation => "derivation",
            Self::StorePaths => "store-paths",
            Self::PathInfo => "path-info",
            Self::BuildResult => "build-result",
            Self::DerivationJson => "derivation-json",
            Self::Image => "image",
            Self::PackagesJson => "packages-json",
            Self::EvalJobs => "eval-jobs",
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TargetKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.iter().find(|kind| kind.name() == name);
        found
            .copied()
            .ok_or_else(|| UnknownName::new("kind of target", name, Self::ALL.iter().map(|k| k.name())))
    }
}

/// How many bytes of a file are looked at. An SBOM names its format in the first object, but not
/// always first.
const LOOK: u64 = 64 << 10;

/// Detects what `path` is. Folders and links into a store are closures; of files the contents
/// decide, not the name, except for `.drv`.
pub fn detect(path: &Path) -> Result<TargetKind, TargetError> {
    let io = |source: io::Error| TargetError::Io { path: path.to_owned(), source };
    if path.extension().is_some_and(|e| e == "drv") {
        return Ok(TargetKind::Derivation);
    }
    let meta = std::fs::symlink_metadata(path).map_err(io)?;
    if image_signs::is_layout(path) {
        return Ok(TargetKind::Image);
    }
    let in_store = |p: &Path| p.parent().and_then(Path::file_name).is_some_and(|n| n == "store");
    if meta.is_dir() || in_store(path) {
        return Ok(TargetKind::Closure);
    }
    if meta.is_symlink() {
        // A link that leads nowhere outside may still lead into a store below another root.
        let Ok(target) = std::fs::canonicalize(path) else { return Ok(TargetKind::Closure) };
        if target.is_dir() || in_store(&target) {
            return Ok(if target.extension().is_some_and(|e| e == "drv") {
                TargetKind::Derivation
            } else {
                TargetKind::Closure
            });
        }
    }
    let mut start = Vec::new();
    let mut reader = bytes::open(path)?;
    reader.by_ref().take(LOOK).read_to_end(&mut start).map_err(io)?;
    let mut kind = of_contents(&start);
    if kind.is_none() && start.len() as u64 == LOOK {
        // Some programs write what names the format at the very end.
        let whole = io::Cursor::new(start).chain(reader).take(bytes::MAXIMUM);
        kind = of_keys(BufReader::new(whole)).map_err(io)?;
    }
    kind.ok_or_else(|| TargetError::Unrecognised { path: path.to_owned() })
}

/// What a file is, going by its first bytes, after decompression.
fn of_contents(start: &[u8]) -> Option<TargetKind> {
    if image_signs::is_archive(start) {
        return Some(TargetKind::Image);
    }
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("Derive(") || text.starts_with("DrvWithVersion(") {
        return Some(TargetKind::Derivation);
    }
    // Tag-value, or YAML, in which all that is there may be within one field.
    let tags = ["SPDXVersion:", "spdxVersion:", "SPDXID:", "  spdxVersion:", "  SPDXID:"];
    if text.lines().any(|line| tags.iter().any(|tag| line.starts_with(tag))) {
        return Some(TargetKind::Spdx);
    }
    if text.starts_with('<') {
        let signs = [
            (crate::document::cyclonedx::NAMESPACE, TargetKind::CycloneDx),
            (spdx::VOCABULARY, TargetKind::Spdx),
            ("<SPDXID>", TargetKind::Spdx),
            ("<spdxVersion>", TargetKind::Spdx),
        ];
        return signs.into_iter().find(|(sign, _)| text.contains(sign)).map(|(_, kind)| kind);
    }
    let has = |text: &str, key: &str| text.contains(&format!("\"{key}\""));
    if let Some(kind) = of_nix(text, has) {
        return Some(kind);
    }
    if !text.starts_with('{') {
        return None;
    }
    let first_line = text.lines().next().unwrap_or("");
    if (has(first_line, "attr") || has(first_line, "attrPath"))
        && (has(first_line, "drvPath") || has(first_line, "error") || has(first_line, "name"))
        && !has(first_line, "bomFormat")
    {
        return Some(TargetKind::EvalJobs);
    }
    if has(text, "bomFormat") || text.contains("cyclonedx.org/schema/bom") {
        return Some(TargetKind::CycloneDx);
    }
    if has(text, "spdxVersion") || has(text, "SPDXID") || text.contains("spdx.org/rdf/3") {
        return Some(TargetKind::Spdx);
    }
    if has(text, "packages") && (has(text, "version") || has(text, "meta")) {
        return Some(TargetKind::PackagesJson);
    }
    None
}

/// What Nix's own commands print.
fn of_nix(text: &str, has: impl Fn(&str, &str) -> bool) -> Option<TargetKind> {
    let path_info = || has(text, "narHash") || has(text, "references") || has(text, "valid");
    match text.get(..1)? {
        "[" if has(text, "drvPath") && has(text, "outputs") => Some(TargetKind::BuildResult),
        "[" if has(text, "path") && path_info() => Some(TargetKind::PathInfo),
        "{" => {
            let first_key = text.get(1..)?.trim_start().strip_prefix('"')?;
            let derivation = || has(text, "builder") || has(text, "outputs") || has(text, "inputDrvs");
            match first_key.split('"').next()? {
                "derivations" if derivation() => Some(TargetKind::DerivationJson),
                "info" if path_info() || has(text, "storeDir") => Some(TargetKind::PathInfo),
                key if key.starts_with('/') && derivation() => Some(TargetKind::DerivationJson),
                key if key.starts_with('/') => Some(TargetKind::PathInfo),
                _ => None,
            }
        }
        _ => {
            let mut lines = text.lines().map(str::trim);
            let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'))?;
            let written = nix_json::store_path(first, &StoreDir::default())?;
            written.folder.is_some().then_some(TargetKind::StorePaths)
        }
    }
}

/// What a JSON document is, going by the keys of its outermost object, wherever they stand.
fn of_keys(mut reader: impl BufRead) -> io::Result<Option<TargetKind>> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut key = Vec::new();
    loop {
        let bytes = reader.fill_buf()?;
        let count = bytes.len();
        if count == 0 {
            return Ok(None);
        }
        for &byte in bytes {
            match (in_string, byte) {
                (true, _) if escaped => escaped = false,
                (true, b'\\') => escaped = true,
                (true, b'"') => in_string = false,
                (true, _) if depth == 1 && key.len() < 16 => key.push(byte),
                (false, b'"') => {
                    in_string = true;
                    key.clear();
                }
                (false, b'{' | b'[') => depth += 1,
                (false, b'}' | b']') => depth = depth.saturating_sub(1),
                (false, b':') if depth == 1 => match key.as_slice() {
                    b"bomFormat" => return Ok(Some(TargetKind::CycloneDx)),
                    b"spdxVersion" | b"SPDXID" => return Ok(Some(TargetKind::Spdx)),
                    _ => {}
                },
                _ => {}
            }
        }
        reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_decide() {
        for (text, kind) in [
            (r#"{"attr":"a","attrPath":["a"],"error":"e"}"#, Some(TargetKind::EvalJobs)),
            (r#"{"version":2,"packages":{"#, Some(TargetKind::PackagesJson)),
            ("\u{feff} {\n \"bomFormat\": \"CycloneDX\"", Some(TargetKind::CycloneDx)),
            (r#"{"SPDXID":"SPDXRef-DOCUMENT""#, Some(TargetKind::Spdx)),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld""#, Some(TargetKind::Spdx)),
            ("# made by hand\nSPDXVersion: SPDX-2.3\n", Some(TargetKind::Spdx)),
            ("SPDXID: SPDXRef-DOCUMENT\nname: x\n", Some(TargetKind::Spdx)),
            ("---\nDocument:\n  SPDXID: \"SPDXRef-DOCUMENT\"\n", Some(TargetKind::Spdx)),
            ("Derive([", Some(TargetKind::Derivation)),
            (
                "<?xml version='1.0'?>\n<bom xmlns='http://cyclonedx.org/schema/bom/1.4'>",
                Some(TargetKind::CycloneDx),
            ),
            ("<bom xmlns='http://example.org/'>", None),
            ("<?xml version='1.0'?>\n<Document>\n<SPDXID>SPDXRef-DOCUMENT</SPDXID>", Some(TargetKind::Spdx)),
            ("<Document><w/>", None),
            ("<rdf:RDF xmlns:s='http://spdx.org/rdf/terms#'>", Some(TargetKind::Spdx)),
            (r#"[{"drvPath":"/nix/store/x.drv","outputs":{"out":null}}]"#, Some(TargetKind::BuildResult)),
            (r#"[{"path":"/nix/store/x","valid":false}]"#, Some(TargetKind::PathInfo)),
            ("{\n  \"/nix/store/x\": null\n}", Some(TargetKind::PathInfo)),
            (r#"{"info":{},"storeDir":"/nix/store","version":2}"#, Some(TargetKind::PathInfo)),
            (r#"{"/nix/store/x.drv":{"args":[],"builder":"/bin/sh""#, Some(TargetKind::DerivationJson)),
            (r#"{ "derivations": {"x.drv":{"args":[],"builder":"/bin/sh""#, Some(TargetKind::DerivationJson)),
            (
                "\n# of host1\n/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1\n",
                Some(TargetKind::StorePaths),
            ),
            ("/etc/passwd\n", None),
            ("[]", None),
            ("hello", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(of_contents(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn the_format_may_be_named_at_the_end() {
        let of = |text: &str| of_keys(text.as_bytes()).unwrap();
        assert_eq!(
            of(r#"{"a":[{"SPDXID":1}],"b":"\"spdxVersion\":","bomFormat":"CycloneDX"}"#),
            Some(TargetKind::CycloneDx)
        );
        assert_eq!(of(r#"{"a":{"bomFormat":1}, "spdxVersion" : "SPDX-2.3"}"#), Some(TargetKind::Spdx));
        assert_eq!(of(r#"{"a":"bomFormat"}]]]"#), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            &file,
            format!(r#"{{"components":["{}"],"bomFormat":"CycloneDX"}}"#, "x".repeat(200_000)),
        )
        .unwrap();
        assert_eq!(detect(file.path()).unwrap(), TargetKind::CycloneDx);
    }

    #[test]
    fn every_kind_is_named() {
        for &kind in TargetKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("sbom".parse::<TargetKind>().is_err());
    }
}
