//! The vocabulary that rules read records with: hosting sites, words that name nobody, phrases that
//! limit a flaw.
//!
//! It stands as data in `knowledge/vocabulary/*.toml`, is compiled in, and is parsed once, when a
//! rule first needs it. It is no part of [`Knowledge`](crate::Knowledge), which users extend: it
//! describes how records are written, not what is true of a software, and what is made from it
//! (such as [`Owners`](crate::facts::owners::Owners)) must not depend on the caller.

mod phrases;
mod set;

pub(crate) use set::PackageSet;

use phrases::{Keyed, KeyedPhrases, Phrases, Texts, Words};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

pub(crate) static SITES: LazyLock<Sites> =
    LazyLock::new(|| read("sites.toml", include_str!("../knowledge/vocabulary/sites.toml")));
pub(crate) static SETS: LazyLock<Sets> =
    LazyLock::new(|| read("sets.toml", include_str!("../knowledge/vocabulary/sets.toml")));
pub(crate) static NAMES: LazyLock<Names> =
    LazyLock::new(|| read("names.toml", include_str!("../knowledge/vocabulary/names.toml")));
pub(crate) static RELATED: LazyLock<Related> =
    LazyLock::new(|| read("related.toml", include_str!("../knowledge/vocabulary/related.toml")));
pub(crate) static SYSTEMS: LazyLock<Systems> =
    LazyLock::new(|| read("systems.toml", include_str!("../knowledge/vocabulary/systems.toml")));
pub(crate) static VERSIONS: LazyLock<Versions> =
    LazyLock::new(|| read("versions.toml", include_str!("../knowledge/vocabulary/versions.toml")));

/// A table that is compiled in. A broken one is a broken program, which the tests do not let pass.
fn read<T: DeserializeOwned>(file: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("knowledge/vocabulary/{file}: {error}"))
}

/// What hosts and paths of URLs say. Each field is described where its data is, here and below.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sites {
    pub(crate) hosting: Words,
    pub(crate) hosting_labels: Words,
    pub(crate) empty_labels: Words,
    pub(crate) second_level: Words,
    pub(crate) site_endings: Words,
    pub(crate) project_paths: Vec<ProjectPath>,
    pub(crate) collections: Keyed<PackageSet>,
    pub(crate) distribution_collections: Texts,
}

/// Where a hosting site has the name of a project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectPath {
    host: String,
    below: String,
}

impl Sites {
    /// The project that a path on a host names.
    pub(crate) fn project<'p>(&self, host: &str, path: &[&'p str]) -> Option<&'p str> {
        let mut on_host = self.project_paths.iter().filter(|place| place.host == host);
        on_host.find_map(|place| project_below(path, &place.below))
    }
}

/// The segment of a path behind the one that is named, or the first if none is.
fn project_below<'p>(path: &[&'p str], below: &str) -> Option<&'p str> {
    match path {
        [first, ..] if below.is_empty() => Some(first),
        [first, name, ..] if *first == below => Some(name),
        _ => None,
    }
}

/// How package sets are recognised.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sets {
    pub(crate) whole_attributes: FxHashMap<String, PackageSet>,
    pub(crate) extension_endings: Texts,
    pub(crate) attributes: Keyed<PackageSet>,
    pub(crate) kernel_itself: Words,
    pub(crate) names: Vec<NameStem>,
    pub(crate) target_software: FxHashMap<String, PackageSet>,
    pub(crate) distribution_prefixes: Vec<Prefix>,
}

/// How the names of derivations of a set begin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameStem {
    pub(crate) stem: String,
    pub(crate) set: PackageSet,
    #[serde(default)]
    pub(crate) unversioned: bool,
}

/// How distributions begin the names of a set's packages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prefix {
    pub(crate) prefix: String,
    pub(crate) set: PackageSet,
}

