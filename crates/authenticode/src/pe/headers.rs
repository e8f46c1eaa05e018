//! The fixed headers, field by field.

use super::error::PeError;
use super::fields::{u16_at, u32_at, u64_at};
use alloc::vec::Vec;
use core::fmt;

/// Size of the DOS header.
pub(super) const DOS_HEADER: usize = 64;
/// Where the DOS header says where the PE header is.
pub(super) const E_LFANEW: usize = 0x3c;
/// Signature and COFF header.
pub(super) const COFF_HEADER: usize = 24;
/// The flag of DllCharacteristics of an image that runs where no memory is both written and
/// executed.
pub const NO_EXECUTE_COMPATIBLE: u16 = 0x100;
/// No image has more data directories.
const MAX_DIRECTORIES: u32 = 16;

/// Processors that can boot it (UEFI specification, section 2.1.1), and what else linkers call
/// 32-bit ARM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Machine {
    /// 32-bit x86.
    I386,
    /// 64-bit x86.
    X86_64,
    /// Itanium.
    Ia64,
    /// 32-bit ARM, of any of the three numbers that it has.
    Arm,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit RISC-V.
    RiscV32,
    /// 64-bit RISC-V.
    RiscV64,
    /// 128-bit RISC-V.
    RiscV128,
    /// 32-bit LoongArch.
    LoongArch32,
    /// 64-bit LoongArch.
    LoongArch64,
    /// EFI byte code: what option ROMs for any processor are made of.
    ByteCode,
}

impl Machine {
    fn of(value: u16) -> Option<Self> {
        Some(match value {
            0x014c => Self::I386,
            0x8664 => Self::X86_64,
            0x0200 => Self::Ia64,
            // ARM, Thumb with ARM (what UEFI wants), Thumb-2.
            0x01c0 | 0x01c2 | 0x01c4 => Self::Arm,
            0xaa64 => Self::Aarch64,
            0x5032 => Self::RiscV32,
            0x5064 => Self::RiscV64,
            0x5128 => Self::RiscV128,
            0x6232 => Self::LoongArch32,
            0x6264 => Self::LoongArch64,
            0x0ebc => Self::ByteCode,
            _ => return None,
        })
    }

    /// The width of its addresses; `None` if images of both widths run on it.
    pub const fn width(self) -> Option<Width> {
        match self {
            Self::I386 | Self::Arm | Self::RiscV32 | Self::LoongArch32 => Some(Width::Pe32),
            Self::X86_64
            | Self::Ia64
            | Self::Aarch64
            | Self::RiscV64
            | Self::RiscV128
            | Self::LoongArch64 => Some(Width::Pe32Plus),
            Self::ByteCode => None,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I386 => "i386",
            Self::X86_64 => "x86-64",
            Self::Ia64 => "ia64",
            Self::Arm => "arm",
            Self::Aarch64 => "aarch64",
            Self::RiscV32 => "riscv32",
            Self::RiscV64 => "riscv64",
            Self::RiscV128 => "riscv128",
            Self::LoongArch32 => "loongarch32",
            Self::LoongArch64 => "loongarch64",
            Self::ByteCode => "EFI byte code",
        })
    }
}

/// Which of the two optional headers an image has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 32-bit addresses.
    Pe32,
    /// 64-bit addresses.
    Pe32Plus,
}

impl Width {
    /// Size of the optional header before the data directories.
    pub(super) const fn fixed(self) -> usize {
        match self {
            Self::Pe32 => 96,
            Self::Pe32Plus => 112,
        }
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pe32 => "PE32",
            Self::Pe32Plus => "PE32+",
        })
    }
}

/// A data directory: what its address means depends on which one it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directory {
    /// Relative virtual address; for the certificate table an offset in the file.
    pub address: u32,
    /// Size in bytes.
    pub size: u32,
}

/// The COFF header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coff {
    pub(super) machine: Machine,
    pub(super) sections: u16,
    pub(super) timestamp: u32,
    pub(super) optional_size: u16,
    pub(super) characteristics: u16,
}

impl Coff {
    /// Of the bytes from the PE signature on.
    pub(super) fn read(bytes: &[u8; COFF_HEADER]) -> Result<Self, PeError> {
        let signature = u32_at(bytes, 0).unwrap_or(0);
        if signature != u32::from_le_bytes(*b"PE\0\0") {
            let problem = "it must be \"PE\\0\\0\"";
            return Err(PeError::Field { field: "Signature", value: u64::from(signature), problem });
        }
        let machine = u16_at(bytes, 4).unwrap_or(0);
        let problem = "no processor that UEFI knows";
        let machine = Machine::of(machine).ok_or(PeError::Field {
            field: "Machine",
            value: u64::from(machine),
            problem,
        })?;
        Ok(Self {
            machine,
            sections: u16_at(bytes, 6).unwrap_or(0),
            timestamp: u32_at(bytes, 8).unwrap_or(0),
            optional_size: u16_at(bytes, 20).unwrap_or(0),
            characteristics: u16_at(bytes, 22).unwrap_or(0),
        })
    }
}

