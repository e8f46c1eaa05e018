//! Who stands behind a piece of software, as far as URLs and vendor names tell.
//!
//! A homepage `https://curl.haxx.se/` names the owners `curl` and `haxx` and the site `haxx.se`; a repository
//! `https://github.com/curl/curl` names the owner `curl` and the repository `github.com/curl/curl`. A vendor text
//! such as "The Tcpdump Group" is reduced to the words that carry meaning. Two sides agree when they share one.

use std::collections::BTreeSet;
pub use vulnerability::names::{dashed, squash};
use vulnerability::names::{repository, split_url};

/// What a set of URLs tells about ownership.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    /// Names of organisations, projects or host labels: lower case letters and digits only.
    pub names: BTreeSet<String>,
    /// Sites, such as `haxx.se`; hosting sites that serve many projects are left out.
    pub sites: BTreeSet<String>,
    /// Repositories, such as `github.com/curl/curl`, lower case.
    pub repositories: BTreeSet<String>,
}

/// Registered hosts that serve many projects: that two sides share one says nothing about a project.
const HOSTING: &[&str] = &[
    // Where the sources of many projects are.
    "github.com",
    "githubusercontent.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "sourceforge.net",
    "sourceforge.io",
    "sf.net",
    "launchpad.net",
    "googlecode.com",
    "googlesource.com",
    "gitee.com",
    "notabug.org",
    "pagure.io",
    "repo.or.cz",
    "sr.ht",
    "berlios.de",
    "tuxfamily.org",
    // Pages that anybody can have: under these two a project has a subdomain, on `free.fr` each customer of a provider.
    "github.io",
    "gitlab.io",
    "blogspot.com",
    "wordpress.com",
    "medium.com",
    "notion.site",
    "free.fr",
    // Registries of packages and their documentation. PyPI was at `pypi.python.org`, Hackage is at `hackage.haskell.org`, and `wordpress.org` has a page a plugin.
    "pypi.org",
    "python.org",
    "readthedocs.io",
    "readthedocs.org",
    "rtfd.org",
    "npmjs.com",
    "npmjs.org",
    "crates.io",
    "docs.rs",
    "rubygems.org",
    "metacpan.org",
    "cpan.org",
    "haskell.org",
    "packagist.org",
    "r-project.org",
    "bioconductor.org",
    "ctan.org",
    "wordpress.org",
    // Roofs over many projects, each with a path or subdomain.
    "apache.org",
    "eclipse.org",
    "freedesktop.org",
    "gnome.org",
    "kde.org",
    "gnu.org",
    "nongnu.org",
    "kernel.org",
    "linuxfoundation.org",
    "osgeo.org",
    "ow2.org",
    // Makers of so many products that a shared address tells none from another, and whose trackers and advisories are linked from records on the software of others.
    "google.com",
    "ibm.com",
    "microsoft.com",
    "mozilla.org",
    "oracle.com",
    "redhat.com",
    // Distributions: packages, trackers and advisories on everything.
    "debian.org",
    "fedoraproject.org",
    "fedorahosted.org",
    "gentoo.org",
    "opensuse.org",
    "suse.com",
    "suse.de",
    "ubuntu.com",
    // Advisories, databases of vulnerabilities, bounties and exploits, which records link to.
    "cert.org",
    "cisa.gov",
    "cve.org",
    "exploit-db.com",
    "hackerone.com",
    "huntr.com",
    "huntr.dev",
    "jvn.jp",
    "mitre.org",
    "netapp.com",
    "nist.gov",
    "packetstormsecurity.com",
    "patchstack.com",
    "securityfocus.com",
    "securitytracker.com",
    "snyk.io",
    "talosintelligence.com",
    "tenable.com",
    "vuldb.com",
    "wordfence.com",
    "wpscan.com",
    "zerodayinitiative.com",
    // Mailing lists, archives, encyclopaedias and what people talk on.
    "archive.org",
    "marc.info",
    "openwall.com",
    "seclists.org",
    "twitter.com",
    "wikipedia.org",
    "x.com",
    "youtube.com",
];

