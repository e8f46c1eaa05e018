//! Files that suppress findings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::suppress;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = suppress::parse(text, "fuzz", Some("toml")) {
        assert!(!error.to_string().is_empty());
    }
});
