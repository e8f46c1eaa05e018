//! Reading `snowguard.toml`: every key is known, every value is one that its option takes, and
//! what is wrong is named with its place.

use super::keys::{KEYS, Kind};
use matching::TomlProblem;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::{Spanned, Value};

/// A value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// As the option takes them; one, unless it takes several.
    pub(super) values: Vec<String>,
    /// From 1.
    pub(super) line: usize,
}

/// From which likeness on another key is suggested.
const LIKE: f64 = 0.7;

/// Reads it. Paths are taken from `folder`.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Vec<Setting>, TomlProblem> {
    let keys: BTreeMap<Spanned<String>, Spanned<Value>> =
        toml::from_str(text).map_err(|error| TomlProblem::new(text, error.message(), error.span()))?;
    let mut settings = Vec::new();
    for (name, value) in keys {
        let Some(key) = KEYS.iter().find(|key| key.name == name.get_ref()) else {
            return Err(TomlProblem::new(text, &unknown(name.get_ref()), Some(name.span())));
        };
        let line = line_of(text, &name.span());
        let at = value.span();
        let values = values(key.kind, value.into_inner(), folder)
            .map_err(|problem| TomlProblem::new(text, &format!("{}: {problem}", key.name), Some(at)))?;
        settings.push(Setting { key: key.name, values, line });
    }
    settings.sort_by_key(|setting| setting.line);
    Ok(settings)
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes().get(..span.start).unwrap_or_default().split(|byte| *byte == b'\n').count()
}

fn unknown(name: &str) -> String {
    let near = KEYS.iter().map(|key| (strsim::jaro_winkler(key.name, name), key.name));
    let near = near.filter(|(likeness, _)| *likeness >= LIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    let name: String = name.chars().take(60).collect();
    if let Some((_, near)) = near {
        return format!("there is no key `{name}`; did you mean `{near}`?");
    }
    let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    format!("there is no key `{name}`; there are {}", known.join(", "))
}

fn values(kind: Kind, value: Value, folder: &Path) -> Result<Vec<String>, String> {
    let path = |value: Value| match value {
        Value::String(text) if !text.is_empty() => {
            let path = folder.join(text);
            path.into_os_string().into_string().map_err(|_| "the folder's name is not UTF-8".to_owned())
        }
        _ => Err("expected a path".to_owned()),
    };
    match (kind, value) {
        (Kind::Text(check), Value::String(text)) => check(&text).map(|()| vec![text]),
        (Kind::Mirror(_), Value::String(text))
            if text.starts_with("https://") || text.starts_with("http://") =>
        {
            Ok(vec![text])
        }
        (Kind::Mirror(_), _) => Err("expected a URL".to_owned()),
        (Kind::Text(_), _) => Err("expected a text".to_owned()),
        (Kind::Path, value) => path(value).map(|path| vec![path]),
        (Kind::Paths, Value::Array(values)) => values.into_iter().map(path).collect(),
        (Kind::Paths, value) => path(value).map(|path| vec![path]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(text, Path::new("/etc")).unwrap_err().to_string()
    }

    #[test]
    fn values_and_places() {
        let text = "fail-on = \"high\"\n\n# mine\nsuppress = [\"a.toml\", \"/b.toml\"]\nvex = 'v.json'\ndb='../db'\n";
        let read: Vec<_> = parse(text, Path::new("/etc"))
            .unwrap()
            .into_iter()
            .map(|setting| (setting.key, setting.values.join(" "), setting.line))
            .collect();
        let expected = [
            ("fail-on", "high", 1),
            ("suppress", "/etc/a.toml /b.toml", 4),
            ("vex", "/etc/v.json", 5),
            ("db", "/etc/../db", 6),
        ];
        assert_eq!(read, expected.map(|(key, values, line)| (key, values.to_owned(), line)));
        assert_eq!(parse("", Path::new("/")), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            ("\nfail_on = 'high'", "line 2, column 1: there is no key `fail_on`; did you mean `fail-on`?"),
            ("supress = []", "did you mean `suppress`?"),
            ("x = 1", "there is no key `x`; there are db, format"),
            ("fail-on = 'hi'", "line 1, column 11: fail-on: there is no bar `hi`; there are low"),
            ("format = 3", "line 1, column 10: format: expected a text"),
            ("vex = [1]", "vex: expected a path"),
            ("cve-url = 'mirror'", "cve-url: expected a URL"),
            ("db = ''", "db: expected a path"),
            ("db = 'a'\ndb = 'b'", "duplicate key"),
            ("db", "line 1, column 3"),
        ] {
            assert!(problem(text).contains(expected), "{text}: {}", problem(text));
        }
    }
}
