//! The package sets that the vocabulary names.

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
