//! Archives of container images.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::targets::{ReadOptions, read_image};

fuzz_target!(|data: &[u8]| {
    if let Ok(contents) = read_image(data, &ReadOptions::default()) {
        assert!(contents.looked_at > 0);
    }
});
