//! Statements of others on whether a product is affected (VEX), in the form that matching needs.
//! Reading the document formats is the scanner's work.

use crate::finding::FindingStatus;
use crate::package::Package;
use crate::set::PackageSet;
use crate::text::Text;
use vulnerability::CveId;
use vulnerability::Stated;
use vulnerability::cpe::{Cpe, Relation, Value};
use vulnerability::names::repository;
use vulnerability::purl::Purl;

/// One VEX statement on one vulnerability and some products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexStatement {
    /// The vulnerability.
    pub cve: CveId,
    /// The products; empty means every package of the target.
    pub products: Vec<VexProduct>,
    /// The status it gives.
    pub status: FindingStatus,
    /// The reason that the document gives: justification and impact statement.
    pub reason: String,
    /// The document and the place in it, such as `vex.json, statements[3]`.
    pub origin: String,
}

impl VexStatement {
    /// Whether it is about this package.
    pub fn names(&self, package: &Package) -> bool {
        self.products.is_empty() || self.products.iter().any(|product| product.names(package))
    }
}

/// How a VEX document names a product. All parts that are given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VexProduct {
    /// The package's pname.
    pub pname: Option<String>,
    /// Its version; only together with `pname`.
    pub version: Option<String>,
    /// A store path (full, or its base name).
    pub store_path: Option<String>,
    /// A package URL.
    pub purl: Option<Stated<Purl>>,
    /// A CPE name.
    pub cpe: Option<Stated<Cpe>>,
    /// A component of an SBOM, as in [`Package::bom_links`]; or all of an SBOM, without `#…`.
    pub bom_link: Option<String>,
    /// What it is a part of, if the statement is about it only there: any of these has to be among
    /// what is scanned. Whoever knows all that is scanned compares this, not
    /// [`names`](Self::names).
    pub within: Vec<Self>,
}

impl VexProduct {
    /// Whether it names this package. A product without any part names nothing.
    pub fn names(&self, package: &Package) -> bool {
        let base = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
        let fits = |part: Option<bool>| part.unwrap_or(true);
        let pname = self.pname.as_ref().map(|pname| {
            *pname == package.pname && self.version.as_ref().is_none_or(|v| *v == package.version)
        });
        let store_path =
            self.store_path.as_ref().map(|p| package.store_paths.iter().any(|s| base(s) == base(p)));
        let purl = self.purl.as_ref().map(|purl| purl.value().is_some_and(|purl| is_called(purl, package)));
        let cpe = self.cpe.as_ref().map(|cpe| cpe.value().is_some_and(|cpe| is_product(cpe, package)));
        let link = self.bom_link.as_ref().map(|link| {
            let is = |own: &Text| {
                own.strip_prefix(link.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('#') && !link.contains('#'))
            };
            package.bom_links.iter().any(is)
        });
        let parts = [pname, store_path, purl, cpe, link];
        parts.iter().any(Option::is_some) && parts.into_iter().all(fits)
    }
}

/// Whether a package URL names a package: type, namespace and name are the same, and the version,
/// the qualifiers and the subpath too where the URL has any. One of another ecosystem is another
/// package, whatever its name.
fn is_called(purl: &Purl, package: &Package) -> bool {
    let mut stated = package.purls.iter().filter_map(Stated::value).peekable();
    let has_own = stated.peek().is_some();
    stated.any(|own| is_own(purl, own, package))
        || (!has_own || package.is_of_nix()) && is_derived(purl, package, has_own)
}

/// Compares with a URL that the package states.
fn is_own(purl: &Purl, own: &Purl, package: &Package) -> bool {
    let version = || own.version().unwrap_or(&package.version);
    purl.same_package(own)
        && purl.version().is_none_or(|v| v == version())
        && purl.subpath().is_none_or(|path| own.subpath() == Some(path))
        && purl
            .qualifiers()
            .all(|(key, value)| own.qualifier(key) == Some(value) || is_own_path(key, value, package))
}

