//! Ranges in prose, what they are of, and the order of versions in every scheme, of two texts with
//! NUL between them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::model::VersionScheme;
use vulnerability::names::squash;
use vulnerability::prose;
use vulnerability::ranges::{text, text_contains};
use vulnerability::version::compare;

const SCHEMES: &[VersionScheme] = &[
    VersionScheme::Generic,
    VersionScheme::Semver,
    VersionScheme::Python,
    VersionScheme::Maven,
    VersionScheme::Rpm,
    VersionScheme::Debian,
    VersionScheme::Date,
    VersionScheme::Git,
];

fuzz_target!(|data: &[u8]| {
    let Ok(input) = std::str::from_utf8(data) else { return };
    let (a, b) = input.split_once('\0').unwrap_or((input, "1.2.3"));
    std::hint::black_box(text::parse(a));
    std::hint::black_box(text_contains(a, b));
    for name in prose::names(&prose::spans(&a.to_ascii_lowercase())) {
        assert!(!name.is_empty() && name == squash(&name), "{name:?} is no key");
    }
    for scheme in SCHEMES {
        let there = compare(*scheme, a, b);
        let back = compare(*scheme, b, a);
        assert_eq!(there, back.map(std::cmp::Ordering::reverse), "{scheme:?}: {a:?} and {b:?}");
    }
});
