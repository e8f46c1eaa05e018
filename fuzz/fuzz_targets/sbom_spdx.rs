//! SPDX documents, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::spdx;

fuzz_target!(|data: &[u8]| {
    if let Err(problem) = spdx::parse(data) {
        assert!(!problem.is_empty());
    }
});
