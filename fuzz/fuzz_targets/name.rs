//! Names of derivations: name and version are the ends of the text, with a dash between them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::DrvName;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let DrvName { name, version } = DrvName::parse(text);
    if version.is_empty() {
        assert_eq!(name, text);
    } else {
        assert_eq!(format!("{name}-{version}"), text);
        assert!(!version.starts_with(|c: char| c.is_ascii_alphabetic()));
    }
});
