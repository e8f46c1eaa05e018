//! CVSS vectors of all versions: a score is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::cvss;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match cvss::rate(text) {
        Ok((score, _)) => assert!((0.0..=10.0).contains(&score), "{score}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
