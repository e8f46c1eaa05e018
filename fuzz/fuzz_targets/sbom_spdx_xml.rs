//! SPDX documents as XML, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_spdx;

fuzz_target!(|data: &[u8]| {
    // Else it would be read as JSON, YAML or tag-value, which is another target's work.
    if !data.trim_ascii_start().starts_with(b"<") {
        return;
    }
    match parse_spdx(data) {
        Ok(contents) => {
            // A package is at least one element: nothing in XML multiplies.
            let elements = data.iter().filter(|byte| **byte == b'<').count();
            assert!(contents.looked_at <= elements, "{} of {elements}", contents.looked_at);
            assert!(contents.packages.len() + contents.not_packages <= contents.looked_at);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
