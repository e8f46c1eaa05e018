//! Curated knowledge: what people have found out once and the program should not have to guess
//! again.
//!
//! Written in TOML (see `knowledge/*.toml` in this crate for what is built in). Unknown keys are
//! errors, so that a misspelt rule does not silently do nothing.

mod entries;
mod error;

use crate::package::Package;
use crate::set::PackageSet;
pub(crate) use entries::{CuratedStatement, Family, Never, Software};
use entries::{File, Member, Support, Vendor, VersionNote};
pub use error::{KnowledgeError, TomlProblem};
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};
use vulnerability::CveId;
use vulnerability::names::squash;

/// All curated knowledge, indexed for the matcher. The default is none at all.
///
/// ```
/// let mut knowledge = matching::Knowledge::built_in()?;
/// let more = r#"
///     [[never]]
///     packages = ["gradio"]
///     products = ["gradio"]
///     reason = "the radio player, not the Python web framework"
/// "#;
/// knowledge.add("mine.toml", more)?;
/// let error = knowledge.add("mine.toml", "[[never]]\npackage = []").unwrap_err();
/// assert!(error.to_string().starts_with("mine.toml: line 2, column 1: unknown field `package`"));
/// # Ok::<(), matching::KnowledgeError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    software: Vec<Software>,
    by_package: FxHashMap<String, Vec<usize>>,
    wildcards: Vec<(String, usize)>,
    families: Vec<Family>,
    never: Vec<Never>,
    statements: FxHashMap<CveId, Vec<CuratedStatement>>,
    versions: FxHashMap<String, VersionNote>,
    generic: FxHashSet<String>,
    distributions: FxHashSet<String>,
    support: Vec<Support>,
    vendors: Vec<Vendor>,
}

/// How the vendors of a product write their records, where that is a rule of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conventions {
    /// The record's texts name no other system, no part for a language and no add-on: they are not
    /// read for those.
    pub(crate) texts_limit_nothing: bool,
    /// A range with only an upper end is of one line of releases. The vendor's name.
    pub(crate) one_range_a_line: Option<String>,
}

