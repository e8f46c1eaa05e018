//! CycloneDX documents in XML, which anybody may have written: as targets and as statements.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::DocumentError;
use scanner::targets::parse_cyclonedx;

fuzz_target!(|data: &[u8]| {
    // Else it would be read as JSON, which is another target's work.
    if !data.trim_ascii_start().starts_with(b"<") {
        return;
    }
    match parse_cyclonedx(data) {
        Ok(contents) => {
            // Each is written out in the document: nothing in XML multiplies.
            let written = data.windows(9).filter(|window| window == b"component").count();
            assert!(contents.looked_at <= written, "{} of {written}", contents.looked_at);
            assert!(contents.packages.len() + contents.not_packages <= contents.looked_at);
        }
        Err(error) => {
            let known =
                matches!(error, DocumentError::Xml(_) | DocumentError::NotABom | DocumentError::Utf16(_));
            assert!(known, "{error}");
        }
    }
    let _ = scanner::vex::parse(data, "x");
});