/// Host labels that name nobody.
const EMPTY_LABELS: &[&str] = &[
    "www",
    "ftp",
    "git",
    "svn",
    "hg",
    "cgit",
    "code",
    "download",
    "downloads",
    "docs",
    "doc",
    "wiki",
    "projects",
    "project",
    "dev",
    "developer",
    "developers",
    "lists",
    "mail",
    "bugs",
    "bugzilla",
    "security",
    "blog",
    "home",
    "web",
    "pages",
    "people",
    "users",
    "sites",
    "software",
    "en",
    "archive",
    "http",
    "https",
    "info",
    "support",
    "help",
    "forum",
    "issues",
    "tracker",
    "repo",
    "source",
    "src",
    "org",
    "com",
    "net",
    "main",
    "static",
    "cdn",
    "app",
];

/// Words of vendor names that name nobody.
const EMPTY_VENDOR_WORDS: &[&str] = &[
    "the",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "ltd",
    "limited",
    "llc",
    "gmbh",
    "ag",
    "co",
    "company",
    "sa",
    "bv",
    "srl",
    "oy",
    "ab",
    "plc",
    "foundation",
    "software",
    "project",
    "projects",
    "group",
    "team",
    "community",
    "development",
    "developers",
    "maintainers",
    "contributors",
    "authors",
    "org",
    "organization",
    "labs",
    "systems",
    "technologies",
    "technology",
    "enterprise",
    "enterprises",
    "solutions",
    "open",
    "source",
    "upstream",
    "of",
    "and",
    "a",
];

/// The part of a host that somebody registered: `haxx.se` of `curl.haxx.se`, `example.co.uk` of `a.example.co.uk`.
fn registered(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(i, _)| i);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let middle = host.get(second + 1..last).unwrap_or("");
    let cut =
        if host.len() - last == 3 && matches!(middle, "co" | "ac" | "org" | "com" | "gov" | "net" | "edu") {
            dots.next()
        } else {
            Some(second)
        };
    cut.and_then(|c| host.get(c + 1..)).unwrap_or(host)
}

fn is_hosting(host: &str) -> bool {
    HOSTING.contains(&registered(host)) || HOSTING.contains(&host)
}

impl Owners {
    /// Reads one more URL (or host) into the set. Anything that is not a URL adds nothing.
    pub fn add_url(&mut self, url: &str) {
        let Some((host, path)) = split_url(url.trim()) else { return };
        let host = host.strip_prefix("www.").unwrap_or(&host);
        if let Some(repository) = repository(url) {
            if let Some(owner) = repository.split('/').nth(1) {
                self.add_name(owner);
            }
            self.repositories.insert(repository);
        }
        match (host, &path[..]) {
            ("sourceforge.net" | "launchpad.net", ["projects" | "p", name, ..])
            | ("code.google.com", ["p", name, ..])
            | ("gnu.org", ["software", name, ..])
            | ("savannah.gnu.org" | "savannah.nongnu.org", ["projects", name, ..])
            | ("launchpad.net", [name, ..]) => self.add_name(name),
            _ => {}
        }
        let site = registered(host);
        if !is_hosting(host) {
            self.sites.insert(site.to_owned());
        }
        // The labels before the public suffix: curl and haxx of curl.haxx.se; of foo.github.io only foo.
        let labels = host.strip_suffix(site.split_once('.').map_or("", |(_, suffix)| suffix)).unwrap_or(host);
        for label in labels.split('.').filter(|l| !l.is_empty()) {
            let hosting_name = matches!(
                label,
                "github"
                    | "gitlab"
                    | "bitbucket"
                    | "sourceforge"
                    | "codeberg"
                    | "launchpad"
                    | "pypi"
                    | "google"
                    | "readthedocs"
                    | "googlecode"
                    | "npmjs"
                    | "metacpan"
                    | "cpan"
                    | "githubusercontent"
                    | "gitee"
                    | "sf"
            );
            if !hosting_name && !EMPTY_LABELS.contains(&label) {
                self.add_name(label);
            }
        }
    }

    fn add_name(&mut self, name: &str) {
        let name = squash(name);
        if name.len() >= 2 {
            self.names.insert(name);
        }
    }

