//! Curated knowledge: what people have found out once and the program should not have to guess again.
//!
//! Written in TOML (see `knowledge/*.toml` in this crate for what is built in). Unknown keys are errors, so that a
//! misspelt rule does not silently do nothing.

use crate::finding::FindingStatus;
use crate::owners::squash;
use crate::package::Package;
use crate::set::PackageSet;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use vulnerability::CveId;

/// All curated knowledge, indexed for the matcher.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    software: Vec<Software>,
    by_package: FxHashMap<String, Vec<usize>>,
    wildcards: Vec<(String, usize)>,
    never: Vec<Never>,
    statements: FxHashMap<CveId, Vec<CuratedStatement>>,
    versions: FxHashMap<String, VersionNote>,
    generic: Vec<String>,
    distributions: Vec<String>,
    support: Vec<Support>,
}

/// One file of curated knowledge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    software: Vec<Software>,
    never: Vec<Never>,
    statement: Vec<CuratedStatement>,
    version: Vec<VersionNote>,
    support: Vec<Support>,
    generic_names: Vec<String>,
    distributions: Vec<String>,
}

/// Which names in records mean which packages. A record that uses one of the product names under a vendor that is not
/// listed speaks of other software.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Software {
    /// The packages, by pname in any case; `*` at the end stands for any rest. A package of a language's set is
    /// written with the set and its bare name, such as `python:django`.
    pub packages: Vec<String>,
    /// Product names in records, in any spelling.
    pub products: Vec<String>,
    /// Vendors in records, in any spelling. Empty: any vendor, because the product name is unmistakable.
    #[serde(default)]
    pub vendors: Vec<String>,
    /// Only packages whose version contains this text, such as `esr`.
    #[serde(default)]
    pub version_contains: String,
    /// Only packages whose version does not contain this text.
    #[serde(default)]
    pub version_lacks: String,
    /// Why, if it is not obvious.
    #[serde(default)]
    pub reason: String,
}

impl Software {
    /// Whether the entry is about packages of this version.
    pub fn fits_version(&self, version: &str) -> bool {
        (self.version_contains.is_empty() || version.contains(&self.version_contains))
            && (self.version_lacks.is_empty() || !version.contains(&self.version_lacks))
    }
}

/// A combination that never matches. All parts that are given must fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Never {
    /// The packages, by pname, as in [`Software`].
    pub packages: Vec<String>,
    /// One CVE.
    pub cve: Option<CveId>,
    /// Product names.
    #[serde(default)]
    pub products: Vec<String>,
    /// Vendors.
    #[serde(default)]
    pub vendors: Vec<String>,
    /// Only packages whose version contains this text, such as `cudnn`.
    #[serde(default)]
    pub version_contains: String,
    /// Why.
    pub reason: String,
}

impl Never {
    /// Whether it forbids its packages to match this CVE and these names, which are squashed.
    pub fn covers(&self, cve: CveId, products: &[String], vendors: &[String]) -> bool {
        let any =
            |wanted: &[String], have: &[String]| wanted.is_empty() || wanted.iter().any(|w| have.contains(w));
        self.cve.is_none_or(|c| c == cve) && any(&self.products, products) && any(&self.vendors, vendors)
    }
}

/// A statement about one CVE and some packages, such as "not affected: built without the feature".
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CuratedStatement {
    /// The CVE.
    pub cve: CveId,
    /// The packages, by pname, as in [`Software`].
    pub packages: Vec<String>,
    /// The versions, as a range such as `>= 1.0, < 1.4.2`; empty means all.
    #[serde(default)]
    pub versions: String,
    /// What is true.
    pub status: CuratedStatus,
    /// Why.
    pub reason: String,
}

/// Statuses that may be curated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CuratedStatus {
    /// Affected.
    Affected,
    /// Not affected.
    NotAffected,
    /// Fixed, for instance by a backport.
    Fixed,
}

impl From<CuratedStatus> for FindingStatus {
    fn from(status: CuratedStatus) -> Self {
        match status {
            CuratedStatus::Affected => Self::Affected,
            CuratedStatus::NotAffected => Self::NotAffected,
            CuratedStatus::Fixed => Self::Fixed,
        }
    }
}

/// How a package's version relates to the versions in records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VersionNote {
    /// The packages, by exact pname.
    pub packages: Vec<String>,
    /// Text to take away at the start.
    #[serde(default)]
    pub strip_prefix: String,
    /// Characters after which the rest is nixpkgs' own, such as `-` in glibc's `2.26-131`; empty means none.
    #[serde(default)]
    pub cut_at: String,
    /// Replacements from left to right, such as `_` by `.`.
    #[serde(default)]
    pub replace: Vec<(String, String)>,
    /// Releases that came before the first version in the present scheme sort before everything: their pattern is
    /// "no dot inside".
    #[serde(default)]
    pub undotted_is_older: bool,
    /// Why.
    pub reason: String,
}

