//! How archives are packed: recognised by their first bytes, never by their names.

use std::io::{self, BufReader, Cursor, Read};

/// The most memory for unpacking xz, in kilobytes. `xz -9` wants 65 MB to read what it writes.
const XZ_KILOBYTES: u32 = 256 * 1024;
/// The most that Zstandard may look back, as a power of two: 128 MB, which `zstd` itself reads
/// without being asked.
const ZSTD_WINDOW: u32 = 27;

/// Reads what is packed by gzip, bzip2, xz or Zstandard, and everything else as it is.
///
/// # Errors
/// Those of the reader. A packed text that is broken is an error only when it is read.
pub(super) fn open<'a>(mut packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::new();
    packed.by_ref().take(6).read_to_end(&mut head)?;
    let magic = head.clone();
    let whole = BufReader::with_capacity(1 << 16, Cursor::new(head).chain(packed));
    Ok(match magic.as_slice() {
        // RFC 1952, section 2.3.1
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(whole)),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(whole)),
        // The .xz File Format, section 2.1.1.1
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            Box::new(lzma_rust2::XzReader::new_mem_limit(whole, true, XZ_KILOBYTES))
        }
        // RFC 8878, section 3.1.1
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut reader = zstd::stream::read::Decoder::with_buffer(whole)?;
            reader.window_log_max(ZSTD_WINDOW)?;
            Box::new(reader)
        }
        _ => Box::new(whole),
    })
}