const BUILT_IN: &[(&str, &str)] = &[
    ("knowledge/classes.toml", include_str!("../knowledge/classes.toml")),
    ("knowledge/software.toml", include_str!("../knowledge/software.toml")),
    ("knowledge/vendors.toml", include_str!("../knowledge/vendors.toml")),
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
            problem: TomlProblem::new(text, error.message(), error.span()),
        })?;
        let rule = |table, index: usize, problem| {
            Err(KnowledgeError::Rule { file: file.to_owned(), table, index: index + 1, problem })
        };
        for (i, software) in parsed.software.iter().enumerate() {
            if software.packages.is_empty() || software.products.is_empty() {
                return rule("software", i, "`packages` and `products` must not be empty");
            }
        }
        for (i, family) in parsed.family.iter().enumerate() {
            if family.products.is_empty()
                || family.members.iter().any(|m| m.packages.is_empty() || m.words.is_empty())
            {
                return rule("family", i, "`products`, `packages` and `words` must not be empty");
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
        for (i, vendor) in parsed.vendor.iter().enumerate() {
            if vendor.spellings.iter().all(|spelling| squash(spelling).is_empty()) {
                return rule("vendor", i, "`spellings` must have letters or digits");
            }
            if !vendor.texts_limit_nothing && !vendor.one_range_a_line {
                return rule(
                    "vendor",
                    i,
                    "give `texts-limit-nothing` or `one-range-a-line`, or it does nothing",
                );
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
            software.repositories.iter_mut().for_each(|r| r.make_ascii_lowercase());
            self.software.push(software);
        }
        for mut family in parsed.family {
            family.products.iter_mut().for_each(|name| *name = squash(name));
            for member in &mut family.members {
                member.packages.iter_mut().for_each(|p| p.make_ascii_lowercase());
            }
            self.families.push(family);
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
        self.support.extend(parsed.support.into_iter().map(|mut support| {
            support.packages.iter_mut().for_each(|p| p.make_ascii_lowercase());
            support
        }));
        for note in parsed.version {
            for package in note.packages.clone() {
                self.versions.insert(package, note.clone());
            }
        }
        for mut vendor in parsed.vendor {
            for spelling in vendor.spellings.iter_mut().chain(&mut vendor.products_without) {
                let rest = if spelling.ends_with('*') { "*" } else { "" };
                *spelling = squash(spelling) + rest;
            }
            vendor.spellings.retain(|spelling| !spelling.is_empty() && spelling != "*");
            self.vendors.push(vendor);
        }
        self.generic.extend(parsed.generic_names.iter().map(|n| squash(n)));
        self.distributions.extend(parsed.distributions.iter().map(|n| squash(n)));
        Ok(())
    }

    /// The software entries that list this package, by its [`curated_name`].
    pub(crate) fn software_of(&self, name: &str) -> Vec<&Software> {
        let exact = self.by_package.get(name).into_iter().flatten();
        let wild =
            self.wildcards.iter().filter(|(start, _)| name.starts_with(start.as_str())).map(|(_, i)| i);
        exact.chain(wild).filter_map(|i| self.software.get(*i)).collect()
    }

    /// The families that the package of this [`curated_name`] is of.
    pub(crate) fn families_of(&self, name: &str) -> Vec<&Family> {
        self.families.iter().filter(|f| f.members.iter().any(|m| m.has(name))).collect()
    }

    /// The rules that forbid combinations with a package of this [`curated_name`] and version.
    pub(crate) fn never_of(&self, name: &str, version: &str) -> Vec<&Never> {
        let about =
            |n: &&Never| n.packages.iter().any(|p| names(p, name)) && version.contains(&n.version_contains);
        self.never.iter().filter(about).collect()
    }

    /// Curated statements on this CVE and package (by its [`curated_name`]), whatever the version.
    pub(crate) fn statements<'a>(
        &'a self,
        cve: CveId,
        name: &'a str,
    ) -> impl Iterator<Item = &'a CuratedStatement> {
        let of_cve = self.statements.get(&cve).into_iter().flatten();
        of_cve.filter(move |s| s.packages.iter().any(|p| names(p, name)))
    }

    /// The last day on which the maker supported the line of this version, if that is known. `name`
    /// is the package's [`curated_name`].
    pub(crate) fn supported_until(&self, name: &str, version: &str) -> Option<Date> {
        let of_line = |line: &str| {
            version.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = |s: &&Support| s.packages.iter().any(|p| names(p, name)) && of_line(&s.line);
        self.support.iter().find(found).map(|s| s.until)
    }

    /// The package's version in the scheme that records use.
    pub(crate) fn version_in_records(&self, package: &Package) -> String {
        let mut version = package.version.as_str();
        let Some(note) = self.versions.get(package.pname.as_str()) else { return version.to_owned() };
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
        if note.java {
            version = java_release(&version);
        }
        note.inside(&version).unwrap_or(version)
    }

    /// Whether a (squashed) name is a common word that many programs carry.
    pub(crate) fn is_generic(&self, name: &str) -> bool {
        name.len() < 3 || self.generic.contains(name)
    }

    /// Whether a (squashed) vendor name is a distribution, whose versions are its own.
    pub(crate) fn is_distribution(&self, vendor: &str) -> bool {
        self.distributions.contains(vendor)
    }

    /// The conventions of vendors by their (squashed) names. Of several the first decides.
    pub(crate) fn conventions(&self, vendors: &[String], products: &[String]) -> Conventions {
        let called = |rule: &&Vendor| {
            let without =
                |product: &String| rule.products_without.iter().any(|spelling| names(spelling, product));
            !products.iter().any(without)
                && vendors.iter().any(|vendor| rule.spellings.iter().any(|spelling| names(spelling, vendor)))
        };
        let mut conventions = Conventions::default();
        for rule in self.vendors.iter().filter(called) {
            conventions.texts_limit_nothing |= rule.texts_limit_nothing;
            if rule.one_range_a_line && conventions.one_range_a_line.is_none() {
                conventions.one_range_a_line = Some(rule.name.clone());
            }
        }
        conventions
    }
}

/// What rules call a package: its pname in lower case, and in a language's set the bare name after
/// the set's: `python:django`.
pub(crate) fn curated_name(package: &Package) -> String {
    match PackageSet::of(package) {
        (PackageSet::Top, bare) => bare.to_ascii_lowercase(),
        (set, bare) => format!("{}:{}", set.name(), bare.to_ascii_lowercase()),
    }
}

impl Member {
    /// Whether the package of this [`curated_name`] is one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.packages.iter().any(|p| names(p, name))
    }
}