/// Until when a maker looked after a line of releases. Records that name only supported lines say nothing of it later.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Support {
    /// The packages, by pname, as in [`Software`].
    pub packages: Vec<String>,
    /// The line: the versions that are this text or begin with it and a dot.
    pub line: String,
    /// The last day of support, as `YYYY-MM-DD`.
    pub until: String,
    /// Where that is written.
    pub source: String,
}

/// Why a knowledge file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// Not TOML, or not of the expected form; the message tells line and column.
    #[error("{file}: {problem}")]
    Toml {
        /// The file as the caller calls it.
        file: String,
        /// What is wrong and where.
        problem: String,
    },
    /// A rule that would do nothing or everything.
    #[error("{file}: [[{table}]] number {index}: {problem}")]
    Rule {
        /// The file as the caller calls it.
        file: String,
        /// The table.
        table: &'static str,
        /// Which one, from 1.
        index: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

/// What is wrong with a TOML text and where, on one line: the text itself, which the error would show, may be endless.
pub fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let message: String = error.message().chars().take(300).collect();
    let Some(before) = error.span().and_then(|span| text.as_bytes().get(..span.start)) else {
        return message;
    };
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().len() + 1;
    format!("line {line}, column {column}: {message}")
}

const BUILT_IN: &[(&str, &str)] = &[
    ("knowledge/classes.toml", include_str!("../knowledge/classes.toml")),
    ("knowledge/software.toml", include_str!("../knowledge/software.toml")),
    ("knowledge/versions.toml", include_str!("../knowledge/versions.toml")),
];

impl Knowledge {
    /// The project's own knowledge.
    ///
    /// # Errors
    /// Only if a built-in file is broken, which a test excludes.
    pub fn built_in() -> Result<Self, KnowledgeError> {
        let mut knowledge = Self::default();
        for (file, text) in BUILT_IN {
            knowledge.add(file, text)?;
        }
        Ok(knowledge)
    }

    /// Adds one more file. `file` is what errors call it.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), KnowledgeError> {
        let parsed: File = toml::from_str(text).map_err(|error| KnowledgeError::Toml {
            file: file.to_owned(),
            problem: toml_problem(text, &error),
        })?;
        let rule = |table, index: usize, problem| {
            Err(KnowledgeError::Rule { file: file.to_owned(), table, index: index + 1, problem })
        };
        for (i, software) in parsed.software.iter().enumerate() {
            if software.packages.is_empty() || software.products.is_empty() {
                return rule("software", i, "`packages` and `products` must not be empty");
            }
        }
        for (i, never) in parsed.never.iter().enumerate() {
            if never.cve.is_none() && never.products.is_empty() && never.vendors.is_empty() {
                return rule("never", i, "give `cve`, `products` or `vendors`, or it would hide everything");
            }
        }
        for (i, statement) in parsed.statement.iter().enumerate() {
            if statement.packages.is_empty() {
                return rule("statement", i, "`packages` must not be empty");
            }
        }
        for mut software in parsed.software {
            let index = self.software.len();
            for package in &software.packages {
                let package = package.to_ascii_lowercase();
                match package.strip_suffix('*') {
                    Some(start) => self.wildcards.push((start.to_owned(), index)),
                    None => self.by_package.entry(package).or_default().push(index),
                }
            }
            for name in software.products.iter_mut().chain(&mut software.vendors) {
                *name = squash(name);
            }
            self.software.push(software);
        }
        for mut never in parsed.never {
            for name in never.products.iter_mut().chain(&mut never.vendors) {
                *name = squash(name);
            }
            never.packages.iter_mut().for_each(|p| p.make_ascii_lowercase());
            self.never.push(never);
        }
        for mut statement in parsed.statement {
            statement.packages.iter_mut().for_each(|p| p.make_ascii_lowercase());
            self.statements.entry(statement.cve).or_default().push(statement);
        }
        for (i, support) in parsed.support.iter().enumerate() {
            let date = support.until.split('-').map(str::len).eq([4, 2, 2]);
            if !date || !support.until.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
                return rule("support", i, "`until` must be a day, as `2023-10-31`");
            }
        }
        self.support.extend(parsed.support.into_iter().map(|mut support| {
            support.packages.iter_mut().for_each(|p| p.make_ascii_lowercase());
            support
        }));
        for note in parsed.version {
            for package in note.packages.clone() {
                self.versions.insert(package, note.clone());
            }
        }
        self.generic.extend(parsed.generic_names.iter().map(|n| squash(n)));
        self.distributions.extend(parsed.distributions.iter().map(|n| squash(n)));
        Ok(())
    }

    /// The software entries that list this package, by its [`curated_name`].
    pub fn software_of(&self, name: &str) -> Vec<&Software> {
        let exact = self.by_package.get(name).into_iter().flatten();
        let wild =
            self.wildcards.iter().filter(|(start, _)| name.starts_with(start.as_str())).map(|(_, i)| i);
        exact.chain(wild).filter_map(|i| self.software.get(*i)).collect()
    }

    /// The rules that forbid combinations with a package of this [`curated_name`] and version.
    pub fn never_of(&self, name: &str, version: &str) -> Vec<&Never> {
        let about =
            |n: &&Never| n.packages.iter().any(|p| names(p, name)) && version.contains(&n.version_contains);
        self.never.iter().filter(about).collect()
    }

    /// Curated statements on this CVE and package (by its [`curated_name`]), whatever the version.
    pub fn statements<'a>(&'a self, cve: CveId, name: &'a str) -> impl Iterator<Item = &'a CuratedStatement> {
        let of_cve = self.statements.get(&cve).into_iter().flatten();
        of_cve.filter(move |s| s.packages.iter().any(|p| names(p, name)))
    }

    /// The last day (`YYYY-MM-DD`) on which the maker looked after the line of this version, if that is known. `name` is
    /// the package's [`curated_name`].
    pub fn supported_until(&self, name: &str, version: &str) -> Option<&str> {
        let of_line = |line: &str| {
            version.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = |s: &&Support| s.packages.iter().any(|p| names(p, name)) && of_line(&s.line);
        self.support.iter().find(found).map(|s| s.until.as_str())
    }

    /// The package's version in the scheme that records use.
    pub fn version_in_records(&self, package: &Package) -> String {
        let mut version = package.version.as_str();
        let Some(note) = self.versions.get(&package.pname) else { return version.to_owned() };
        version = version.strip_prefix(note.strip_prefix.as_str()).unwrap_or(version);
        if !note.cut_at.is_empty() {
            version = version.split(|c| note.cut_at.contains(c)).next().unwrap_or(version);
        }
        let mut version = version.to_owned();
        for (from, to) in &note.replace {
            version = version.replace(from.as_str(), to);
        }
        if note.undotted_is_older && !version.contains('.') {
            version.insert_str(0, "0.");
        }
        version
    }

    /// Whether a (squashed) name is a common word that many programs carry.
    pub fn is_generic(&self, name: &str) -> bool {
        name.len() < 3 || self.generic.iter().any(|g| g == name)
    }

    /// Whether a (squashed) vendor name is a distribution, whose versions are its own.
    pub fn is_distribution(&self, vendor: &str) -> bool {
        self.distributions.iter().any(|d| d == vendor)
    }
}

