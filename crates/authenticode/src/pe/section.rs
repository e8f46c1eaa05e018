//! The section table.

use super::fields::{u16_at, u32_at};
use alloc::string::String;
use core::ops::Range;

/// Size of an entry of the section table.
pub(super) const SECTION_HEADER: usize = 40;

/// A section: its entry in the section table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name, padded with zeros.
    pub raw_name: [u8; 8],
    /// Size in memory.
    pub virtual_size: u32,
    /// Address in memory, from the image's base.
    pub virtual_address: u32,
    /// Bytes in the file.
    pub raw_size: u32,
    /// Where they begin.
    pub raw_offset: u32,
    /// Flags: what it holds, and whether it may be read, written, executed.
    pub characteristics: u32,
    /// Relocations and line numbers of object files. In images they mean nothing, and firmware does
    /// not look at them.
    pub(super) object_fields: [u32; 3],
}

impl Section {
    /// Of an entry of the table.
    pub(super) fn read(entry: &[u8; SECTION_HEADER]) -> Self {
        let at = |offset| u32_at(entry, offset).unwrap_or(0);
        let counts =
            u32::from(u16_at(entry, 32).unwrap_or(0)) | u32::from(u16_at(entry, 34).unwrap_or(0)) << 16;
        Self {
            raw_name: entry.first_chunk().copied().unwrap_or_default(),
            virtual_size: at(8),
            virtual_address: at(12),
            raw_size: at(16),
            raw_offset: at(20),
            characteristics: at(36),
            object_fields: [at(24), at(28), counts],
        }
    }

    /// As an entry of the table.
    pub(super) fn write(&self) -> [u8; SECTION_HEADER] {
        let numbers = [self.virtual_size, self.virtual_address, self.raw_size, self.raw_offset]
            .into_iter()
            .chain(self.object_fields)
            .chain([self.characteristics]);
        let bytes = self.raw_name.into_iter().chain(numbers.flat_map(u32::to_le_bytes));
        let mut entry = [0; SECTION_HEADER];
        entry.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        entry
    }

    /// Whether it names relocations of its own, as in object files.
    pub fn has_relocations(&self) -> bool {
        let [relocations, _, counts] = self.object_fields;
        relocations != 0 || counts & 0xffff != 0
    }

    /// The name without the padding, made readable.
    pub fn name(&self) -> String {
        self.bare_name().escape_ascii().map(char::from).collect()
    }

    /// The name without the padding.
    pub fn bare_name(&self) -> &[u8] {
        let end = self.raw_name.iter().position(|&b| b == 0).unwrap_or(self.raw_name.len());
        self.raw_name.get(..end).unwrap_or(&self.raw_name)
    }

    /// Its bytes in the file; empty if it has none.
    pub fn file_range(&self) -> Range<u64> {
        let start = u64::from(self.raw_offset);
        start..start + u64::from(self.raw_size)
    }

    /// What it takes in memory. An image whose section has no virtual size means the size in the
    /// file.
    pub fn memory_range(&self) -> Range<u64> {
        let start = u64::from(self.virtual_address);
        let size = if self.virtual_size == 0 { self.raw_size } else { self.virtual_size };
        start..start + u64::from(size)
    }

    /// The bytes that are meant: the file's, without what is only padding in it.
    pub fn content_range(&self) -> Range<u64> {
        let size = if self.virtual_size == 0 { self.raw_size } else { self.virtual_size.min(self.raw_size) };
        let start = u64::from(self.raw_offset);
        start..start + u64::from(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_are_written_as_they_were_read(entry: [u8; 32], more: [u8; 8]) {
            let mut bytes = [0; SECTION_HEADER];
            bytes[..32].copy_from_slice(&entry);
            bytes[32..].copy_from_slice(&more);
            prop_assert_eq!(Section::read(&bytes).write(), bytes);
        }
    }
}