/// Whether a rule's pattern (lower case) names this package or vendor.
fn names(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// A version of Java as records number it: up to release 8 the release and its update (`8u202`),
/// then as it is, both without the build.
fn java_release(version: &str) -> String {
    let version = version.split(['+', '-']).next().unwrap_or(version);
    let old = |release: &str, update: &str| {
        let end = update.find(|c: char| !c.is_ascii_digit()).unwrap_or(update.len());
        let update = update.get(..end).unwrap_or(update).trim_start_matches('0');
        if update.is_empty() { release.to_owned() } else { format!("{release}u{update}") }
    };
    if let Some(rest) = version.strip_prefix("1.") {
        let (release, rest) = rest.split_once('.').unwrap_or((rest, ""));
        return old(release, rest.split_once('_').map_or("", |(_, update)| update));
    }
    if let Some((release, update)) = version.split_once('u') {
        return old(release, update);
    }
    match version.split('.').collect::<Vec<_>>()[..] {
        [release @ ("6" | "7" | "8"), "0", update] => old(release, update),
        _ => version.to_owned(),
    }
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
    fn built_in_names_stand_once() {
        for (file, text) in BUILT_IN {
            let File { generic_names, distributions, vendor, .. } = toml::from_str(text).unwrap();
            let vendors = vendor.into_iter().flat_map(|v| v.spellings).collect();
            for names in [generic_names, distributions, vendors] {
                let distinct: FxHashSet<&String> = names.iter().collect();
                assert_eq!(distinct.len(), names.len(), "{file}");
            }
        }
    }

    #[test]
    fn vendors_have_conventions() {
        let knowledge = Knowledge::built_in().unwrap();
        let of = |vendors: &[&str], product: &str| {
            let vendors: Vec<String> = vendors.iter().map(|v| (*v).to_owned()).collect();
            knowledge.conventions(&vendors, &[product.to_owned()])
        };
        assert_eq!(of(&["acme", "linuxfoundation"], "linux"), Conventions::default());
        assert!(of(&["acme", "linux"], "linux").texts_limit_nothing);
        let oracle = |product| of(&["oraclecorporation"], product).one_range_a_line;
        assert_eq!(oracle("mysqlserver").as_deref(), Some("Oracle"));
        assert_eq!(oracle("globallifecyclemanagementopatch"), None, "one line of all");
        assert_eq!(oracle("siebelcrm"), None);
    }

    #[test]
    fn a_vendor_rule_must_do_something() {
        let error = |rule: &str| {
            let text = format!("[[vendor]]\nname = \"X\"\nreason = \"y\"\n{rule}");
            Knowledge::default().add("mine.toml", &text).unwrap_err().to_string()
        };
        assert!(error("spellings = [\"*\"]\none-range-a-line = true").contains("`spellings`"));
        assert!(error("spellings = [\"x\"]").contains("does nothing"));
    }

    #[test]
    fn days_are_checked() {
        let add = |until: &str| {
            let text =
                format!("[[support]]\npackages = [\"a\"]\nline = \"1\"\nsource = \"x\"\nuntil = \"{until}\"");
            Knowledge::default().add("mine.toml", &text).map_err(|error| error.to_string())
        };
        add("2023-10-31").unwrap();
        for wrong in ["2023-13-01", "2023-10", "31 October 2023"] {
            let error = add(wrong).unwrap_err();
            assert!(error.contains("line 5") && error.contains("must be a day"), "{error}");
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
        knowledge.add("t", "[[version]]\npackages = [\"jdk\"]\njava = true\nreason = \"builds\"").unwrap();
        for (version, release) in [
            ("8u202", "8u202"),
            ("8u202-ga", "8u202"),
            ("8u202b08", "8u202"),
            ("1.8.0_202", "8u202"),
            ("8.0.202", "8u202"),
            ("1.8.0", "8"),
            ("10.0.1-b10", "10.0.1"),
            ("11.0.14+9", "11.0.14"),
            ("21", "21"),
        ] {
            assert_eq!(knowledge.version_in_records(&package("jdk", version)), release, "{version}");
        }
    }

    #[test]
    fn an_sdk_has_the_version_of_its_runtime() {
        let knowledge = Knowledge::built_in().unwrap();
        // As the release notes of .NET give them.
        for (sdk, runtime) in [
            ("6.0.428", "6.0.36"),
            ("7.0.302", "7.0.5"),
            ("7.0.300", "7.0.5"),
            ("8.0.100", "8.0.0"),
            ("8.0.201", "8.0.2"),
            ("8.0.303", "8.0.7"),
            ("8.0.402", "8.0.8"),
            ("8.0.403", "8.0.10"),
            ("9.0.100", "9.0.0"),
            ("9.0.101", "9.0.0"),
            ("9.0.310", "9.0.12"),
            // Of no known band, and what is no number.
            ("5.0.408", "5.0.408"),
            ("8.0.999999999999", "8.0.999999999999"),
            ("8.0.100-rc.2", "8.0.100-rc.2"),
        ] {
            let package = Package { pname: "dotnet-sdk".into(), version: sdk.into(), ..Package::default() };
            assert_eq!(knowledge.version_in_records(&package), runtime, "{sdk}");
        }
    }
}
