//! Where a source can be had, and what is known of that.

use super::SourceArchive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How sure it is that a place has a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The hash is the same.
    Hash,
    /// The size is the same.
    Size,
    /// It has something at that address.
    Name,
}

impl Certainty {
    /// As files of steps have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Size => "size",
            Self::Name => "name",
        }
    }

    /// In words.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Hash => "the hash is right",
            Self::Size => "the size is right",
            Self::Name => "there is something; the server does not say its size",
        }
    }
}

/// When a place was last found to have a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// The day: `YYYY-MM-DD`.
    pub on: String,
    /// What was found there.
    pub found: Certainty,
}

impl Tried {
    /// Whether `on` has the form of a day.
    pub(super) fn is_dated(&self) -> bool {
        let form =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        self.on.len() == 10 && self.on.bytes().enumerate().all(form)
    }
}

/// A place that should have a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// What it is called in `[source.tried]`: `debian`, `crate`, or an address.
    pub name: &'a str,
    /// Who runs it: two addresses of one server are lost together.
    pub keeper: &'a str,
    /// When it was last found to have the source; nothing if nobody has tried.
    pub tried: Option<&'a Tried>,
}

/// How [`Place::name`] calls Debian's archive.
pub(crate) const DEBIAN: &str = "debian";
/// How [`Place::name`] calls the registry of crates.
pub(crate) const CRATE: &str = "crate";

impl SourceArchive {
    /// All places that the chain names for it.
    pub fn places(&self) -> Vec<Place<'_>> {
        let place = |name, keeper| Place { name, keeper, tried: self.tried.get(name) };
        let debian = self.debian.iter().map(|_| place(DEBIAN, DEBIAN));
        let registry = self.registry.iter().map(|_| place(CRATE, CRATE));
        // Whatever of Debian's servers it is: one project runs them.
        let keeper = |url| Some(host(url)).filter(|host| !host.ends_with(".debian.org")).unwrap_or(DEBIAN);
        let urls = self.urls.iter().map(|url| place(url.as_str(), keeper(url)));
        debian.chain(registry).chain(urls).collect()
    }

    /// How many have it who do not depend on each other, and how many of these have been tried.
    pub fn keepers(&self) -> (usize, usize) {
        let places = self.places();
        let count = |tried: bool| {
            let counted = places.iter().filter(|place| !tried || place.tried.is_some());
            counted.map(|place| place.keeper).collect::<BTreeSet<_>>().len()
        };
        (count(false), count(true))
    }
}

/// The host of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Digest;

    #[test]
    fn servers_that_are_lost_together_count_once() {
        let urls = ["https://a.example/1", "http://a.example:80/2", "https://snapshot.debian.org/3"];
        let tried = Tried { on: "2026-01-02".into(), found: Certainty::Size };
        let source = SourceArchive {
            name: "a".into(),
            file: "a".into(),
            sha256: Digest::of(b""),
            size: 0,
            debian: Some("a".into()),
            registry: None,
            urls: urls.map(str::to_owned).into(),
            tried: [(DEBIAN.to_owned(), tried.clone()), (urls[2].to_owned(), tried.clone())].into(),
        };
        assert_eq!(source.places().len(), 4);
        assert_eq!(source.keepers(), (2, 1));
        assert!(tried.is_dated());
        for wrong in ["", "2026-1-2", "2026-01-02 ", "20260-1-02", "éé26-01-0"] {
            assert!(!Tried { on: wrong.into(), ..tried.clone() }.is_dated(), "{wrong}");
        }
    }
}
