//! The catalogue of known exploited vulnerabilities.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::kev::Catalog;

fuzz_target!(|data: &[u8]| {
    match Catalog::parse(data, 1 << 20) {
        Ok(catalog) => {
            std::hint::black_box(catalog.entries().filter(Result::is_ok).count());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
