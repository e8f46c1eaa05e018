//! Whitelists of vulnix, in both of its forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::suppress;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for extension in [None, Some("yaml")] {
        if let Err(error) = suppress::parse(text, "fuzz", extension) {
            assert!(!error.to_string().is_empty());
        }
    }
});