/// Compares with what the package would be called. Nix names no ecosystem; only the prefix of a
/// package set, and the repository that a source comes from, tell which one it is.
fn is_derived(purl: &Purl, package: &Package, has_own: bool) -> bool {
    let (set, bare) = PackageSet::of(package);
    let versions = |exact: bool| {
        purl.version().is_none_or(|v| {
            v == package.version || !exact && v.strip_prefix('v').is_some_and(|v| v == package.version)
        })
    };
    let plain = purl.namespace().is_none();
    let named = match purl.package_type() {
        "nix" => plain && purl.name() == package.pname && versions(true),
        "generic" => !has_own && plain && purl.name() == package.pname && versions(true),
        "pypi" => {
            let normal = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
            set == PackageSet::Python && normal(purl.name()) == normal(bare) && versions(true)
        }
        // The namespace is the author, whom nixpkgs does not name.
        "cpan" => set == PackageSet::Perl && purl.name() == bare && versions(true),
        kind @ ("github" | "gitlab" | "bitbucket" | "golang") => {
            let host = match kind {
                "github" => "github.com/",
                "gitlab" => "gitlab.com/",
                "bitbucket" => "bitbucket.org/",
                _ => "",
            };
            let path = format!("{host}{}/{}", purl.namespace().unwrap_or_default(), purl.name());
            let path = path.to_lowercase();
            let is = |url: &Text| {
                repository(url).is_some_and(|own| {
                    // Go's modules are called by their major version, too.
                    own == path
                        || kind == "golang"
                            && path.strip_prefix(&own).is_some_and(|rest| {
                                rest.strip_prefix("/v").is_some_and(|n| n.parse::<u32>().is_ok())
                            })
                })
            };
            package.homepages.iter().chain(&package.source_urls).any(is) && versions(false)
        }
        kind => {
            let own = match set {
                PackageSet::Node => "npm",
                PackageSet::Ruby => "gem",
                PackageSet::Haskell => "hackage",
                PackageSet::Ocaml => "opam",
                PackageSet::Lua => "luarocks",
                PackageSet::R => "cran",
                PackageSet::Beam => "hex",
                PackageSet::Rust => "cargo",
                _ => return false,
            };
            kind == own && plain && purl.name() == bare && versions(true)
        }
    };
    named
        && purl.subpath().is_none()
        && purl.qualifiers().all(|(key, value)| is_own_path(key, value, package))
}

/// Whether a qualifier names the package's derivation or an output.
fn is_own_path(key: &str, value: &str, package: &Package) -> bool {
    let same = |own: &Text| own.rsplit('/').next() == value.rsplit('/').next();
    match key {
        "drvpath" => package.derivation.as_ref().is_some_and(same),
        "outpath" => package.store_paths.iter().any(same),
        _ => false,
    }
}