    /// The owner's part of the repositories whose own name is `name` (squashed).
    pub fn repositories_called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.repositories
            .iter()
            .map(String::as_str)
            .filter(move |r| r.rsplit('/').next().is_some_and(|n| squash(n) == name))
    }
}

/// The names by which a vendor text may be known, surest first: all meaningful words in one, then each URL host's
/// labels if the text holds a URL. Empty for "n/a" and the like.
pub fn vendor_names(vendor: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lower = vendor.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '/' | ';' | '_' | '-'))
        .map(|w| w.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|w| !w.is_empty())
        .collect();
    let (urls, plain): (Vec<&str>, Vec<&str>) = words
        .iter()
        .partition(|w| w.contains('.') && split_url(w).is_some() && w.rsplit('.').next() != Some("js"));
    let telling: Vec<&str> = plain.iter().copied().filter(|w| !EMPTY_VENDOR_WORDS.contains(w)).collect();
    let joined = squash(&telling.concat());
    if joined.len() >= 2
        && !matches!(joined.as_str(), "na" | "unknown" | "unspecified" | "none" | "vendor" | "multiple")
    {
        out.push(joined);
    }
    let whole = squash(&plain.concat());
    if whole.len() >= 2 && whole != "na" && !out.contains(&whole) && !out.is_empty() {
        out.push(whole);
    }
    for url in urls {
        let mut owners = Owners::default();
        owners.add_url(url);
        out.extend(owners.names);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owners(url: &str) -> Owners {
        let mut owners = Owners::default();
        owners.add_url(url);
        owners
    }

    #[test]
    fn names_in_urls() {
        let has = |url: &str, name: &str| owners(url).names.contains(name);
        assert!(has("https://curl.haxx.se/", "haxx"));
        assert!(has("http://www.openssl.org/", "openssl"));
        assert!(has("http://uriparser.sourceforge.net/", "uriparser"));
        assert!(has("https://sourceforge.net/projects/edk2", "edk2"));
        assert!(has("https://ispc.github.io/", "ispc"));
        assert!(has("https://github.com/aio-libs/aiohttp", "aiolibs"));
        assert!(!has("https://github.com/aio-libs/aiohttp", "github"));
        assert!(!has("https://github.com/advisories/GHSA-xxxx", "advisories"));
        assert!(has("http://www.gnu.org/software/libc/", "gnu"));
    }

    #[test]
    fn sites_are_what_somebody_registered() {
        assert!(
            owners("https://www.chiark.greenend.org.uk/~sgtatham/putty/").sites.contains("greenend.org.uk")
        );
        assert!(owners("https://jena.apache.org").sites.is_empty(), "a host of many projects is no sign");
        assert!(owners("http://alioth.debian.org/projects/x").sites.is_empty(), "nor is a part of one");
        assert!(owners("https://kb.isc.org/docs/x").sites.contains("isc.org"), "ISC's programs are its own");
        assert!(owners("https://github.com/a/b.git").repositories.contains("github.com/a/b"));
    }

    #[test]
    fn hosting_sites_are_what_somebody_registered_and_stand_once() {
        for (index, host) in HOSTING.iter().enumerate() {
            assert!(is_hosting(host) && is_hosting(&format!("a.{host}")) || *host == "repo.or.cz", "{host}");
            let within = registered(host) != *host && HOSTING.contains(&registered(host));
            assert!(!within, "{host} is part of another entry");
            assert!(!HOSTING[..index].contains(host), "{host} stands twice");
        }
    }

    #[test]
    fn vendors_are_reduced_to_what_tells() {
        assert_eq!(vendor_names("The Tcpdump Group").first().map(String::as_str), Some("tcpdump"));
        assert_eq!(vendor_names("Apache Software Foundation").first().map(String::as_str), Some("apache"));
        assert!(vendor_names("The Libreswan Project (www.libreswan.org)").contains(&"libreswan".to_owned()));
        assert!(vendor_names("n/a").is_empty());
        assert!(vendor_names("").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}", host in "[a-z.:/@-]{0,40}") {
            owners(&text);
            owners(&host);
            vendor_names(&text);
        }
    }
}
