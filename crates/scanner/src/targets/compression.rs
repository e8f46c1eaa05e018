//! How files and layers are compressed.

use std::io::{self, BufRead, Read};

/// So many first bytes show it.
pub(super) const LOOK: usize = 6;

/// The most memory that xz may want. Its strongest preset takes 65 MB.
const XZ_KILOBYTES: u32 = 256 << 10;

/// How something is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
    Xz,
    Brotli,
    /// In a way that is not read; its name.
    Other(&'static str),
}

impl Compression {
    /// By the first bytes. Brotli has no magic number.
    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            // RFC 1952, section 2.3.1
            [0x1f, 0x8b, ..] => Self::Gzip,
            // RFC 8878, section 3.1.1
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // The .xz File Format, section 2.1.1.1
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Other("bzip2"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Other("lz4"),
            [b'L', b'Z', b'I', b'P', ..] => Self::Other("lzip"),
            [0x89, b'L', b'Z', b'O', ..] => Self::Other("lzop"),
            [0x5d, 0, 0, ..] => Self::Other("lzma"),
            [0x1f, 0x9d, ..] => Self::Other("compress"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Other("7-Zip"),
            _ => Self::None,
        }
    }

    /// Reads what is compressed so.
    pub(super) fn open<'a>(self, packed: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(packed),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(packed)?),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_KILOBYTES)),
            Self::Brotli => Box::new(brotli::Decompressor::new(packed, 64 << 10)),
            Self::Other(name) => {
                let problem =
                    format!("it is compressed with {name}; only gzip, zstd, xz and Brotli can be read");
                return Err(io::Error::new(io::ErrorKind::Unsupported, problem));
            }
        })
    }
}
