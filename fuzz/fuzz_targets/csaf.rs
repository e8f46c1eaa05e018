//! VEX documents in CSAF.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::vex;

fuzz_target!(|data: &[u8]| {
    match vex::parse(data, "fuzz") {
        Err(error) => assert!(!error.to_string().is_empty()),
        // A statement of CSAF names products, and says why.
        Ok(found) if data.windows(12).any(|part| part == b"csaf_version") => {
            assert!(found.statements.iter().all(|s| !s.reason.is_empty()));
        }
        Ok(_) => {}
    }
});
