//! Package sets of nixpkgs: which language or application a package belongs to, from its attribute
//! path or, where only a name is known, from the prefix that nixpkgs gives to the names in such a
//! set.

use crate::package::Package;
use crate::vocabulary::SETS;

pub(crate) use crate::vocabulary::PackageSet;

impl PackageSet {
    /// The set of a package and its pname without the set's prefix.
    pub(crate) fn of(package: &Package) -> (Self, &str) {
        let by_attribute = package.attribute.as_deref().and_then(Self::of_attribute);
        match (by_attribute, Self::of_name(&package.pname)) {
            (Some(set), Some((named, bare))) if set == named => (set, bare),
            (Some(set), _) => (set, package.pname.as_str()),
            // An alias at the top level, such as `mercurial`, may be an application from a set.
            (None, Some((set, bare))) => (set, bare),
            (None, None) => (Self::Top, package.pname.as_str()),
        }
    }

    fn of_attribute(attribute: &str) -> Option<Self> {
        let (first, rest) = attribute.split_once('.')?;
        if let Some(set) = SETS.whole_attributes.get(first) {
            return Some(*set);
        }
        if SETS.extension_endings.iter().any(|end| first.ends_with(end)) {
            return Some(Self::Extension);
        }
        let (_, set) = SETS.attributes.iter().find(|(start, _)| first.starts_with(start))?;
        match set {
            Self::KernelModule if SETS.kernel_itself.contains(rest) => None,
            Self::Top => None,
            set => Some(*set),
        }
    }

    fn of_name(pname: &str) -> Option<(Self, &str)> {
        let (first, bare) = pname.split_once('-')?;
        if bare.is_empty() {
            return None;
        }
        let stem = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let versioned = stem.len() < first.len();
        let name = SETS.names.iter().find(|name| name.stem == stem)?;
        (versioned || name.unversioned).then_some((name.set, bare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(attribute: Option<&str>, pname: &str) -> (PackageSet, String) {
        let package =
            Package { pname: pname.into(), attribute: attribute.map(Into::into), ..Package::default() };
        let (set, bare) = PackageSet::of(&package);
        (set, bare.to_owned())
    }

    #[test]
    fn sets_of_real_packages() {
        assert_eq!(
            set(Some("python36Packages.requests"), "python3.6-requests"),
            (PackageSet::Python, "requests".into())
        );
        assert_eq!(set(None, "python3.11-requests"), (PackageSet::Python, "requests".into()));
        assert_eq!(set(Some("perlPackages.Clone"), "perl-Clone"), (PackageSet::Perl, "Clone".into()));
        assert_eq!(set(Some("redis"), "redis"), (PackageSet::Top, "redis".into()));
        assert_eq!(set(None, "ocaml4.05.0-core"), (PackageSet::Ocaml, "core".into()));
        assert_eq!(set(Some("linuxPackages.kernel"), "linux"), (PackageSet::Top, "linux".into()));
        assert_eq!(
            set(Some("linuxPackages.wireguard"), "wireguard"),
            (PackageSet::KernelModule, "wireguard".into())
        );
        assert_eq!(set(None, "python-language-server"), (PackageSet::Top, "python-language-server".into()));
        assert_eq!(set(None, "lua5.1-zlib"), (PackageSet::Lua, "zlib".into()));
        assert_eq!(set(Some("python3"), "python3"), (PackageSet::Top, "python3".into()));
    }
}
