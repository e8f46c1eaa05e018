//! Answers of authorities for timestamps: what is taken is a part of the answer that can be
//! verified again.
#![no_main]

use authenticode::DigestAlgorithm;
use authenticode::cms::{Timestamp, TimestampInfo};
use authenticode::timestamp::TimestampRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let request =
        TimestampRequest { algorithm: DigestAlgorithm::Sha256, signature: b"signature", nonce: [0x41; 16] };
    if let Ok(token) = request.read_answer(data) {
        assert!(data.windows(token.len()).any(|part| part == token));
        Timestamp::verify(&token, request.signature, false).unwrap();
    }
    let _ = TimestampInfo::read(data);
    let _ = Timestamp::verify(data, request.signature, true);
});
