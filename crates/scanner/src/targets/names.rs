//! What the name of a store path tells: a package with its version and output, or something else.
//!
//! Most of what a system's closure holds is no software that anyone publishes advisories on: units,
//! configuration files, wrappers, sources. They are told apart by name here, carefully: what is not
//! surely something else counts as a package, for a package that is lost is a vulnerability that is
//! not found.

use matching::Text;
use nix_formats::DrvName;

/// What a store path is, as far as its name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathName {
    /// A package.
    Package {
        /// The derivation name, without the output's suffix.
        name: String,
        /// The output, such as `dev`; `out` if the name has no suffix.
        output: String,
    },
    /// Something else; in words what.
    Other(&'static str),
}

/// Splits a derivation name into name and version, as `builtins.parseDrvName` does.
pub(super) fn split_name(name: &str) -> (String, String) {
    let parsed = DrvName::parse(name);
    (parsed.name.to_owned(), parsed.version.to_owned())
}

/// The name of what only has a name and a version.
pub(super) fn full_name(pname: &str, version: &str) -> Text {
    if version.is_empty() { pname.into() } else { format!("{pname}-{version}").into() }
}

/// Outputs that nixpkgs' packages have. Others are only recognised where the deriver is known.
const OUTPUTS: &[&str] = &[
    "bin",
    "data",
    "debug",
    "dev",
    "devdoc",
    "dist",
    "doc",
    "getent",
    "i18n",
    "info",
    "installed-tests",
    "installedTests",
    "lib",
    "libgcc",
    "libs",
    "man",
    "mail",
    "modules",
    "nscd",
    "out",
    "plugins",
    "py",
    "python",
    "share",
    "static",
    "terminfo",
    "tools",
    "withRecommends",
    "xml",
    "sbin",
    "login",
    "mount",
    "swap",
    "dnsutils",
    "host",
    "cups",
    "vim",
    "wayland",
    "ssh",
    "daemon",
    "driversi686Linux",
    "drivers",
    "osmesa",
    "spirv2dxil",
    "opencl",
    "kyua",
    "guile",
    "scripts",
    "rust",
    "src",
    "include",
    "headers",
    "jre",
    "notmuch",
    "contrib",
    "pam",
    "auth",
    "server",
    "client",
    "locales",
    "fonts",
    "lang",
    "tests",
    "examples",
];

/// Endings of file names that are data, sources or configuration, not software.
const EXTENSIONS: &[&str] = &[
    "service",
    "socket",
    "target",
    "timer",
    "mount",
    "automount",
    "swap",
    "slice",
    "link",
    "network",
    "netdev",
    "conf",
    "cfg",
    "config",
    "json",
    "toml",
    "yaml",
    "yml",
    "ini",
    "xml",
    "sh",
    "bash",
    "patch",
    "diff",
    "tar",
    "tgz",
    "tbz",
    "tbz2",
    "txz",
    "zip",
    "gem",
    "crate",
    "whl",
    "deb",
    "rpm",
    "apk",
    "gz",
    "xz",
    "bz2",
    "zst",
    "lz",
    "lzma",
    "7z",
    "nix",
    "drv",
    "lock",
    "html",
    "css",
    "pub",
    "pem",
    "crt",
    "key",
    "desktop",
    "rules",
    "list",
    "txt",
    "md",
    "img",
    "iso",
    "qcow2",
    "raw",
    "pcf",
    "el",
    "in",
    "template",
    "tmpl",
    "properties",
    "policy",
    "modules",
    "map",
    "dtb",
    "png",
    "jpg",
    "svg",
    "ico",
    "pdf",
    "kdl",
    "vcl",
    "sql",
    "csv",
    "hcl",
    "tf",
    "age",
    "gpg",
    "asc",
    "sig",
    "exe",
    "dmg",
    "msi",
    "appimage",
    "AppImage",
    "jar",
    "war",
    "nar",
    "narinfo",
    "info",
    "fish",
    "zsh",
    "rasi",
    "lua",
    "awk",
    "sed",
    "xsl",
    "xslt",
    "dtd",
    "psf",
    "keytab",
    "cpio",
    "efi",
    "bundle",
    "cabal",
];

