//! EPSS scores, plain or compressed: a probability is one, and a broken line does not keep us reading forever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::epss;

fuzz_target!(|data: &[u8]| {
    // A compressed file may be a bomb, which the limit is for.
    let Ok(scores) = epss::open(data, 1 << 20) else { return };
    for (_, score) in scores.flatten() {
        assert!((0.0..=1.0).contains(&score.probability) && (0.0..=1.0).contains(&score.percentile));
    }
});
