//! Hashes in every spelling: each spelling that we print is read as the same hash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::Hash;
use nix_formats::base32;

fuzz_target!(|data: &[u8]| {
    assert_eq!(base32::decode(&base32::encode(data)).ok().as_deref(), Some(data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(bytes) = base32::decode(text) {
        assert_eq!(base32::encode(&bytes), text, "two spellings of the same bytes");
    }
    if let Ok(hash) = Hash::parse_any_prefixed(text) {
        for spelling in [hash.sri(), hash.prefixed_base16(), hash.prefixed_base32(), format!("{hash}")] {
            assert_eq!(Hash::parse_any_prefixed(&spelling).ok().as_ref(), Some(&hash), "{spelling}");
        }
    }
});
