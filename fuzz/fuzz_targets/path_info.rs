//! JSON of Nix: `nix path-info` and `nix derivation show`. What is looked at is counted once, as a
//! package or as none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::{ReadOptions, parse_derivation_json, parse_path_info};

fuzz_target!(|data: &[u8]| {
    let options = ReadOptions { root: "/nonexistent".into(), ..ReadOptions::default() };
    for contents in
        [parse_path_info(data, &options), parse_derivation_json(data, &options)].into_iter().flatten()
    {
        assert!(contents.packages.len() + contents.not_packages <= contents.looked_at);
    }
});
