//! Two versions with NUL between them: Nix's order is total, and its parts are parts of the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{compare_versions, split_version};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (a, b) = text.split_once('\0').unwrap_or((text, ""));
    assert_eq!(compare_versions(a, b), compare_versions(b, a).reverse());
    assert!(compare_versions(a, a).is_eq());
    let parts: Vec<_> = split_version(a).collect();
    assert!(parts.iter().all(|part| !part.is_empty()));
    let separator = |c: char| c == '.' || c == '-';
    assert_eq!(parts.concat(), a.replace(separator, ""), "a component was lost");
});
