//! CycloneDX documents, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::cyclonedx;

fuzz_target!(|data: &[u8]| {
    if let Err(problem) = cyclonedx::parse(data) {
        assert!(!problem.is_empty());
    }
});
