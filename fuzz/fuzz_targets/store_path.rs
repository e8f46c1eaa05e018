//! Store paths: what was accepted prints as it was, and taking it apart and putting it together
//! changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{StoreDir, StorePath, check_name};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let store = StoreDir::default();
    if let Ok(path) = store.parse(text) {
        assert_eq!(format!("{store}/{path}"), text);
        assert!(check_name(path.name()).is_ok());
        assert_eq!(path.as_str().parse::<StorePath>().ok(), Some(path));
    }
    if let Ok((path, rest)) = store.parse_inside(text) {
        assert!(text.starts_with(&format!("{store}/{path}")) && text.ends_with(rest));
    }
});
