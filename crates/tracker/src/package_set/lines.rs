//! Lines of nix-eval-jobs: one JSON object a line, for each attribute a derivation or an error.

use super::{
    Attribute, Content, Derivation, MAXIMUM_LIST, MAXIMUM_NAME, MAXIMUM_PATH, MAXIMUM_TEXT, PackageSetError,
    cut, meta,
};
use nix_formats::DrvName;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

/// The longest line, in bytes.
pub(super) const MAXIMUM_LINE: u64 = 16 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    #[serde(default)]
    attr: Option<String>,
    #[serde(default)]
    attr_path: Vec<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    drv_path: Option<String>,
    #[serde(default)]
    outputs: BTreeMap<String, Option<String>>,
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    patches: Option<Vec<Value>>,
    /// What nixpkgs' derivations say themselves; older forms of the lines lack it.
    #[serde(default)]
    pname: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

/// Reads line after line. A line that is wrong is given as an error in words with its number.
pub(super) fn each(
    reader: impl Read,
    mut give: impl FnMut(Result<Attribute, String>) -> bool,
) -> Result<(), PackageSetError> {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let count = (&mut reader).take(MAXIMUM_LINE + 1).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 > MAXIMUM_LINE {
            return Err(PackageSetError::LongLine(number));
        }
        let text = line.trim_ascii();
        if !text.is_empty() && !give(attribute(text).map_err(|problem| format!("line {number}: {problem}"))) {
            return Ok(());
        }
    }
}

/// Reads one line.
fn attribute(line: &[u8]) -> Result<Attribute, String> {
    let job: Job = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let path = if job.attr_path.is_empty() { job.attr.unwrap_or_default() } else { job.attr_path.join(".") };
    if path.is_empty() || path.len() > MAXIMUM_PATH {
        return Err("no path of an attribute".to_owned());
    }
    if let (Some(error), None) = (&job.error, &job.drv_path) {
        return Ok(Attribute { path, content: Content::Error(error_text(error)) });
    }
    let name = job.name.filter(|name| !name.is_empty()).ok_or("neither `name` nor `error`")?;
    let (pname, version) = parts(&name, job.pname, job.version);
    let (meta, maintainers) = meta::read(&job.meta);
    let patch = |patch: &Value| patch.as_str().map(|text| cut(text, MAXIMUM_TEXT).replace('\n', " "));
    let outputs = job.outputs.into_iter().take(MAXIMUM_LIST).filter(|(name, _)| !name.contains(['=', '\n']));
    let derivation = Derivation {
        name: cut(&name, MAXIMUM_NAME).to_owned(),
        pname,
        version,
        derivation: job.drv_path.filter(|path| path.len() <= MAXIMUM_PATH && !path.contains('\n')),
        outputs: outputs
            .map(|(name, path)| {
                (name, path.filter(|path| path.len() <= MAXIMUM_PATH && !path.contains('\n')))
            })
            .collect(),
        patches: job.patches.map(|patches| patches.iter().take(MAXIMUM_LIST).filter_map(patch).collect()),
        meta,
        maintainers,
    };
    Ok(Attribute { path, content: Content::Derivation(Box::new(derivation)) })
}

/// The package's name and version: what it states is surer than what its name looks like.
pub(super) fn parts(name: &str, pname: Option<String>, version: Option<String>) -> (String, String) {
    let parsed = DrvName::parse(name);
    let pname = pname.filter(|pname| !pname.is_empty()).unwrap_or_else(|| parsed.name.to_owned());
    let version = version.unwrap_or_else(|| parsed.version.to_owned());
    (cut(&pname, MAXIMUM_NAME).to_owned(), cut(&version, MAXIMUM_NAME).to_owned())
}

/// The error's text as it is kept. Hashes of store paths change with everything, so that the same
/// error would look new with each evaluation: they are left out.
fn error_text(error: &str) -> String {
    const STORE: &str = "/nix/store/";
    const HASH: usize = 32;
    let mut kept = String::new();
    let mut rest = cut(error.trim(), MAXIMUM_TEXT);
    while let Some(place) = rest.find(STORE) {
        let (before, after) = rest.split_at_checked(place + STORE.len()).unwrap_or((rest, ""));
        kept.push_str(before);
        rest = after;
        if let Some((hash, name)) = after.split_at_checked(HASH)
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && name.starts_with('-')
        {
            kept.push('…');
            rest = name;
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Attribute, String>> {
        let mut found = Vec::new();
        each(text.as_bytes(), |attribute| {
            found.push(attribute);
            true
        })
        .unwrap();
        found
    }

    #[test]
    fn derivations_errors_and_wrong_lines() {
        let found = read(concat!(
            r#"{"attr":"a","attrPath":["a","b"],"name":"a-1.2","drvPath":"/nix/store/x.drv","outputs":{"out":null},"patches":["CVE-2020-1.patch"]}"#,
            "\n\n",
            r#"{"attr":"c","attrPath":["c"],"error":"at /nix/store/00000000000000000000000000000000-source/x"}"#,
            "\n{\"attr\":\"nameless\"}\n{\"name\":\"pathless-1\"}\nnot json",
        ));
        assert_eq!(found.len(), 5);
        let Ok(Attribute { path, content: Content::Derivation(derivation) }) = &found[0] else {
            panic!("{found:?}")
        };
        assert_eq!(
            (path.as_str(), derivation.pname.as_str(), derivation.version.as_str()),
            ("a.b", "a", "1.2")
        );
        assert_eq!(derivation.patches.as_deref(), Some(&["CVE-2020-1.patch".to_owned()][..]));
        let error = Content::Error("at /nix/store/…-source/x".to_owned());
        assert_eq!(found[1], Ok(Attribute { path: "c".to_owned(), content: error }));
        for (line, number) in found[2..].iter().zip([4, 5, 6]) {
            assert!(line.as_ref().unwrap_err().starts_with(&format!("line {number}: ")), "{line:?}");
        }
    }

    #[test]
    fn stated_parts_come_first() {
        let found = read(r#"{"attr":"a","name":"a-b-1.2-x","pname":"a-b","version":"1.2"}"#);
        let Ok(Attribute { content: Content::Derivation(derivation), .. }) = &found[0] else {
            panic!("{found:?}")
        };
        assert_eq!((derivation.pname.as_str(), derivation.version.as_str()), ("a-b", "1.2"));
        assert_eq!(derivation.patches, None);
    }
}
