//! CVE records: whatever parses can be turned into the model, and asked about a version; refusing
//! names a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::cve::Record;
use vulnerability::ranges::evaluate;

fuzz_target!(|data: &[u8]| {
    match Record::parse(data, 1 << 20) {
        Ok(record) => {
            let model = record.to_source_record();
            for statement in &model.statements {
                std::hint::black_box(evaluate(statement, "1.2.3"));
            }
            std::hint::black_box(record.replaced_by().count());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
