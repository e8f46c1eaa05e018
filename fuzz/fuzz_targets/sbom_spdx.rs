//! SPDX documents, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_spdx;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = parse_spdx(data) {
        assert!(!error.to_string().is_empty());
    }
});
