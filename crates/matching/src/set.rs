//! Package sets of nixpkgs: which language or application a package belongs to, from its attribute
//! path or, where only a name is known, from the prefix that nixpkgs gives to the names in such a
//! set.

use crate::package::Package;
use crate::vocabulary::SETS;
use serde::Deserialize;

/// A package set. A package of a set shares its name only with the packages of the same collection:
/// the Python library `redis` is not the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PackageSet {
    /// The top level and everything that is not in a set below.
    Top,
    /// `python3Packages`: PyPI.
    Python,
    /// `perlPackages`: CPAN.
    Perl,
    /// `nodePackages`: npm.
    Node,
    /// `rubyPackages`, gems.
    Ruby,
    /// `haskellPackages`: Hackage.
    Haskell,
    /// `ocamlPackages`: opam.
    Ocaml,
    /// `luaPackages`: LuaRocks.
    Lua,
    /// `phpPackages`: PECL and Packagist.
    Php,
    /// `rPackages`: CRAN.
    R,
    /// `beamPackages`: Hex.
    Beam,
    /// Rust crates.
    Rust,
    /// Packages for Emacs.
    Emacs,
    /// Plugins for Vim.
    Vim,
    /// Modules for the Linux kernel.
    KernelModule,
    /// WordPress plugins and themes.
    Wordpress,
    /// Extensions of other applications (editors, desktops, media centres, game engines).
    Extension,
}

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

    /// Its name in curated rules.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Python => "python",
            Self::Perl => "perl",
            Self::Node => "node",
            Self::Ruby => "ruby",
            Self::Haskell => "haskell",
            Self::Ocaml => "ocaml",
            Self::Lua => "lua",
            Self::Php => "php",
            Self::R => "r",
            Self::Beam => "beam",
            Self::Rust => "rust",
            Self::Emacs => "emacs",
            Self::Vim => "vim",
            Self::KernelModule => "kernel-module",
            Self::Wordpress => "wordpress",
            Self::Extension => "extension",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(attribute: Option<&str>, pname: &str) -> (PackageSet, String) {
        let package =
            Package { pname: pname.into(), attribute: attribute.map(str::to_owned), ..Package::default() };
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