/// Whether a CPE name is the package's, or covers it.
fn is_product(cpe: &Cpe, package: &Package) -> bool {
    let covers = |own: &Cpe| {
        let mut own = own.clone();
        // A name without a version, as packages state it, is about the package's.
        if own.version == Value::Any && !package.version.is_empty() {
            own.version = Value::Text(package.version.to_string());
        }
        matches!(cpe.relation(&own), Some(Relation::Superset | Relation::Equal))
    };
    let mut stated = package.cpes.iter().filter_map(Stated::value).peekable();
    if stated.peek().is_some() {
        return stated.any(covers);
    }
    // Only the product's name can be compared, and not with what another ecosystem calls so.
    let no_ecosystem = |purl: &Purl| matches!(purl.package_type(), "nix" | "generic");
    let version = Value::Text(package.version.to_string());
    package.purls.iter().filter_map(Stated::value).all(no_ecosystem)
        && cpe.product.text().is_some_and(|product| product.eq_ignore_ascii_case(&package.pname))
        && matches!(cpe.version.relation(&version), Some(Relation::Superset | Relation::Equal))
        && matches!(cpe.update, Value::Any | Value::NotApplicable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(pname: &str, version: &str) -> Package {
        Package { pname: pname.into(), version: version.into(), ..Package::default() }
    }

    fn with_purl(pname: &str, version: &str, purl: &str) -> Package {
        Package { purls: vec![purl.into()], ..package(pname, version) }
    }

    fn names(purl: &str, package: &Package) -> bool {
        VexProduct { purl: Some(purl.into()), ..VexProduct::default() }.names(package)
    }

    #[test]
    fn package_urls_name_one_ecosystem() {
        let maven = with_purl("frobnicator", "1.0", "pkg:maven/org.acme/frobnicator@1.0?type=jar");
        for (purl, expected) in [
            ("pkg:maven/org.acme/frobnicator@1.0", true),
            ("pkg:maven/org.acme/frobnicator", true),
            ("pkg:maven/org.acme/frobnicator@1.0?type=jar", true),
            ("pkg:maven/org.acme/frobnicator?type=jar", true),
            ("pkg:maven/org.acme/frobnicator@1.0?type=war", false),
            ("pkg:maven/org.acme/frobnicator@1.0?classifier=x", false),
            ("pkg:maven/org.acme/frobnicator@1.0#x", false),
            ("pkg:maven/org.acme/frobnicator@1.1", false),
            ("pkg:maven/com.evil/frobnicator@1.0", false),
            ("pkg:maven/frobnicator@1.0", false),
            ("pkg:npm/frobnicator@1.0", false),
            ("pkg:nix/frobnicator@1.0", false),
            ("pkg:generic/frobnicator@1.0", false),
            ("nonsense", false),
        ] {
            assert_eq!(names(purl, &maven), expected, "{purl}");
        }
        let alpine = with_purl("frobnicator", "1.0", "pkg:apk/alpine/frobnicator@1.0?arch=x86_64");
        assert!(names("pkg:apk/alpine/frobnicator@1.0?arch=x86_64", &alpine));
        assert!(!names("pkg:apk/alpine/frobnicator@1.0?arch=aarch64", &alpine));
        // The version may stand in the component alone.
        assert!(names("pkg:npm/x@2", &with_purl("x", "2", "pkg:npm/x")));
        assert!(!names("pkg:npm/x@2", &with_purl("x", "3", "pkg:npm/x")));
    }

    #[test]
    fn what_nix_calls_a_package() {
        let requests = package("python3.11-requests", "2.28.2");
        for (purl, expected) in [
            ("pkg:pypi/requests", true),
            ("pkg:pypi/Requests@2.28.2", true),
            ("pkg:pypi/requests@2.28.1", false),
            ("pkg:npm/requests@2.28.2", false),
            ("pkg:deb/debian/requests@2.28.2", false),
            ("pkg:nix/python3.11-requests@2.28.2", true),
            ("pkg:generic/requests", false),
        ] {
            assert_eq!(names(purl, &requests), expected, "{purl}");
        }
        assert!(names("pkg:pypi/ruamel.yaml", &package("python3.11-ruamel-yaml", "1")));
        assert!(!names("pkg:pypi/curl", &package("curl", "8.3.0")));
        let built = Package {
            derivation: Some("/nix/store/bbb-frobnicator-1.0.drv".into()),
            homepages: vec!["https://github.com/Acme/frobnicator".into()],
            ..package("frobnicator", "1.0")
        };
        for (purl, expected) in [
            ("pkg:nix/frobnicator@1.0?drvpath=/nix/store/bbb-frobnicator-1.0.drv", true),
            ("pkg:nix/frobnicator@1.0?drvpath=/nix/store/aaa-frobnicator-1.0.drv", false),
            ("pkg:nix/frobnicator@1.0?arch=x86_64", false),
            ("pkg:nix/nixpkgs/frobnicator@1.0", false),
            ("pkg:github/acme/frobnicator@v1.0", true),
            ("pkg:github/evil/frobnicator@v1.0", false),
            ("pkg:github/acme/frobnicator@v1.1", false),
            ("pkg:golang/github.com/acme/frobnicator/v2", true),
            ("pkg:golang/github.com/acme/frobnicator/cmd", false),
        ] {
            assert_eq!(names(purl, &built), expected, "{purl}");
        }
    }

    #[test]
    fn cpe_names_cover_more_than_they_are() {
        let named = |cpe: &str, package: &Package| {
            VexProduct { cpe: Some(cpe.into()), ..VexProduct::default() }.names(package)
        };
        let stated = |cpe: &str| Package { cpes: vec![cpe.into()], ..package("x", "8.3.0") };
        let curl = stated("cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*");
        assert!(named("cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", &curl));
        assert!(named("cpe:/a:haxx:curl:8.3.0", &curl));
        assert!(!named("cpe:/a:haxx:curl:8.4.0", &curl));
        assert!(!named("cpe:/a:other:curl:8.3.0", &curl));
        assert!(named("cpe:/a:haxx:curl:8.3.0", &stated("cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*")));
        assert!(named("cpe:/a:haxx:curl:8.3.0", &package("curl", "8.3.0")));
        assert!(!named("cpe:/a:haxx:curl:8.3.0", &package("curl", "8.3.1")));
        assert!(!named("cpe:/a:haxx:curl:8.3.0", &with_purl("curl", "8.3.0", "pkg:npm/curl@8.3.0")));
    }

    #[test]
    fn links_name_components() {
        let link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#x";
        let linked = Package { bom_links: vec![link.into()], ..package("x", "1") };
        let named =
            |link: &str| VexProduct { bom_link: Some(link.into()), ..VexProduct::default() }.names(&linked);
        assert!(named(link) && named("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1"));
        assert!(!named("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2#x"));
        assert!(!named("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#xy"));
        assert!(!named("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79"));
        assert!(!named("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#"));
        assert!(!VexProduct::default().names(&linked));
    }
}
