//! Base relocations: where addresses stand that must be changed when the image is loaded elsewhere.

use super::error::PeError;
use super::fields::{u16_at, u32_at};
use super::headers::{Machine, Width};
use alloc::vec::Vec;

/// Size of the header of a block.
const HEADER: usize = 8;

/// One place to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relocation {
    /// Address from the image's base.
    pub address: u32,
    /// The kind: 3 for 32-bit addresses, 10 for 64-bit ones.
    pub kind: u8,
}

/// Reads the data of the section `.reloc` of an image that takes `size_of_image` bytes in memory.
/// Padding entries (kind 0) are left out.
///
/// # Errors
/// If a block is malformed, of a kind that the machine does not have, or changes what is outside of
/// the image.
pub fn relocations(data: &[u8], machine: Machine, size_of_image: u32) -> Result<Vec<Relocation>, PeError> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(block) = data.get(at..).filter(|rest| !rest.is_empty()) {
        let wrong = |problem| PeError::Relocation { at, problem };
        let (Some(page), Some(size)) = (u32_at(block, 0), u32_at(block, 4)) else {
            return Err(wrong("it ends inside its header"));
        };
        let size = size as usize;
        if size < HEADER || !size.is_multiple_of(2) {
            return Err(wrong("SizeOfBlock is no size of a block"));
        }
        let entries = block.get(HEADER..size).ok_or_else(|| wrong("SizeOfBlock reaches past the data"))?;
        for offset in (0..entries.len()).step_by(2) {
            let entry = u16_at(entries, offset).unwrap_or(0);
            let width = match (entry >> 12, machine) {
                (0, _) => continue,
                // RISCV_HIGH20, RISCV_LOW12I, RISCV_LOW12S: one instruction each.
                (3, _) | (5 | 7 | 8, Machine::RiscV32 | Machine::RiscV64 | Machine::RiscV128) => 4,
                // ARM_MOV32, THUMB_MOV32, LOONGARCH_MARK_LA: the instructions that load an address.
                (5 | 7, Machine::Arm) | (8, Machine::LoongArch32) => 8,
                (8, Machine::LoongArch64) => 16,
                (10, machine) if machine.width() != Some(Width::Pe32) => 8,
                _ => return Err(wrong("a kind of relocation that this machine does not have")),
            };
            let address = page.checked_add(u32::from(entry & 0xfff));
            let inside = address.and_then(|a| a.checked_add(width)).is_some_and(|end| end <= size_of_image);
            match address {
                Some(address) if inside => {
                    all.push(Relocation { address, kind: u8::try_from(entry >> 12).unwrap_or(0) });
                }
                _ => return Err(wrong("it changes what is outside of the image")),
            }
        }
        at += size;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(page: u32, entries: &[u16]) -> Vec<u8> {
        let size = u32::try_from(HEADER + entries.len() * 2).unwrap();
        let header = page.to_le_bytes().into_iter().chain(size.to_le_bytes());
        header.chain(entries.iter().flat_map(|e| e.to_le_bytes())).collect()
    }

    #[test]
    fn blocks() {
        let data = [block(0x1000, &[0xa010, 0x3020]), block(0x2000, &[0xaff8, 0])].concat();
        let found = relocations(&data, Machine::X86_64, 0x3000).unwrap();
        let expected = [(0x1010, 10), (0x1020, 3), (0x2ff8, 10)];
        assert_eq!(found, expected.map(|(address, kind)| Relocation { address, kind }));
        assert!(relocations(&data, Machine::X86_64, 0x2fff).unwrap_err().to_string().contains("outside"));
        assert!(relocations(&data, Machine::I386, 0x3000).is_err());
        assert!(relocations(&data[..10], Machine::X86_64, 0x3000).is_err());
        assert!(relocations(&[1, 0, 0, 0, 3, 0, 0, 0], Machine::X86_64, 0x3000).is_err());
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..200)) {
            for found in relocations(&data, Machine::X86_64, 0x10000).unwrap_or_default() {
                prop_assert!(found.address < 0x10000);
            }
        }
    }
}
