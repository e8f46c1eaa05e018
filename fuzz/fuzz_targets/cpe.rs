//! CPE names: printing what was read gives a name that reads the same, and every name equals
//! itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::cpe::{Cpe, MAX_LEN, parse_loosely};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(cpe) = text.parse::<Cpe>() {
        let printed = cpe.to_string();
        // Quoting makes a name longer, perhaps longer than a name may be.
        assert!(printed.len() > MAX_LEN || printed.parse::<Cpe>().ok().as_ref() == Some(&cpe), "{printed}");
        std::hint::black_box(cpe.relation(&cpe));
    }
    if let Some((cpe, _)) = parse_loosely(text) {
        let printed = cpe.to_string();
        assert!(printed.len() > MAX_LEN || printed.parse::<Cpe>().is_ok(), "{printed}");
    }
});
