//! CycloneDX documents, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_cyclonedx;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = parse_cyclonedx(data) {
        assert!(!error.to_string().is_empty());
    }
});