/// Words in names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Names {
    pub(crate) no_product: Words,
    pub(crate) no_vendor: Words,
    pub(crate) empty_vendor_words: Words,
    pub(crate) neutral_product_words: Words,
    pub(crate) distribution_products: Texts,
    pub(crate) communities: Words,
    pub(crate) makers: Words,
    pub(crate) common_words: Words,
}

/// Products that bear the name of a software without being it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Related {
    pub(crate) applications: Words,
    pub(crate) plugin_sets: FxHashMap<String, PackageSet>,
    pub(crate) plugin_phrases: KeyedPhrases,
    pub(crate) plugin_collections: Keyed<String>,
    pub(crate) plugin_vendors: Keyed<String>,
    pub(crate) add_ons: Texts,
    pub(crate) made_for: Texts,
    pub(crate) languages: Vec<Language>,
    pub(crate) hosted: Texts,
    pub(crate) hosted_packages: Texts,
    pub(crate) language_parts: Words,
}

/// A language that a product may have a part for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    pub(crate) word: String,
    /// The package set of that part.
    pub(crate) set: Option<PackageSet>,
}

/// Other operating systems.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Systems {
    pub(crate) targets: Texts,
    pub(crate) names: KeyedPhrases,
    pub(crate) linux_too: Phrases,
    pub(crate) machines: Texts,
    pub(crate) only: Texts,
    pub(crate) verbs: Texts,
    pub(crate) not_the_software: Words,
}

/// Which versions are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Versions {
    pub(crate) others_too: Phrases,
    pub(crate) up_to_before: Texts,
    pub(crate) up_to_behind: Texts,
    pub(crate) of_distributions: Texts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sound() {
        let Sites { project_paths, hosting, .. } = &*SITES;
        for (index, place) in project_paths.iter().enumerate() {
            let same = |other: &ProjectPath| (&other.host, &other.below) == (&place.host, &place.below);
            assert!(!project_paths[..index].iter().any(same), "{place:?} stands twice");
        }
        assert!(hosting.contains("github.com"));
        let Sets { names, .. } = &*SETS;
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].iter().any(|n| n.stem == name.stem), "{name:?} stands twice");
        }
        let Related { languages, plugin_sets, applications, .. } = &*RELATED;
        for (index, language) in languages.iter().enumerate() {
            assert!(!languages[..index].iter().any(|l| l.word == language.word), "{language:?} stands twice");
        }
        assert!(plugin_sets.keys().all(|application| applications.contains(application)));
        assert!(NAMES.no_product.contains("n/a"));
        assert!(SYSTEMS.linux_too.are_in("foo on linux"));
        assert!(VERSIONS.others_too.are_in("foo before 1.2"));
    }

    #[test]
    fn unknown_keys_and_repetitions_are_refused() {
        let names = |change: &str| {
            let text = "no-product = [\"n/a\"]\nno-vendor = []\nempty-vendor-words = []\nneutral-product-words = []\n\
                        distribution-products = []\ncommunities = []\nmakers = []\ncommon-words = []\n";
            toml::from_str::<Names>(&text.replace("[\"n/a\"]", change)).map_err(|error| error.to_string())
        };
        names("[\"n/a\"]").unwrap();
        assert!(names("[]\nno-products = []").unwrap_err().contains("unknown field `no-products`"));
        assert!(names("[\"a\", \"b\", \"a\"]").unwrap_err().contains("`a` stands twice"));
        assert!(names("[\"\"]").unwrap_err().contains("empty"));
    }

    #[test]
    fn projects_in_paths() {
        let project = |host: &str, path: &[&'static str]| SITES.project(host, path);
        assert_eq!(project("sourceforge.net", &["p", "edk2", "code"]), Some("edk2"));
        assert_eq!(project("sourceforge.net", &["edk2"]), None);
        assert_eq!(project("launchpad.net", &["projects", "a"]), Some("a"));
        assert_eq!(project("launchpad.net", &["a", "trunk"]), Some("a"));
        assert_eq!(project("gnu.org", &["software", "libc"]), Some("libc"));
        assert_eq!(project("example.org", &["software", "libc"]), None);
    }
}
