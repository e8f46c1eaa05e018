//! Pages of the NVD: each record that parses can be turned into the model, and asked about a
//! version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::nvd::Page;
use vulnerability::ranges::evaluate;

fuzz_target!(|data: &[u8]| {
    match Page::parse(data, 1 << 20) {
        Ok(page) => {
            for record in page.records(1 << 20).flatten() {
                for statement in &record.to_source_record().statements {
                    std::hint::black_box(evaluate(statement, "1.2.3"));
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
