//! `meta` of a package in nixpkgs. Anything may have any type: nixpkgs checks only some of it, and
//! an evaluation may be of anything.

use super::{MAXIMUM_LIST, MAXIMUM_TEXT, cut};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `meta` says that stays the same from version to version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// In a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its sites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub homepages: Vec<String>,
    /// Licences: SPDX identifiers where there are, else names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// The file in nixpkgs that defines it, without the line, which changes with every edit above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Why it counts as insecure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_vulnerabilities: Vec<String>,
    /// CPE names, with any version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<String>,
    /// Package URLs, without version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<String>,
    /// It is not free software.
    #[serde(skip_serializing_if = "is_false")]
    pub unfree: bool,
    /// It does not build.
    #[serde(skip_serializing_if = "is_false")]
    pub broken: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Who maintains a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainers {
    /// Those that the package names itself, not as members of a team.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Team>,
}

impl Maintainers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.teams.is_empty()
    }
}

/// A maintainer.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// GitHub's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_id: Option<i64>,
    /// The name at GitHub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A team.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Team {
    /// Its short name.
    pub short_name: String,
    /// The team at GitHub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github: Option<String>,
    /// GitHub's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_id: Option<i64>,
    /// Who is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Person>,
}

/// Reads `meta`.
pub(super) fn read(meta: &Value) -> (Meta, Maintainers) {
    let licences = list(meta.get("license"), |licence| {
        let named = |field| licence.get(field).and_then(Value::as_str);
        licence
            .as_str()
            .or_else(|| named("spdxId"))
            .or_else(|| named("shortName"))
            .or_else(|| named("fullName"))
    });
    let identifiers = meta.get("identifiers");
    let flag = |field| meta.get(field).and_then(Value::as_bool).unwrap_or_default();
    let said = Meta {
        description: text(meta.get("description")),
        homepages: list(meta.get("homepage"), Value::as_str),
        licences,
        position: meta.get("position").and_then(Value::as_str).map(position),
        known_vulnerabilities: list(meta.get("knownVulnerabilities"), Value::as_str),
        cpes: cpes(identifiers),
        purls: purls(identifiers),
        unfree: flag("unfree"),
        broken: flag("broken"),
    };
    // `maintainers` also names the members of teams; where the two are told apart, these do not.
    let people = meta.get("nonTeamMaintainers").or_else(|| meta.get("maintainers"));
    let maintainers = Maintainers { people: members(people), teams: teams(meta.get("teams")) };
    (said, maintainers)
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| cut(text, MAXIMUM_TEXT).to_owned())
}

/// One or many.
fn each(value: Option<&Value>) -> &[Value] {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.get(..values.len().min(MAXIMUM_LIST)).unwrap_or_default()
}

fn list<'v>(value: Option<&'v Value>, read: impl Fn(&'v Value) -> Option<&'v str>) -> Vec<String> {
    let texts = each(value).iter().filter_map(read).map(str::trim).filter(|text| !text.is_empty());
    texts.map(|text| cut(text, MAXIMUM_TEXT).to_owned()).collect()
}