/// Names that begin so are parts of a NixOS system, not software.
const PREFIXES: &[(&str, &str)] = &[
    ("unit-", "a systemd unit"),
    ("X-Restart-Triggers", "a systemd unit"),
    ("nixos-system-", "a system"),
    ("nixos-manual", "documentation"),
    ("home-manager-generation", "a generation"),
    ("darwin-system-", "a system"),
    ("initrd-", "an initrd"),
    ("stage-1-init", "a script"),
    ("stage-2-init", "a script"),
    ("activation-script", "a script"),
    ("etc-", "configuration"),
    ("user-environment", "a profile"),
    ("bootstrap-stage", "a build environment"),
    ("stdenv-", "a build environment"),
];

/// Whole names that are parts of a system.
const NAMES: &[(&str, &str)] = &[
    ("etc", "configuration"),
    ("source", "a source"),
    ("src", "a source"),
    ("system-path", "a profile"),
    ("system-units", "systemd units"),
    ("user-units", "systemd units"),
    ("nixos", "a source"),
    ("nixpkgs", "a source"),
    ("home-manager-path", "a profile"),
    ("home-manager-files", "configuration"),
    ("profile", "a profile"),
    ("env-manifest.nix", "a profile"),
    ("builder.pl", "a script"),
    ("hosts", "configuration"),
    ("activate", "a script"),
    ("users-groups.json", "configuration"),
    ("tmpfiles.d", "configuration"),
    ("udev-rules", "configuration"),
    ("dbus-1", "configuration"),
    ("firmware", "a collection of firmware"),
    ("kernel-modules", "a collection of modules"),
    ("fonts", "a collection of fonts"),
    ("X11-fonts", "a collection of fonts"),
    ("locale.conf", "configuration"),
    ("set-environment", "a script"),
    ("etc-fstab", "configuration"),
    ("empty-directory", "nothing"),
    ("stdenv", "a build environment"),
];

/// Names that end so are sources, or tools of the build.
const SUFFIXES: &[(&str, &str)] = &[
    ("-source", "a source"),
    ("-src", "a source"),
    ("-hook", "a build hook"),
    ("-hook.sh", "a build hook"),
    ("-vendor", "vendored sources"),
    ("-vendor-staging", "vendored sources"),
    ("-go-modules", "vendored sources"),
    ("-npm-deps", "vendored sources"),
    ("-pnpm-deps", "vendored sources"),
    ("-yarn-deps", "vendored sources"),
    ("-yarn-cache", "vendored sources"),
    ("-offline-cache", "vendored sources"),
    ("-cargo-deps", "vendored sources"),
    ("-maven-deps", "vendored sources"),
    ("-etc", "configuration"),
    ("-config", "configuration"),
    ("-units", "systemd units"),
    ("-unit-script", "a script"),
    ("-start", "a script"),
    ("-stop", "a script"),
    ("-pre-start", "a script"),
    ("-post-start", "a script"),
    ("-reload", "a script"),
    ("-modules-shrunk", "a part of a package"),
    ("-fonts-dir", "a collection of fonts"),
    ("-patched-src", "a source"),
];

/// Tells what a path is from its name (the base name without hash). `deriver` is the name of its
/// derivation, without `.drv`, where it is known: then the output is certain.
pub(super) fn classify(path_name: &str, deriver: Option<&str>) -> PathName {
    // An extension ends the name even of what a package builder made: `foo-1.0.tar.gz` is a source.
    if let Some(what) = other(path_name) {
        return PathName::Other(what);
    }
    if let Some(derivation) = deriver {
        if path_name == derivation {
            return PathName::Package { name: derivation.to_owned(), output: "out".to_owned() };
        }
        if let Some(output) = path_name.strip_prefix(derivation).and_then(|rest| rest.strip_prefix('-')) {
            return PathName::Package { name: derivation.to_owned(), output: output.to_owned() };
        }
        // Some other derivation made this fixed-output path; its name is its own.
    }
    let (pname, version) = split_name(path_name);
    for output in OUTPUTS {
        let suffixed = version.strip_suffix(output).and_then(|v| v.strip_suffix('-'));
        if let Some(version) = suffixed.filter(|v| !v.is_empty()) {
            return PathName::Package { name: format!("{pname}-{version}"), output: (*output).to_owned() };
        }
    }
    PathName::Package { name: path_name.to_owned(), output: "out".to_owned() }
}

