//! Which software an attribute stands for.
//!
//! Nixpkgs has one software under many attribute paths: `openssl` and `openssl_1_1`, a library for
//! each Python, a kernel module for each kernel. [`key`] gives all of them the same key; a person
//! may join or part keys, and that word stays.
//!
//! A key is the package's name in lower case, without what only tells the variant; after an
//! ecosystem and a colon where the same name means something else there: `python:requests`.

mod sets;

use crate::package_set::cut;
use sets::{ECOSYSTEMS, Ecosystem, VARIANTS, VERSIONED};

/// The longest key, in bytes.
const MAXIMUM: usize = 200;

/// The key of an attribute. `pname` is the package's name as it states it, or as its derivation's
/// name begins.
pub fn key(attribute: &str, pname: &str, version: &str) -> String {
    let pname = pname.trim().to_lowercase();
    let named = ECOSYSTEMS.iter().find_map(|ecosystem| Some((ecosystem, bare(ecosystem, &pname)?)));
    let set = attribute.rsplit_once('.').and_then(|(set, _)| ecosystem_of(set));
    let key = match (set, named) {
        // In a set, and the name says so too.
        (Some(set), Some((named, name))) if set.name == named.name => in_ecosystem(set, name, version),
        // What a set builds for another language keeps that language's name.
        (_, Some((named, name))) => in_ecosystem(named, name, version),
        (Some(set), None) if !set.plain => in_ecosystem(set, &pname, version),
        _ => plain(&pname, version),
    };
    let key: String = key.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let key = if key.is_empty() { attribute.to_lowercase() } else { key };
    cut(&key, MAXIMUM).to_owned()
}

/// The ecosystem whose set this is, such as `python27Packages` or `haskell.packages.ghc843`.
fn ecosystem_of(set: &str) -> Option<&'static Ecosystem> {
    set.split('.').find_map(|part| {
        let lower = part.to_lowercase();
        ECOSYSTEMS
            .iter()
            .find(|ecosystem| ecosystem.sets.iter().any(|(start, end)| is_set(&lower, start, end)))
    })
}

/// Whether a part of an attribute's path is a set: a start, a version perhaps, an end.
fn is_set(part: &str, start: &str, end: &str) -> bool {
    let between = part.strip_prefix(start).and_then(|rest| {
        // `luaPackages_5_2`, `ocamlPackages_4_14`, `nodePackages_latest`.
        let rest = rest.find(end).map(|place| (rest.get(..place), rest.get(place + end.len()..)))?;
        Some((rest.0?, rest.1?))
    });
    between.is_some_and(|(version, after)| {
        is_version(version)
            && (after.is_empty()
                || after == "ng"
                || after.starts_with('_')
                || after.starts_with('-')
                || is_version(after))
    })
}

/// Digits with separators, or one of the words that stand for a version.
fn is_version(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-' | b'x'))
        || matches!(text, "latest" | "minimal")
}

/// The name within an ecosystem, if this name says that it belongs there: `python3.11-requests`.
fn bare<'n>(ecosystem: &Ecosystem, pname: &'n str) -> Option<&'n str> {
    ecosystem.prefixes.iter().find_map(|prefix| {
        let rest = pname.strip_prefix(prefix)?;
        let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
        let (version, name) = rest.split_at_checked(end)?;
        // `perl-5.26` is Perl itself; `r-` without a version is a prefix too, `r2-` is none.
        let name = name.strip_prefix('-')?;
        let versions = if ecosystem.versioned { true } else { version.is_empty() };
        (versions && !name.is_empty()).then_some(name)
    })
}

fn in_ecosystem(ecosystem: &Ecosystem, name: &str, version: &str) -> String {
    let name = without_version(name, version);
    let name = match ecosystem.name {
        // PEP 503: runs of `-`, `_` and `.` are the same.
        "python" => normalised(&name),
        "ocaml" | "perl" | "lua" | "ruby" | "php" => name.replace('_', "-"),
        "vim" => name.replace(['_', '.'], "-"),
        _ => name,
    };
    format!("{}:{name}", ecosystem.name)
}