/// The optional header, which every image has.
#[derive(Debug, Clone)]
pub(super) struct Optional {
    pub(super) width: Width,
    pub(super) entry_point: u32,
    pub(super) image_base: u64,
    pub(super) section_alignment: u32,
    pub(super) file_alignment: u32,
    pub(super) size_of_image: u32,
    pub(super) size_of_headers: u32,
    pub(super) checksum: u32,
    pub(super) subsystem: u16,
    pub(super) dll_characteristics: u16,
    pub(super) directories: Vec<Directory>,
}

/// Offset of the field CheckSum in the optional header.
pub(super) const CHECKSUM: usize = 64;
/// Offset of SizeOfImage.
pub(super) const SIZE_OF_IMAGE: usize = 56;
/// Offset of SizeOfHeaders.
pub(super) const SIZE_OF_HEADERS: usize = 60;
/// Offset of DllCharacteristics.
pub(super) const DLL_CHARACTERISTICS: usize = 70;

impl Optional {
    pub(super) fn read(bytes: &[u8], machine: Machine) -> Result<Self, PeError> {
        let short = PeError::Field {
            field: "SizeOfOptionalHeader",
            value: bytes.len() as u64,
            problem: "too small for the fields that an image must have",
        };
        let magic = u16_at(bytes, 0).ok_or_else(|| short.clone())?;
        let width = match magic {
            0x10b => Width::Pe32,
            0x20b => Width::Pe32Plus,
            _ => {
                let problem = "neither PE32 (0x10b) nor PE32+ (0x20b)";
                return Err(PeError::Field { field: "Magic", value: u64::from(magic), problem });
            }
        };
        if machine.width().is_some_and(|of_machine| of_machine != width) {
            let problem = "not the width of the machine";
            return Err(PeError::Field { field: "Magic", value: u64::from(magic), problem });
        }
        let fixed = bytes.get(..width.fixed()).ok_or_else(|| short.clone())?;
        let at = |offset| u32_at(fixed, offset).unwrap_or(0);
        let half = |offset| u16_at(fixed, offset).unwrap_or(0);
        let image_base = match width {
            Width::Pe32 => u64::from(at(28)),
            Width::Pe32Plus => u64_at(fixed, 24).unwrap_or(0),
        };
        let count = at(width.fixed() - 4);
        let problem =
            |problem| PeError::Field { field: "NumberOfRvaAndSizes", value: u64::from(count), problem };
        if count > MAX_DIRECTORIES {
            return Err(problem("there are at most 16 data directories"));
        }
        let table = bytes.get(width.fixed()..).unwrap_or_default();
        if table.len() != count as usize * 8 {
            return Err(problem("SizeOfOptionalHeader has room for another number of data directories"));
        }
        let directories = table
            .chunks_exact(8)
            .map(|entry| Directory {
                address: u32_at(entry, 0).unwrap_or(0),
                size: u32_at(entry, 4).unwrap_or(0),
            })
            .collect();
        Ok(Self {
            width,
            entry_point: at(16),
            image_base,
            section_alignment: at(32),
            file_alignment: at(36),
            size_of_image: at(SIZE_OF_IMAGE),
            size_of_headers: at(SIZE_OF_HEADERS),
            checksum: at(CHECKSUM),
            subsystem: half(68),
            dll_characteristics: half(DLL_CHARACTERISTICS),
            directories,
        })
    }

    /// Alignments are powers of two, and sections are at least as far apart in memory as in the
    /// file.
    pub(super) fn check_alignments(&self) -> Result<(), PeError> {
        let (section, file) = (self.section_alignment, self.file_alignment);
        for (field, value) in [("SectionAlignment", section), ("FileAlignment", file)] {
            if !value.is_power_of_two() {
                let problem = "it must be a power of two";
                return Err(PeError::Field { field, value: u64::from(value), problem });
            }
        }
        if section < file {
            let problem = "it must not be less than FileAlignment";
            return Err(PeError::Field { field: "SectionAlignment", value: u64::from(section), problem });
        }
        Ok(())
    }
}
