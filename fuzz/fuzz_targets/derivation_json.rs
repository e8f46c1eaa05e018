//! Derivations as JSON: what was read is written as a file that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{Derivation, StoreDir};

fuzz_target!(|data: &[u8]| {
    let Ok(json) = serde_json::from_slice(data) else { return };
    match Derivation::from_json(&json) {
        Ok(derivation) => {
            let store = StoreDir::default();
            if let Ok(file) = derivation.to_aterm(&store) {
                let again =
                    Derivation::parse(&file, derivation.name.clone()).expect("what we print is a derivation");
                assert_eq!(again, derivation);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
