//! Derivations as files: there is one way to write what was read, and it is the file; JSON holds
//! all of it too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{Derivation, StoreDir};

fuzz_target!(|data: &[u8]| {
    let Ok(derivation) = Derivation::parse(data, "fuzz") else { return };
    let store = StoreDir::default();
    let printed = derivation.to_aterm(&store).expect("what was read can be written");
    // A backslash may stand before any byte in a file, and is written only where it must be.
    let again = Derivation::parse(&printed, "fuzz").expect("what we print is a derivation");
    assert_eq!(again, derivation);
    assert_eq!(again.to_aterm(&store).ok(), Some(printed.clone()));
    // JSON has no order of lists, and structured attributes are texts in one form and values in the
    // other.
    if derivation.is_sorted()
        && derivation.env("__json").is_none()
        && let Ok(json) = derivation.to_json()
    {
        let again = Derivation::from_json(&json).expect("what we print is a derivation");
        assert_eq!(again.to_aterm(&store).ok(), Some(printed));
    }
});
