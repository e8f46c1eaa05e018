//! Nix archives: there is only one archive for a tree, so what was read is written again byte for
//! byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::nar::{NarEvent, NarLimits, NarReader, NarWriter};
use std::io::Read;

fuzz_target!(|data: &[u8]| {
    if let Ok(copy) = copy(data) {
        assert_eq!(copy, data, "the archive was not canonical, and yet it was accepted");
    }
});

fn copy(data: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut reader = NarReader::new(data, NarLimits::default());
    let mut writer = NarWriter::new(Vec::new(), NarLimits::default());
    while let Some(event) = reader.next_event()? {
        writer.event(&event)?;
        if let NarEvent::File { .. } = event {
            let mut contents = Vec::new();
            reader.contents().read_to_end(&mut contents)?;
            writer.contents().write_all(&contents)?;
        }
    }
    reader.expect_end()?;
    Ok(writer.finish()?)
}