/// What a name that is not a package's stands for.
fn other(name: &str) -> Option<&'static str> {
    if let Some((_, what)) = NAMES.iter().find(|(n, _)| *n == name) {
        return Some(what);
    }
    let (pname, version) = split_name(name);
    if let Some((stem, extension)) = name.rsplit_once('.') {
        // `-lib.el` is a file; `zope.lua-1.0` is not, and neither is `node.js`.
        let file = EXTENSIONS.contains(&extension) && !stem.is_empty();
        if file {
            return Some("a file");
        }
    }
    if let Some((_, what)) = PREFIXES.iter().find(|(p, _)| name.starts_with(p)) {
        // `stdenv-linux` is a build environment; software of that name would have a version.
        let system = name.starts_with("nixos-system-") || name.starts_with("darwin-system-");
        if system || version.is_empty() || name.starts_with("initrd-") || name.starts_with("unit-") {
            return Some(what);
        }
    }
    if let Some((_, what)) = SUFFIXES.iter().find(|(s, _)| name.ends_with(s)) {
        return Some(what);
    }
    // `python3-3.11.5-env` merges packages that are there themselves.
    if version.ends_with("-env") || (version.is_empty() && pname.ends_with("-env")) {
        return Some("an environment");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, output: &str) -> PathName {
        PathName::Package { name: name.to_owned(), output: output.to_owned() }
    }

    #[test]
    fn outputs_by_name() {
        assert_eq!(classify("curl-8.3.0-dev", None), package("curl-8.3.0", "dev"));
        assert_eq!(classify("curl-8.3.0", None), package("curl-8.3.0", "out"));
        assert_eq!(
            classify("systemd-255.4-installed-tests", None),
            package("systemd-255.4", "installed-tests")
        );
        // Not an output: the version ends so.
        assert_eq!(classify("foo-1.0-rc1", None), package("foo-1.0-rc1", "out"));
        assert_eq!(classify("sdl2-dev", None), package("sdl2-dev", "out"));
        assert_eq!(classify("firefox-bin-120.0", None), package("firefox-bin-120.0", "out"));
    }

    #[test]
    fn outputs_by_deriver() {
        assert_eq!(classify("kde-1.0-qmake", Some("kde-1.0")), package("kde-1.0", "qmake"));
        assert_eq!(classify("foo-1.0-dev", Some("foo-1.0-dev")), package("foo-1.0-dev", "out"));
        // A fixed-output path made by a differently named derivation.
        assert_eq!(classify("bar-2.0", Some("foo-1.0")), package("bar-2.0", "out"));
    }

    #[test]
    fn what_is_no_package() {
        for name in [
            "source",
            "curl-8.3.0.tar.xz",
            "CVE-2020-1.patch",
            "etc",
            "unit-sshd.service",
            "hello-2.12.drv",
            "foo-1.0-source",
            "nixos-system-host-26.05",
            "set-environment",
            "python3-3.11.5-env",
            "auto-patchelf-hook",
            "stdenv-linux",
            "unit-script-nginx-start",
            "initrd-linux-6.6.1",
            "X-Restart-Triggers-dbus",
            "firmware",
            "rustc-1.70-cargo-deps",
        ] {
            assert!(matches!(classify(name, None), PathName::Other(_)), "{name}");
        }
    }

    #[test]
    fn what_is_a_package() {
        for name in [
            "glibc-2.38-66",
            "node.js",
            "python3.11-zope.interface-6.0",
            "etc-update-1.2",
            "source-highlight-3.1.9",
            "openssl-3.0.14",
            "bash-interactive-5.2p26",
            "bash52-035",
            "vimplugin-nvim-lua-2024-01-01",
            "linux-6.6.1",
            "linux-config-6.6.1",
            "perl5.38.2-URI-5.21",
            "sudo-1.9.15p5",
            "stdenv-tools-1.2",
            "shadow-4.16.0",
            "libxml2-2.12.6",
            "unzip-6.0",
            "nix-2.18.1",
        ] {
            assert!(matches!(classify(name, None), PathName::Package { .. }), "{name}");
        }
    }
}
