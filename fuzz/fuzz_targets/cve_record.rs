//! CVE records: whatever parses can be walked, and refusing names a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::cve::Record;

fuzz_target!(|data: &[u8]| {
    match Record::parse(data, 1 << 20) {
        Ok(record) => {
            for (_, container) in record.containers() {
                std::hint::black_box(container);
            }
            std::hint::black_box(record.replaced_by().count());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
