//! narinfo files: printing what was read gives a file that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{NarInfo, StoreDir};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let store = StoreDir::default();
    if let Ok(info) = NarInfo::parse(&store, text) {
        let printed = info.display(&store).to_string();
        let again = NarInfo::parse(&store, &printed).expect("what we print is a narinfo file");
        assert_eq!(again.display(&store).to_string(), printed);
        assert_eq!(again.fingerprint(&store), info.fingerprint(&store));
    }
});
