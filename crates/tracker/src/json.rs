//! JSON that is kept compressed in a column.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// More than this no column of ours holds, unpacked.
const MAXIMUM: usize = 64 << 20;
/// Fast, and a third larger than the best.
const LEVEL: i32 = 3;

/// Packs a value.
pub(crate) fn pack(value: &impl Serialize) -> Vec<u8> {
    // Our own types have texts as keys and no failing parts.
    let json = serde_json::to_vec(value).unwrap_or_else(|error| unreachable!("{error}"));
    pack_bytes(&json)
}

/// Packs bytes.
pub(crate) fn pack_bytes(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, LEVEL).unwrap_or_else(|error| unreachable!("memory to memory: {error}"))
}

/// Unpacks bytes.
pub(crate) fn unpack_bytes(packed: &[u8]) -> io::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= MAXIMUM);
    let size = size.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no frame of ours"))?;
    zstd::bulk::decompress(packed, size)
}

/// Unpacks a value.
pub(crate) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(&unpack_bytes(packed)?)?)
}
