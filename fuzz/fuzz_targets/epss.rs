//! EPSS scores: a probability is one, and a broken line does not keep us reading forever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability::epss::Scores;

fuzz_target!(|data: &[u8]| {
    let Ok(scores) = Scores::new(data, 1 << 20) else { return };
    for (_, score) in scores.flatten() {
        assert!((0.0..=1.0).contains(&score.probability) && (0.0..=1.0).contains(&score.percentile));
    }
});
