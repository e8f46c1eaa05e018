//! VEX documents: OpenVEX, and VEX in CycloneDX.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::vex;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = vex::parse(data, "fuzz") {
        assert!(!error.to_string().is_empty());
    }
});