/// The file within nixpkgs, without the line.
fn position(text: &str) -> String {
    let file = match text.rsplit_once(':') {
        Some((file, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => text,
    };
    let within = ["/pkgs/", "/nixos/", "/lib/", "/maintainers/"].iter().find_map(|folder| {
        let place = file.find(folder).filter(|_| file.starts_with('/'))?;
        file.get(place + 1..)
    });
    cut(within.unwrap_or(file), MAXIMUM_TEXT).to_owned()
}

/// See `doc/stdenv/meta.chapter.md` of nixpkgs; under `v1` the same for programs.
fn cpes(identifiers: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    for part in [identifiers, identifiers.and_then(|i| i.get("v1"))].into_iter().flatten() {
        let possible = each(part.get("possibleCPEs")).iter().map(|possible| possible.get("cpe"));
        for cpe in std::iter::once(part.get("cpe")).chain(possible).flatten().filter_map(Value::as_str) {
            add(&mut found, without_version(cpe));
        }
    }
    found
}

/// A CPE 2.3 name with any version and update: `cpe:2.3:a:VENDOR:PRODUCT:*:*:…`.
fn without_version(cpe: &str) -> String {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in cut(cpe, MAXIMUM_TEXT).chars() {
        if character == ':' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    for part in parts.iter_mut().skip(5).take(2) {
        "*".clone_into(part);
    }
    parts.join(":")
}

fn purls(identifiers: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    for part in [identifiers, identifiers.and_then(|i| i.get("v1"))].into_iter().flatten() {
        for purl in std::iter::once(part.get("purl")).flatten().chain(each(part.get("purls"))) {
            if let Some(purl) = purl.as_str() {
                add(&mut found, purl_without_version(cut(purl, MAXIMUM_TEXT)));
            }
        }
    }
    found
}

/// `pkg:TYPE/NAMESPACE/NAME?QUALIFIERS#SUBPATH`: the version stands before qualifiers and subpath.
fn purl_without_version(purl: &str) -> String {
    let end = purl.find(['?', '#']).unwrap_or(purl.len());
    let (name, rest) = purl.split_at_checked(end).unwrap_or((purl, ""));
    // A namespace may begin with `@`: only one after the last slash is a version's.
    match name.rfind('@').filter(|at| *at > name.rfind('/').map_or(0, |slash| slash + 1)) {
        Some(at) => format!("{}{rest}", name.get(..at).unwrap_or_default()),
        None => purl.to_owned(),
    }
}

fn add(list: &mut Vec<String>, text: String) {
    if list.len() < MAXIMUM_LIST && !list.contains(&text) {
        list.push(text);
    }
}

fn members(value: Option<&Value>) -> Vec<Person> {
    let mut people: Vec<Person> = each(value).iter().filter_map(person).collect();
    people.sort();
    people.dedup();
    people
}

fn person(value: &Value) -> Option<Person> {
    let person = match value {
        // `Name <address>`, as nixpkgs wrote it until 2018.
        Value::String(written) => {
            let (name, address) = written.split_once('<').unwrap_or((written, ""));
            let filled = |text: &str| {
                let text = text.trim();
                (!text.is_empty()).then(|| cut(text, MAXIMUM_TEXT).to_owned())
            };
            Person {
                name: filled(name),
                email: filled(address.trim_end().trim_end_matches('>')),
                ..Person::default()
            }
        }
        _ => Person {
            github_id: value.get("githubId").and_then(Value::as_i64).filter(|id| *id > 0),
            github: text(value.get("github")),
            name: text(value.get("name")),
            email: text(value.get("email")),
        },
    };
    (person != Person::default()).then_some(person)
}

fn teams(value: Option<&Value>) -> Vec<Team> {
    let mut teams: Vec<Team> = each(value)
        .iter()
        .filter_map(|team| {
            Some(Team {
                short_name: text(team.get("shortName"))?,
                github: text(team.get("github")),
                github_id: team.get("githubId").and_then(Value::as_i64).filter(|id| *id > 0),
                members: members(team.get("members")),
            })
        })
        .collect();
    teams.sort();
    teams.dedup();
    teams
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_and_lines_are_left_out() {
        let (first, _) = read(&json!({
            "position": "/nix/store/x-source/pkgs/a/default.nix:3",
            "identifiers": {
                "cpe": "cpe:2.3:a:a\\:b:y:1.2:rc1:*:*:*:*:*:*",
                "purl": "pkg:npm/@scope/y@1.2?arch=any",
                "v1": {"purls": ["pkg:npm/@scope/y@1.2?arch=any", "pkg:npm/@scope"]},
            }
        }));
        assert_eq!(first.position.as_deref(), Some("pkgs/a/default.nix"));
        assert_eq!(first.cpes, ["cpe:2.3:a:a\\:b:y:*:*:*:*:*:*:*:*"]);
        assert_eq!(first.purls, ["pkg:npm/@scope/y?arch=any", "pkg:npm/@scope"]);
    }

    #[test]
    fn who_is_only_in_a_team_is_not_named_beside_it() {
        let (ada, ben) = (json!({"githubId": 1, "github": "ada"}), json!({"githubId": 2, "name": "Ben"}));
        let (_, found) = read(&json!({
            "maintainers": [ada, ben],
            "nonTeamMaintainers": [ben, ben, {}, 7],
            "teams": [{"shortName": "Core", "githubId": 9, "members": [ada]}, {"github": "nameless"}],
        }));
        assert_eq!(found.people.iter().map(|p| p.github_id).collect::<Vec<_>>(), [Some(2)]);
        assert_eq!(
            found.teams.iter().map(|t| (t.short_name.as_str(), t.members.len())).collect::<Vec<_>>(),
            [("Core", 1)]
        );
        let (_, older) = read(&json!({"maintainers": ["Ada B. <ada@example.org>"]}));
        assert_eq!(older.people[0].name.as_deref(), Some("Ada B."));
        assert_eq!(older.people[0].email.as_deref(), Some("ada@example.org"));
    }

    #[test]
    fn any_type_anywhere_is_left_out() {
        for value in [
            json!(null),
            json!(3),
            json!([1]),
            json!({"maintainers": {"a": 1}, "license": [[]], "teams": "x",
            "homepage": 3, "identifiers": [1], "description": {}, "position": 4, "knownVulnerabilities": [null]}),
        ] {
            assert_eq!(read(&value), (Meta::default(), Maintainers::default()), "{value}");
        }
    }

    #[test]
    fn licences_of_all_shapes() {
        let (meta, _) =
            read(&json!({"license": ["x", {"spdxId": "MIT"}, {"fullName": "Own"}, {"free": false}]}));
        assert_eq!(meta.licences, ["x", "MIT", "Own"]);
    }
}
