//! The whole image: what stands where.

use super::error::{ImageError, PeError};
use super::headers::{
    CHECKSUM, COFF_HEADER, Coff, DOS_HEADER, Directory, E_LFANEW, Machine, Optional, Width,
};
use super::section::{SECTION_HEADER, Section};
use crate::source::ImageSource;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The data directory of the certificate table.
pub const CERTIFICATE_DIRECTORY: usize = 4;
/// Sections that may be there several times: a unified kernel image holds one a device or firmware,
/// and `.profile` begins a set of sections in which all names may come again (UAPI.5, "Unified
/// Kernel Image").
pub(super) const REPEATABLE: [&[u8]; 2] = [b".dtbauto", b".efifw"];
const PROFILE: &[u8] = b".profile";
/// No image that boots has so many sections; firmware would be slow with them.
const MAX_SECTIONS: u16 = 1024;

/// What stands where in an image, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The processor that it runs on.
    pub machine: Machine,
    /// Which optional header.
    pub width: Width,
    /// When it was linked, in seconds since 1970, or a number for reproducible builds.
    pub timestamp: u32,
    /// Flags of the COFF header.
    pub characteristics: u16,
    /// Address of the first instruction, from the image's base; 0 if there is none.
    pub entry_point: u32,
    /// Where it would like to be loaded.
    pub image_base: u64,
    /// Alignment of sections in memory.
    pub section_alignment: u32,
    /// Alignment of sections in the file.
    pub file_alignment: u32,
    /// Size in memory.
    pub size_of_image: u32,
    /// Size of all headers, in the file and in memory.
    pub size_of_headers: u32,
    /// The checksum that is noted; firmware does not look at it.
    pub checksum: u32,
    /// What kind of program: 10 is an EFI application.
    pub subsystem: u16,
    /// Flags of the optional header, such as `0x100`: may be loaded without executable data.
    pub dll_characteristics: u16,
    /// Data directories, at most 16.
    pub directories: Vec<Directory>,
    /// Sections in the order of the table.
    pub sections: Vec<Section>,
    /// The certificate table in the file; `None` if there is none. It ends where the file does.
    pub certificate_table: Option<Range<u64>>,
    /// Size of the file.
    pub file_size: u64,
    /// Offset of the PE signature.
    pub(super) pe_offset: u64,
}

impl Layout {
    /// Reads and checks the headers of an image.
    ///
    /// # Errors
    /// If the source cannot be read, or the image is malformed; the error names the field.
    pub fn read<S: ImageSource + ?Sized>(source: &S) -> Result<Self, ImageError<S::Error>> {
        let size = source.len();
        let mut dos = [0; DOS_HEADER];
        read(source, 0, &mut dos, "the DOS header")?;
        let magic = u64::from(u16::from_le_bytes([dos[0], dos[1]]));
        if magic != u64::from(u16::from_le_bytes(*b"MZ")) {
            return Err(
                PeError::Field { field: "e_magic", value: magic, problem: "it must be \"MZ\"" }.into()
            );
        }
        let pe_offset = u64::from(u32::from_le_bytes([
            dos[E_LFANEW],
            dos[E_LFANEW + 1],
            dos[E_LFANEW + 2],
            dos[E_LFANEW + 3],
        ]));
        if pe_offset < DOS_HEADER as u64 {
            let problem = "the PE header would lie in the DOS header";
            return Err(PeError::Field { field: "e_lfanew", value: pe_offset, problem }.into());
        }
        let mut coff = [0; COFF_HEADER];
        read(source, pe_offset, &mut coff, "the COFF header")?;
        let coff = Coff::read(&coff)?;
        if coff.sections > MAX_SECTIONS {
            let problem = "more than the 1024 sections that are looked at";
            return Err(PeError::Field {
                field: "NumberOfSections",
                value: u64::from(coff.sections),
                problem,
            }
            .into());
        }
        let mut optional = vec![0; usize::from(coff.optional_size)];
        read(source, pe_offset + COFF_HEADER as u64, &mut optional, "the optional header")?;
        let optional = Optional::read(&optional, coff.machine)?;
        let table_offset = pe_offset + COFF_HEADER as u64 + u64::from(coff.optional_size);
        let mut table = vec![0; usize::from(coff.sections) * SECTION_HEADER];
        read(source, table_offset, &mut table, "the section table")?;
        let sections = table.as_chunks::<SECTION_HEADER>().0.iter().map(Section::read).collect::<Vec<_>>();

        optional.check_alignments()?;
        let certificate_table = certificate_table(&optional.directories, size)?;
        let layout = Self {
            machine: coff.machine,
            width: optional.width,
            timestamp: coff.timestamp,
            characteristics: coff.characteristics,
            entry_point: optional.entry_point,
            image_base: optional.image_base,
            section_alignment: optional.section_alignment,
            file_alignment: optional.file_alignment,
            size_of_image: optional.size_of_image,
            size_of_headers: optional.size_of_headers,
            checksum: optional.checksum,
            subsystem: optional.subsystem,
            dll_characteristics: optional.dll_characteristics,
            directories: optional.directories,
            sections,
            certificate_table,
            file_size: size,
            pe_offset,
        };
        layout.check()?;
        Ok(layout)
    }

    /// Offset of the field CheckSum in the file.
    pub fn checksum_offset(&self) -> u64 {
        self.optional_offset() + CHECKSUM as u64
    }