fn normalised(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// The name without what tells variant and version.
fn plain(pname: &str, version: &str) -> String {
    let mut name = pname;
    while let Some(shorter) = VARIANTS.iter().find_map(|end| name.strip_suffix(end)).filter(|s| !s.is_empty())
    {
        name = shorter;
    }
    without_version(name, version)
}

/// Takes off a version that the name ends with, if it is the beginning of the version: `gcc49` of
/// 4.9.4, `openssl_1_1` of 1.1.0h, `postgresql10` of 10.3. A single digit is part of many names
/// (`libxml2` 2.9): it goes only where [`VERSIONED`] says that software counts so.
fn without_version(name: &str, version: &str) -> String {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    let stem = name.trim_end_matches(digits);
    let Some(end) = name.get(stem.len()..).filter(|end| end.bytes().any(|b| b.is_ascii_digit())) else {
        return name.to_owned();
    };
    if stem.is_empty() {
        return name.to_owned();
    }
    let count = end.bytes().filter(u8::is_ascii_digit).count();
    let counts_so = VERSIONED.contains(&stem);
    // `python27` and `jdk8` where the derivation has another name.
    let begins = begins(version, end);
    if counts_so && (begins || count == 1) || count > 1 && begins { stem.to_owned() } else { name.to_owned() }
}

/// Whether a version begins with these digits, at a border of its parts.
fn begins(version: &str, digits: &str) -> bool {
    let mut wanted = digits.bytes().filter(u8::is_ascii_digit);
    let mut next = wanted.next();
    let mut bytes = version.bytes().peekable();
    while let Some(want) = next {
        match bytes.next() {
            Some(b'.' | b'_' | b'-') => {}
            Some(byte) if byte == want => next = wanted.next(),
            _ => return false,
        }
    }
    !bytes.peek().is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_names_are_no_other_software() {
        for (attribute, pname, version, expected) in [
            ("openssl", "openssl", "1.0.2o", "openssl"),
            ("openssl_1_1", "openssl_1_1", "1.1.0h", "openssl"),
            ("gcc49", "gcc49", "4.9.4", "gcc"),
            ("libpng12", "libpng12", "1.2.57", "libpng"),
            ("postgresql10", "postgresql10", "10.3", "postgresql"),
            ("python36", "python3", "3.6.5", "python"),
            ("jdk8", "openjdk8", "8u172b11", "openjdk"),
            ("SDL2", "SDL2", "2.0.8", "sdl"),
            ("firefox-bin", "firefox-bin", "59.0.2", "firefox"),
            ("firefox-unwrapped", "firefox-unwrapped", "59.0.2", "firefox"),
            ("foo", "foo-unstable", "2018-01-01", "foo"),
            // Digits that are part of the name.
            ("libxml2", "libxml2", "2.9.7", "libxml2"),
            ("bzip2", "bzip2", "1.0.6", "bzip2"),
            ("x264", "x264", "20170731", "x264"),
            ("p7zip", "p7zip", "16.02", "p7zip"),
            ("iproute", "iproute2", "4.16.0", "iproute2"),
            ("xorg.libX11", "libX11", "1.6.5", "libx11"),
            ("md5deep", "md5deep", "4.4", "md5deep"),
            ("2048-in-terminal", "2048-in-terminal", "2015-01-15", "2048-in-terminal"),
        ] {
            assert_eq!(key(attribute, pname, version), expected, "{attribute}");
        }
    }

    #[test]
    fn one_library_for_all_interpreters() {
        for (attribute, pname, version, expected) in [
            ("python27Packages.requests", "python2.7-requests", "2.18.4", "python:requests"),
            ("python3Packages.requests", "requests", "2.18.4", "python:requests"),
            ("python312Packages.requests", "python3.12-requests", "2.32", "python:requests"),
            ("python36Packages.zope_interface", "python3.6-zope.interface", "4", "python:zope-interface"),
            ("youtube", "python3.6-youtube", "1", "python:youtube"),
            ("python", "python", "2.7.14", "python"),
            ("perlPackages.URI", "perl-URI", "1.73", "perl:uri"),
            ("perl538Packages.URI", "perl5.38.2-URI", "5.21", "perl:uri"),
            ("perl", "perl", "5.26.2", "perl"),
            ("rubyPackages_3_1.rails", "ruby3.1-rails", "7.0", "ruby:rails"),
            ("haskellPackages.aeson", "aeson", "1.2", "haskell:aeson"),
            ("haskell.packages.ghc843.aeson", "aeson", "1.2", "haskell:aeson"),
            ("ocamlPackages.lwt", "ocaml4.05.0-lwt", "3", "ocaml:lwt"),
            ("ocaml-ng.ocamlPackages_4_14.lwt", "ocaml4.14.1-lwt", "5", "ocaml:lwt"),
            ("php56Packages.redis", "php-redis", "4", "php:redis"),
            ("php82Extensions.redis", "php-redis", "6", "php:redis"),
            ("lua52Packages.lpeg", "lua5.2-lpeg", "0.12", "lua:lpeg"),
            ("luajitPackages.lpeg", "luajit2.1-lpeg", "1", "lua:lpeg"),
            ("lua5_2", "lua", "5.2.3", "lua"),
            ("emacs25PackagesNg.magit", "emacs-magit", "2.11", "emacs:magit"),
            ("emacsPackages.magit", "magit", "3", "emacs:magit"),
            ("nodePackages_10_x.webpack", "node-webpack", "4", "node:webpack"),
            ("nodePackages.webpack", "webpack", "4", "node:webpack"),
            ("rPackages.ggplot2", "r-ggplot2", "2.2.1", "r:ggplot2"),
            ("vimPlugins.pathogen", "vimplugin-vim-pathogen", "2018-04-05", "vim:vim-pathogen"),
            ("linuxPackages_4_14.nvidia_x11", "nvidia-x11", "390.48-4.14.39", "nvidia-x11"),
            // A name in one set that begins as another's.
            ("python36Packages.lua-parser", "python3.6-lua-parser", "1", "python:lua-parser"),
            ("rubber", "rubber", "1", "rubber"),
            ("r2d2", "r2d2", "1", "r2d2"),
        ] {
            assert_eq!(key(attribute, pname, version), expected, "{attribute}");
        }
    }

    #[test]
    fn any_text_gives_a_key() {
        let long = "é".repeat(1000);
        for text in ["", " ", "-", "1.0", "python-", "\u{0}", "-bin", long.as_str()] {
            let key = key("some.Attribute", text, text);
            assert!(!key.is_empty() && key.len() <= MAXIMUM, "{text:?}: {key:?}");
        }
        assert_eq!(key("some.Attribute", "\n", ""), "some.attribute");
    }
}
