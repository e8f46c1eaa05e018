//! Nix archives: there is only one archive for a tree, so what was read is written again byte for byte.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use nix_formats::nar::{Event, Limits, Reader, Writer};

fuzz_target!(|data: &[u8]| {
    if let Ok(copy) = copy(data) {
        assert_eq!(copy, data, "the archive was not canonical, and yet it was accepted");
    }
});

fn copy(data: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut reader = Reader::new(data, Limits::default());
    let mut writer = Writer::new(Vec::new(), Limits::default());
    while let Some(event) = reader.next_event()? {
        writer.event(&event)?;
        if let Event::File { .. } = event {
            let mut contents = Vec::new();
            reader.contents().read_to_end(&mut contents)?;
            writer.contents().write_all(&contents)?;
        }
    }
    reader.expect_end()?;
    Ok(writer.finish()?)
}
