//! The labelled pairs under names that nobody knows: one letter of the package's name is another
//! one, in the record and in the package alike.
//!
//! Curated knowledge and the list of common words are made of names, partly of these. What is left
//! without them is what the general rules can do, and so what to expect of software that nobody
//! looked at.

use crate::quality::data::Package;
use crate::quality::sample::{bare, normalise};
use serde_json::Value;

/// The record and the package with the package's name changed wherever it stands as a word, in
/// whatever spelling: "Node.js" becomes "Node.jt" if `nodejs` becomes `nodejt`.
pub(super) fn pair(record: &Value, package: &Package) -> (Value, Package) {
    let name = normalise(bare(&package.pname));
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (mut record, mut package) = (record.clone(), package.clone());
    // Without two letters there is no name to change.
    if name.len() > 1 {
        let id = record["cveMetadata"].clone();
        change(&mut record, name);
        record["cveMetadata"] = id;
        change(&mut package.line, name);
        for text in [&mut package.name, &mut package.pname, &mut package.attribute] {
            *text = renamed(text, name);
        }
    }
    (record, package)
}

/// Changes the name in every text, but not in keys.
fn change(value: &mut Value, name: &str) {
    match value {
        Value::String(text) => *text = renamed(text, name),
        Value::Array(values) => values.iter_mut().for_each(|value| change(value, name)),
        Value::Object(members) => members.values_mut().for_each(|value| change(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with the last letter of every such name replaced by the next one of the alphabet.
fn renamed(text: &str, name: &str) -> String {
    let mut out: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < out.len() {
        let begins = at.checked_sub(1).and_then(|i| out.get(i)).is_none_or(|c| !c.is_ascii_alphabetic());
        match begins.then(|| end(&out, at, name)).flatten() {
            Some(last) => {
                if let Some(letter) = out.get_mut(last) {
                    *letter = next(*letter);
                }
                at = last + 1;
            }
            None => at += 1,
        }
    }
    out.into_iter().collect()
}

/// Where the name that begins here has its last letter, if it stands here as a word.
fn end(text: &[char], start: usize, name: &str) -> Option<usize> {
    let mut at = start;
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && text.get(at).is_some_and(|c| matches!(c, '-' | '_' | '.' | ' ')) {
            at += 1;
        }
        if !text.get(at)?.eq_ignore_ascii_case(&letter) {
            return None;
        }
        at += 1;
    }
    text.get(at).is_none_or(|c| !c.is_ascii_alphabetic()).then_some(at - 1)
}

fn next(letter: char) -> char {
    match letter {
        'z' => 'y',
        'Z' => 'Y',
        'a'..='y' | 'A'..='Y' => char::from_u32(u32::from(letter) + 1).unwrap_or(letter),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_in_every_spelling() {
        assert_eq!(renamed("curl: Curl, CURL; libcurl", "curl"), "curm: Curm, CURM; libcurl");
        assert_eq!(renamed("https://github.com/curl/curl.git", "curl"), "https://github.com/curm/curm.git");
        assert_eq!(renamed("Node.js, node-js and nodejs", "nodejs"), "Node.jt, node-jt and nodejt");
        assert_eq!(renamed("curl7 curls", "curl"), "curm7 curls");
        assert_eq!(renamed("öcurl zlib fuzz", "fuzz"), "öcurl zlib fuzy");
    }
}
