//! Versions as Nix orders them: `compareVersions` and `splitVersion`.
//!
//! A version is a row of components, split at `.` and `-` and between digits and other characters.
//! Numbers are compared as numbers, `pre` comes before everything, the end before everything else,
//! and other texts before numbers. A number that does not fit 32 bits is a text.

use std::cmp::Ordering;
use std::fmt;

/// The components of a version, in order (`builtins.splitVersion`).
pub fn split_version(version: &str) -> impl Iterator<Item = &str> {
    Components { rest: version }
}

struct Components<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Components<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches(['.', '-']);
        let number = rest.starts_with(|c: char| c.is_ascii_digit());
        let ends =
            |c: char| if number { !c.is_ascii_digit() } else { c.is_ascii_digit() || c == '.' || c == '-' };
        let (component, rest) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        self.rest = rest;
        (!component.is_empty()).then_some(component)
    }
}

/// Orders two versions (`builtins.compareVersions`). Versions of different spelling can be equal:
/// `1.0` and `1-00`.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (split_version(a), split_version(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => match compare_components(x.unwrap_or(""), y.unwrap_or("")) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn compare_components(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.parse::<i32>().ok();
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ if a == b => Ordering::Equal,
        (None, Some(_)) if a.is_empty() => Ordering::Less,
        (Some(_), None) if b.is_empty() => Ordering::Greater,
        _ if a == "pre" => Ordering::Less,
        _ if b == "pre" => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// A version text with Nix's order. Equality is that of the order, not of the spelling.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a>(pub &'a str);

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version<'_> {}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_versions(self.0, other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_manual_of_nix() {
        for (smaller, greater) in [
            ("1.0", "2.3"),
            ("2.1", "2.3"),
            ("2.3", "2.5"),
            ("2.3", "3.1"),
            ("2.3a", "2.3c"),
            ("2.3pre1", "2.3"),
            ("2.3pre3", "2.3pre12"),
            ("2.3a", "2.3.1"),
            ("2.3pre1", "2.3c"),
            ("2.3pre1", "2.3q"),
        ] {
            assert_eq!(compare_versions(smaller, greater), Ordering::Less, "{smaller} < {greater}");
            assert_eq!(compare_versions(greater, smaller), Ordering::Greater);
        }
    }

    #[test]
    fn components() {
        assert_eq!(split_version("1.2.3pre4-5").collect::<Vec<_>>(), ["1", "2", "3", "pre", "4", "5"]);
        assert_eq!(split_version("..").count(), 0);
    }

    proptest! {
        #[test]
        fn antisymmetric(a in "[0-9a-c.-]{0,12}|\\PC{0,12}", b in "[0-9a-c.-]{0,12}|\\PC{0,12}") {
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
        }
    }
}
