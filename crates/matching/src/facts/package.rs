//! What is known of a package.

use super::cpe::CpeFacts;
use super::owners::Owners;
use crate::knowledge::{Knowledge, Never, Software, curated_name};
use crate::package::Package;
use crate::set::PackageSet;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use vulnerability::CveId;
use vulnerability::names::squash;
use vulnerability::purl::Purl;

/// What is known of a package, in the form that rules compare; made once a package.
#[derive(Debug)]
pub(crate) struct PackageFacts<'a> {
    /// The package.
    pub(crate) package: &'a Package,
    /// Its set.
    pub(crate) set: PackageSet,
    /// The name without the set's prefix.
    pub(crate) bare: &'a str,
    /// The same, squashed.
    pub(crate) name: String,
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
    /// Curated rules against combinations with it.
    pub(crate) never: Vec<&'a Never>,
    /// CVEs that its patches and `meta.knownVulnerabilities` name.
    pub(crate) named: Vec<CveId>,
    /// Its version in the scheme of records.
    pub(crate) version: String,
    /// Equal for the packages of one version, of those whose facts were made together.
    pub(crate) version_number: usize,
    /// The last day of support for the line of its version, if that is known.
    pub(crate) supported_until: Option<Date>,
}

impl<'a> PackageFacts<'a> {
    /// Collects the facts of packages that are matched together.
    pub(crate) fn of_all(packages: &'a [Package], knowledge: &'a Knowledge) -> Vec<Self> {
        let mut versions: FxHashMap<String, usize> = FxHashMap::default();
        let mut of = |package| {
            let version = knowledge.version_in_records(package);
            let next = versions.len();
            let number = *versions.entry(version.clone()).or_insert(next);
            Self::of(package, knowledge, version, number)
        };
        packages.iter().map(&mut of).collect()
    }

    fn of(package: &'a Package, knowledge: &'a Knowledge, version: String, version_number: usize) -> Self {
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
        let naming = package.known_vulnerabilities.iter().chain(&package.patches);
        Self {
            package,
            set,
            bare,
            name: squash(bare),
            curated_name,
            owners,
            cpes: package.cpes.iter().filter_map(|cpe| cpe.value()).map(CpeFacts::of).collect(),
            purls: package.purls.iter().filter_map(|purl| purl.value()).collect(),
            software,
            never,
            named: naming.flat_map(|text| CveId::find_all(text)).collect(),
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
        own.into_iter().chain(curated).chain(cpes).chain(purls).chain(repositories).filter(|n| !n.is_empty())
    }
}