    /// Offset of the data directory of the certificate table in the file; `None` if the image has
    /// fewer directories, and so cannot be signed.
    pub fn certificate_directory_offset(&self) -> Option<u64> {
        (self.directories.len() > CERTIFICATE_DIRECTORY)
            .then(|| self.optional_offset() + (self.width.fixed() + 8 * CERTIFICATE_DIRECTORY) as u64)
    }

    /// Where the file's content ends and the certificate table begins, if there is one.
    pub fn content_end(&self) -> u64 {
        self.certificate_table.as_ref().map_or(self.file_size, |table| table.start)
    }

    /// The section of this name, the first if there are several.
    pub fn section(&self, name: &[u8]) -> Option<&Section> {
        self.sections.iter().find(|s| s.bare_name() == name)
    }

    pub(super) fn optional_offset(&self) -> u64 {
        self.pe_offset + COFF_HEADER as u64
    }

    pub(super) fn section_table(&self) -> Range<u64> {
        let start = self.optional_offset() + (self.width.fixed() + 8 * self.directories.len()) as u64;
        start..start + (self.sections.len() * SECTION_HEADER) as u64
    }

    fn check(&self) -> Result<(), PeError> {
        let headers = u64::from(self.size_of_headers);
        let field = |field, value, problem| Err(PeError::Field { field, value, problem });
        if self.section_table().end > headers {
            return field("SizeOfHeaders", headers, "the section table reaches past it");
        }
        if headers > self.content_end() {
            return field("SizeOfHeaders", headers, "the file's content ends before");
        }
        let image = u64::from(self.size_of_image);
        if headers > image {
            return field("SizeOfImage", image, "the headers alone are larger");
        }
        if u64::from(self.entry_point) >= image {
            return field("AddressOfEntryPoint", u64::from(self.entry_point), "outside of the image");
        }
        for (index, section) in self.sections.iter().enumerate() {
            self.check_section(index, section)?;
        }
        self.check_names()?;
        let named = |range: fn(&Section) -> Range<u64>| {
            let sections =
                self.sections.iter().map(move |s| (alloc::format!("section {}", s.name()), range(s)));
            sections.filter(|(_, range)| !range.is_empty())
        };
        let headers_part = || core::iter::once(("the headers".to_string(), 0..headers));
        let certificates = self.certificate_table.clone().map(|t| ("the certificate table".to_string(), t));
        apart(headers_part().chain(named(Section::file_range)).chain(certificates), "in the file")?;
        apart(headers_part().chain(named(Section::memory_range)), "in memory")
    }

    fn check_section(&self, index: usize, section: &Section) -> Result<(), PeError> {
        let wrong = |field, value, problem| {
            Err(PeError::Section { index, name: section.name(), field, value, problem })
        };
        if section.raw_size > 0 && section.file_range().end > self.content_end() {
            return wrong("SizeOfRawData", u64::from(section.raw_size), "it reaches past the file's content");
        }
        if section.memory_range().end > u64::from(self.size_of_image) {
            return wrong("VirtualSize", u64::from(section.virtual_size), "it reaches past SizeOfImage");
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), PeError> {
        let mut seen: Vec<(&[u8], usize)> = Vec::new();
        for (index, section) in self.sections.iter().enumerate() {
            let name = section.bare_name();
            if name == PROFILE {
                seen.clear();
                continue;
            }
            if REPEATABLE.contains(&name) {
                continue;
            }
            if let Some(&(_, one)) = seen.iter().find(|(other, _)| *other == name) {
                return Err(PeError::Duplicate { name: section.name(), one, other: index });
            }
            seen.push((name, index));
        }
        Ok(())
    }
}

/// Fills `buffer`, or names what is missing.
fn read<S: ImageSource + ?Sized>(
    source: &S,
    offset: u64,
    buffer: &mut [u8],
    what: &'static str,
) -> Result<(), ImageError<S::Error>> {
    let end = offset.saturating_add(buffer.len() as u64);
    if end > source.len() {
        return Err(PeError::Truncated { what, end, size: source.len() }.into());
    }
    source.read_at(offset, buffer).map_err(ImageError::Source)
}

/// The certificate table, of which firmware takes for granted that nothing stands behind it.
fn certificate_table(directories: &[Directory], size: u64) -> Result<Option<Range<u64>>, PeError> {
    let Some(directory) = directories.get(CERTIFICATE_DIRECTORY) else { return Ok(None) };
    let (start, length) = (u64::from(directory.address), u64::from(directory.size));
    if length == 0 && start == 0 {
        return Ok(None);
    }
    let field = |field, value, problem| Err(PeError::Field { field, value, problem });
    if length == 0 {
        return field("Certificate Table, VirtualAddress", start, "an address without a size");
    }
    if start % 8 != 0 {
        return field("Certificate Table, VirtualAddress", start, "it must be a multiple of 8");
    }
    let end = start + length;
    if end > size {
        return Err(PeError::Truncated { what: "the certificate table", end, size });
    }
    if end < size {
        return field("Certificate Table, Size", length, "the file goes on behind it: data was appended");
    }
    Ok(Some(start..end))
}

/// Checks that no two parts overlap.
fn apart(parts: impl Iterator<Item = (String, Range<u64>)>, space: &'static str) -> Result<(), PeError> {
    let mut parts: Vec<(String, Range<u64>)> = parts.collect();
    parts.sort_by_key(|(_, range)| range.start);
    for pair in parts.windows(2) {
        let [(one, first), (other, second)] = pair else { continue };
        if second.start < first.end {
            return Err(PeError::Overlap { one: one.clone(), other: other.clone(), at: second.start, space });
        }
    }
    Ok(())
}