/// What rules call a package: its pname in lower case, and in a language's set the bare name after the set's:
/// `python:django`.
pub fn curated_name(package: &Package) -> String {
    match PackageSet::of(package) {
        (PackageSet::Top, bare) => bare.to_ascii_lowercase(),
        (set, bare) => format!("{}:{}", set.name(), bare.to_ascii_lowercase()),
    }
}

/// Whether a rule's package pattern (lower case) names this package.
fn names(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_knowledge_is_sound() {
        let knowledge = Knowledge::built_in().unwrap();
        assert!(knowledge.software.len() > 50);
        for software in &knowledge.software {
            assert!(software.products.iter().all(|p| !p.is_empty()), "{software:?}");
            assert!(software.vendors.iter().all(|v| !v.is_empty()), "{software:?}");
        }
    }

    #[test]
    fn broken_files_say_where() {
        let mut knowledge = Knowledge::default();
        let error = knowledge
            .add("mine.toml", "[[software]]\npackages = [\"a\"]\nprodcts = []")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("mine.toml: ") && error.contains("line"), "{error}");
        let error = knowledge
            .add("mine.toml", "[[never]]\npackages = [\"a\"]\nreason = \"x\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("[[never]] number 1"), "{error}");
    }

    #[test]
    fn versions_are_brought_into_the_records_scheme() {
        let mut knowledge = Knowledge::default();
        let text = "[[version]]\npackages = [\"icu4c\"]\nreplace = [[\"_\", \".\"]]\nreason = \"tags\"\n\
                    [[version]]\npackages = [\"coredns\"]\nundotted-is-older = true\nreason = \"005 precedes 1.0\"";
        knowledge.add("t", text).unwrap();
        let package = |pname: &str, version: &str| Package {
            pname: pname.into(),
            version: version.into(),
            ..Package::default()
        };
        assert_eq!(knowledge.version_in_records(&package("icu4c", "59_1")), "59.1");
        assert_eq!(knowledge.version_in_records(&package("coredns", "005")), "0.005");
        assert_eq!(knowledge.version_in_records(&package("coredns", "1.8.0")), "1.8.0");
    }
}
