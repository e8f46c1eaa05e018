//! SPDX documents as tag-value, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::target::spdx;

fuzz_target!(|data: &[u8]| {
    // Else it would be read as JSON, which is another target's work.
    if data.trim_ascii_start().starts_with(b"{") {
        return;
    }
    match spdx::parse(data) {
        Ok(contents) => {
            let written = data.windows(11).filter(|window| window == b"PackageName").count();
            assert!(contents.looked_at <= written, "{} of {written}", contents.looked_at);
            assert!(contents.packages.len() + contents.not_packages <= contents.looked_at);
        }
        Err(problem) => assert!(!problem.is_empty()),
    }
});
