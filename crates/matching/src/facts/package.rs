//! What is known of a package.

use super::cpe::CpeFacts;
use super::owners::Owners;
use crate::knowledge::{Family, Knowledge, Never, Software, curated_name};
use crate::package::Package;
use crate::set::PackageSet;
use crate::text::{Text, Texts};
use crate::vocabulary::{NAMES, SETS};
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use vulnerability::names::squash;
use vulnerability::purl::Purl;

/// What is known of a package, in the form that rules compare; made once for packages that no rule
/// can tell apart.
#[derive(Debug)]
pub(crate) struct PackageFacts<'a> {
    /// The package; the first of several.
    pub(crate) package: &'a Package,
    /// Its set.
    pub(crate) set: PackageSet,
    /// The name without the set's prefix.
    pub(crate) bare: &'a str,
    /// The same, squashed.
    pub(crate) name: String,
    /// How distributions spell its name, squashed: `pythonurllib3`.
    pub(crate) spellings: Vec<String>,
    /// The maker whose name its own begins with, and the rest, squashed: `apache` and `maven`.
    pub(crate) made: Option<(&'static str, String)>,
    /// What curated rules call it.
    pub(crate) curated_name: String,
    /// Who stands behind it, by its homepages and sources.
    pub(crate) owners: Owners,
    /// Its CPE names, but for texts that are none.
    pub(crate) cpes: Vec<CpeFacts>,
    /// Its package URLs, but for texts that are none.
    pub(crate) purls: Vec<&'a Purl>,
    /// Curated entries for it.
    pub(crate) software: Vec<&'a Software>,
    /// Curated families that it is of.
    pub(crate) families: Vec<&'a Family>,
    /// Curated rules against combinations with it.
    pub(crate) never: Vec<&'a Never>,
    /// Its version in the scheme of records.
    pub(crate) version: Text,
    /// Equal for the packages of one version, of those whose facts were made together.
    pub(crate) version_number: usize,
    /// The last day of support for the line of its version, if that is known.
    pub(crate) supported_until: Option<Date>,
}

impl<'a> PackageFacts<'a> {
    /// Collects the facts of packages that are matched together.
    pub(crate) fn of_all(
        packages: impl IntoIterator<Item = &'a Package>,
        knowledge: &'a Knowledge,
    ) -> Vec<Self> {
        let mut versions: FxHashMap<Text, usize> = FxHashMap::default();
        // Findings name their versions: texts are shared.
        let mut texts = Texts::default();
        let mut of = |package| {
            let version = texts.share(&knowledge.version_in_records(package));
            let next = versions.len();
            let number = *versions.entry(version.clone()).or_insert(next);
            Self::of(package, knowledge, version, number)
        };
        packages.into_iter().map(&mut of).collect()
    }

    fn of(package: &'a Package, knowledge: &'a Knowledge, version: Text, version_number: usize) -> Self {
        let (set, bare) = PackageSet::of(package);
        let curated_name = curated_name(package);
        let mut owners = Owners::default();
        for url in package.homepages.iter().chain(&package.source_urls) {
            owners.add_url(url);
        }
        let supported_until = knowledge.supported_until(&curated_name, &package.version);
        let mut software = knowledge.software_of(&curated_name);
        software.retain(|s| s.fits_version(&package.version));
        let never = knowledge.never_of(&curated_name, &package.version);
        let families = knowledge.families_of(&curated_name);
        let name = squash(bare);
        Self {
            package,
            set,
            bare,
            spellings: spellings(set, &name, &owners),
            made: (set == PackageSet::Top).then(|| made(bare)).flatten(),
            name,
            curated_name,
            owners,
            cpes: package.cpes.iter().filter_map(|cpe| cpe.value()).map(CpeFacts::of).collect(),
            purls: package.purls.iter().filter_map(|purl| purl.value()).collect(),
            software,
            families,
            never,
            version,
            version_number,
            supported_until,
        }
    }

    /// The names by which a statement may call the package, squashed; with repetitions.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let own = [self.name.clone(), squash(&self.package.pname)];
        let curated = self.software.iter().flat_map(|s| s.products.iter().cloned());
        let cpes = self.cpes.iter().map(|cpe| cpe.product.clone());
        let purls = self.purls.iter().map(|purl| squash(purl.name()));
        let repositories = self.owners.repositories_called(&self.name).map(str::to_owned);
        let curated_repositories = self.software.iter().flat_map(|s| s.repositories.iter().cloned());
        own.into_iter()
            .chain(curated)
            .chain(cpes)
            .chain(purls)
            .chain(repositories)
            .chain(curated_repositories)
            .chain(self.spellings.iter().cloned())
            .chain(self.made.iter().map(|(_, rest)| rest.clone()))
            .filter(|n| !n.is_empty())
    }

    /// The package's own source repositories: those that are called like it, and curated ones.
    pub(crate) fn repositories(&self) -> impl Iterator<Item = &str> {
        let curated = self.software.iter().flat_map(|s| s.repositories.iter().map(String::as_str));
        self.owners.repositories_called(&self.name).chain(curated)
    }
}

/// How distributions spell the name of a package of this set.
fn spellings(set: PackageSet, name: &str, owners: &Owners) -> Vec<String> {
    let of_set = SETS.distribution_prefixes.iter().filter(|p| p.set == set);
    let mut out: Vec<String> =
        of_set.filter(|p| !name.starts_with(&p.prefix)).map(|p| format!("{}{name}", p.prefix)).collect();
    if set == PackageSet::Top {
        // "golang-github-prometheus-promu".
        out.extend(owners.repositories_called(name).map(|repository| {
            let (host, path) = repository.split_once('/').unwrap_or(("", repository));
            squash(&format!("golang{}{path}", host.split('.').next().unwrap_or("")))
        }));
    }
    out
}

/// The maker whose name a package's begins with, and the rest: `apache` and `maven`, or `gnu` and
/// `make` of `gnumake`.
fn made(bare: &str) -> Option<(&'static str, String)> {
    let lower = bare.to_ascii_lowercase();
    let (maker, rest) = match lower.split_once(['-', '_']) {
        Some(parts) => parts,
        None => ("gnu", lower.strip_prefix("gnu")?),
    };
    let rest = squash(rest);
    // `gnupg` and `gnutls` are names of their own, and no maker has a "pg".
    (rest.len() > 2).then(|| NAMES.makers.get(maker)).flatten().map(|maker| (maker, rest))
}
