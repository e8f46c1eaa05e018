//! The `packages.json` of a channel.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::parse_packages_json;

fuzz_target!(|data: &[u8]| {
    let _ = parse_packages_json(data);
});
