//! SPDX documents as tag-value or YAML, which anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_spdx;

fuzz_target!(|data: &[u8]| {
    // Else it would be read as JSON or XML, which is another target's work.
    let start = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
    if matches!(start.first(), Some(b'{' | b'<')) {
        return;
    }
    match parse_spdx(data) {
        Ok(contents) => {
            // Every package begins with one of these: its name as tag-value, an element of a list
            // in YAML.
            let tags = data.windows(11).filter(|window| window == b"PackageName").count();
            let elements = data.iter().filter(|byte| matches!(byte, b'-' | b',' | b'[')).count();
            let yaml = data.windows(11).any(|window| window == b"spdxVersion");
            let written = tags + if yaml { elements } else { 0 };
            assert!(contents.looked_at <= written, "{} of {written}", contents.looked_at);
            assert!(contents.packages.len() + contents.not_packages <= contents.looked_at);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
