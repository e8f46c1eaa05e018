//! Package URLs, in the place where they come in: a component of an SBOM.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_cyclonedx;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let document = serde_json::json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{ "type": "library", "name": "x", "version": "1", "purl": text }],
    });
    let contents = parse_cyclonedx(document.to_string().as_bytes()).expect("a document around any purl");
    assert!(contents.packages.len() <= 1);
});
