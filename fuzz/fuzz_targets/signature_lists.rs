//! Signature lists: whatever is read is written again, byte for byte, and makes a database.
#![no_main]

use authenticode::lists::{self, SignatureDatabase};
use authenticode::trust_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(lists) = lists::read(data) {
        assert_eq!(lists::write(&lists), data);
    }
    let mut database = SignatureDatabase::default();
    if trust_file::add_to(&mut database, "fuzz", data).is_ok() {
        for (_, certificate) in database.certificates() {
            let _ = database.find_tbs(certificate).count();
        }
    }
});
