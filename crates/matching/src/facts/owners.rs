//! Who stands behind a piece of software, as far as URLs and vendor names show.
//!
//! A homepage `https://curl.haxx.se/` names the owners `curl` and `haxx` and the site `haxx.se`; a
//! repository `https://github.com/curl/curl` names the owner `curl` and the repository
//! `github.com/curl/curl`. A vendor text such as "The Tcpdump Group" is reduced to the words that
//! carry meaning. Two sides agree when they share one.

use crate::vocabulary::{NAMES, SITES};
use std::collections::BTreeSet;
use vulnerability::names::{repository, split_url, squash};

/// Owners, sites and repositories that a set of URLs names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owners {
    /// Names of organisations, projects or host labels: lower case letters and digits only.
    pub(crate) names: BTreeSet<String>,
    /// Sites, such as `haxx.se`; hosting sites that serve many projects are left out.
    pub(crate) sites: BTreeSet<String>,
    /// Repositories, such as `github.com/curl/curl`, lower case.
    pub(crate) repositories: BTreeSet<String>,
}

/// The part of a host that somebody registered: `haxx.se` of `curl.haxx.se`, `example.co.uk` of
/// `a.example.co.uk`.
fn registered(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(i, _)| i);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let middle = host.get(second + 1..last).unwrap_or("");
    let cut = if host.len() - last == 3 && SITES.second_level.contains(middle) {
        dots.next()
    } else {
        Some(second)
    };
    cut.and_then(|c| host.get(c + 1..)).unwrap_or(host)
}

fn is_hosting(host: &str) -> bool {
    SITES.hosting.contains(registered(host)) || SITES.hosting.contains(host)
}

impl Owners {
    /// Reads one more URL (or host) into the set. Anything that is not a URL adds nothing.
    pub(crate) fn add_url(&mut self, url: &str) {
        let Some((host, path)) = split_url(url.trim()) else { return };
        let host = host.strip_prefix("www.").unwrap_or(&host);
        if let Some(repository) = repository(url) {
            if let Some(owner) = repository.split('/').nth(1) {
                self.add_name(owner);
            }
            self.repositories.insert(repository);
        }
        if let Some(project) = SITES.project(host, &path) {
            self.add_name(project);
        }
        let site = registered(host);
        if !is_hosting(host) {
            self.sites.insert(site.to_owned());
        }
        // The labels before the public suffix: curl and haxx of curl.haxx.se; of foo.github.io only
        // foo.
        let labels = host.strip_suffix(site.split_once('.').map_or("", |(_, suffix)| suffix)).unwrap_or(host);
        for label in labels.split('.').filter(|l| !l.is_empty()) {
            if !SITES.hosting_labels.contains(label) && !SITES.empty_labels.contains(label) {
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

    /// A site that is called like the software of this (squashed) name: `nginx.org`,
    /// `vaultproject.io`.
    pub(crate) fn own_site(&self, name: &str) -> Option<&str> {
        let called = |site: &&str| {
            let label = squash(site.split('.').next().unwrap_or(""));
            label.strip_prefix(name).is_some_and(|rest| rest.is_empty() || SITES.site_endings.contains(rest))
        };
        self.sites.iter().map(String::as_str).find(|site| name.len() > 2 && called(site))
    }

    /// The owner's part of the repositories whose own name is `name` (squashed).
    pub(crate) fn repositories_called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.repositories
            .iter()
            .map(String::as_str)
            .filter(move |r| r.rsplit('/').next().is_some_and(|n| squash(n) == name))
    }
}

/// The names by which a vendor text may be known, surest first: all meaningful words in one, then
/// each URL host's labels if the text holds a URL. Empty for "n/a" and the like.
pub(crate) fn vendor_names(vendor: &str) -> Vec<String> {
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
    let meaningful: Vec<&str> =
        plain.iter().copied().filter(|w| !NAMES.empty_vendor_words.contains(w)).collect();
    let joined = squash(&meaningful.concat());
    if joined.len() >= 2 && !NAMES.no_vendor.contains(&joined) {
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
    fn sites_of_ones_own() {
        assert_eq!(owners("http://nginx.org").own_site("nginx"), Some("nginx.org"));
        assert_eq!(owners("https://www.vaultproject.io").own_site("vault"), Some("vaultproject.io"));
        assert_eq!(
            owners("https://www.django-rest-framework.org").own_site("djangorestframework"),
            Some("django-rest-framework.org")
        );
        assert_eq!(owners("http://ranger.github.io/").own_site("ranger"), None, "anybody can have it");
        assert_eq!(owners("http://vue.tufts.edu/").own_site("vue"), None);
        assert_eq!(owners("http://spinroot.com/").own_site("spin"), None);
    }

    #[test]
    fn hosting_sites_are_what_somebody_registered() {
        for host in SITES.hosting.iter() {
            assert!(is_hosting(host) && is_hosting(&format!("a.{host}")) || host == "repo.or.cz", "{host}");
            let within = registered(host) != host && SITES.hosting.contains(registered(host));
            assert!(!within, "{host} is part of another entry");
        }
    }

    #[test]
    fn vendors_are_reduced_to_meaningful_words() {
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
