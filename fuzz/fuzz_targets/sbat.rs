//! SBAT sections and levels: whatever is read is written and read again, and can be compared.
#![no_main]

use authenticode::sbat::{Sbat, SbatLevel};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let image = Sbat::read(data);
    if let Ok(image) = &image {
        assert_eq!(Sbat::read(image.to_string().as_bytes()).as_ref(), Ok(image));
    }
    let levels = [SbatLevel::read(data).ok()].into_iter().chain(match SbatLevel::read_shim(data) {
        Some(Ok(levels)) => levels.map(Some),
        _ => [None, None],
    });
    for level in levels.flatten() {
        assert_eq!(SbatLevel::read(level.to_string().as_bytes()).unwrap().entries, level.entries);
        if let Ok(image) = &image {
            let _ = level.revokes(image);
        }
    }
});
