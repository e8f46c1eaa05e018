//! Adding, replacing and removing sections.
//!
//! A change makes existing signatures worthless, so the edited image has none. Sections keep their
//! addresses in memory, since code refers to them; in the file they are packed again, each aligned.

use super::checksum::Checksum;
use super::error::{ImageError, PeError};
use super::fields::{align_up, put, u32_at};
use super::headers::{CHECKSUM, DLL_CHARACTERISTICS, NO_EXECUTE_COMPATIBLE, SIZE_OF_HEADERS, SIZE_OF_IMAGE};
use super::layout::{CERTIFICATE_DIRECTORY, Layout, REPEATABLE};
use super::section::{SECTION_HEADER, Section};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::Range;

/// Flags of a section that is only read: initialised data, readable.
pub const READ_ONLY_DATA: u32 = 0x4000_0040;
/// Flags of a section with code that is only read: code, readable.
pub const CODE: u32 = 0x4000_0020;
/// The flag of initialised data.
const INITIALISED: u32 = 0x40;
/// Offset of SizeOfInitializedData in the optional header.
const SIZE_OF_INITIALISED_DATA: usize = 8;
/// Offsets of NumberOfSections and PointerToSymbolTable behind the PE signature.
const NUMBER_OF_SECTIONS: usize = 6;
const SYMBOL_TABLE: usize = 12;
/// The data directory of debugging information, and the size and file pointer of its entries.
const DEBUG_DIRECTORY: usize = 6;
const DEBUG_ENTRY: usize = 28;
const DEBUG_POINTER: usize = 24;

/// What the format allows at most. Firmware starts images with more; every section of those would
/// be padded to that size.
const MAX_FILE_ALIGNMENT: u32 = 0x1_0000;

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The image is malformed.
    #[error(transparent)]
    Image(#[from] PeError),
    /// No section has this name.
    #[error("there is no section {0}")]
    Missing(String),
    /// A section has this name already.
    #[error("there is a section {0} already; replace it instead")]
    Present(String),
    /// The name does not fit.
    #[error("a section cannot be named `{0}`: names have 1 to 8 bytes, none of them zero")]
    Name(String),
    /// Other parts of the image refer to the section.
    #[error("section {name} cannot be moved or removed: {by} lies in it")]
    InUse {
        /// The section.
        name: String,
        /// What refers to it.
        by: &'static str,
    },
    /// The section table cannot grow.
    #[error("the headers have no room for another section: {0}")]
    NoRoom(&'static str),
    /// Sections would be padded to more than the format allows.
    #[error("FileAlignment is {0:#x}: images with more than 0x10000 are not edited (PE Format)")]
    Alignment(u32),
    /// A size or an address does not fit into its field.
    #[error("the image would become too large: {0} does not fit into 32 bits")]
    TooLarge(&'static str),
}

impl From<ImageError<Infallible>> for EditError {
    fn from(error: ImageError<Infallible>) -> Self {
        match error {
            ImageError::Image(error) => Self::Image(error),
            ImageError::Source(never) => match never {},
        }
    }
}

/// A section to be added.
#[derive(Debug, Clone)]
pub struct NewSection<'a> {
    /// The name, 1 to 8 bytes.
    pub name: &'a str,
    /// The content.
    pub content: &'a [u8],
}

/// A section with its bytes.
#[derive(Debug, Clone)]
struct Part<'a> {
    header: Section,
    content: Content<'a>,
}

#[derive(Debug, Clone)]
enum Content<'a> {
    /// As in the image.
    Old(&'a [u8]),
    /// New, without padding.
    New(&'a [u8]),
}

/// Changes an image that is in memory.
#[derive(Debug, Clone)]
pub struct Editor<'a> {
    layout: Layout,
    headers: &'a [u8],
    parts: Vec<Part<'a>>,
    /// What stands behind the sections, such as symbols.
    rest: &'a [u8],
}

impl<'a> Editor<'a> {
    /// Prepares to change an image.
    pub fn new(image: &'a [u8]) -> Result<Self, EditError> {
        let layout = Layout::read(image)?;
        if layout.file_alignment > MAX_FILE_ALIGNMENT {
            return Err(EditError::Alignment(layout.file_alignment));
        }
        let bytes = |range: Range<u64>| -> &'a [u8] {
            let start = usize::try_from(range.start).unwrap_or(usize::MAX);
            let end = usize::try_from(range.end).unwrap_or(usize::MAX);
            image.get(start..end).unwrap_or_default()
        };
        let headers = bytes(0..u64::from(layout.size_of_headers));
        let mut end = u64::from(layout.size_of_headers);
        let mut parts = Vec::with_capacity(layout.sections.len());
        for section in &layout.sections {
            let content = if section.raw_size == 0 { &[][..] } else { bytes(section.file_range()) };
            if section.raw_size > 0 {
                end = end.max(section.file_range().end);
            }
            parts.push(Part { header: section.clone(), content: Content::Old(content) });
        }
        let rest = bytes(end..layout.content_end());
        Ok(Self { layout, headers, parts, rest })
    }

    /// Adds a section of data behind all others.
    pub fn add(&mut self, new: &NewSection<'a>) -> Result<&mut Self, EditError> {
        self.add_with(new, READ_ONLY_DATA)
    }

    /// Adds a section with these flags behind all others.
    pub fn add_with(&mut self, new: &NewSection<'a>, characteristics: u32) -> Result<&mut Self, EditError> {
        let raw_name = raw_name(new.name)?;
        let repeatable = REPEATABLE.contains(&new.name.as_bytes());
        if !repeatable && self.parts.iter().any(|p| p.header.raw_name == raw_name) {
            return Err(EditError::Present(new.name.to_string()));
        }
        let end = self.parts.iter().map(|p| p.header.memory_range().end).max().unwrap_or(0);
        let end = end.max(u64::from(self.layout.size_of_headers));
        let header = Section {
            raw_name,
            virtual_size: size(new.content, "VirtualSize")?,
            virtual_address: field(
                align_up(end, u64::from(self.layout.section_alignment)),
                "VirtualAddress",
            )?,
            raw_size: 0,
            raw_offset: 0,
            characteristics,
            object_fields: [0; 3],
        };
        self.parts.push(Part { header, content: Content::New(new.content) });
        Ok(self)
    }

    /// Replaces the content of a section. It stays where it is in memory if there is room, and else
    /// moves behind all others.
    pub fn replace(&mut self, new: &NewSection<'a>) -> Result<&mut Self, EditError> {
        let index = self.find(new.name)?;
        let Some(part) = self.parts.get(index) else { return Err(EditError::Missing(new.name.to_string())) };
        let start = u64::from(part.header.virtual_address);
        let next =
            self.parts.iter().map(|p| u64::from(p.header.virtual_address)).filter(|&a| a > start).min();
        if next.is_some_and(|next| start + new.content.len() as u64 > next) {
            let characteristics = part.header.characteristics;
            self.remove(new.name)?.add(new)?;
            if let Some(part) = self.parts.last_mut() {
                part.header.characteristics = characteristics;
            }
            return Ok(self);
        }
        let virtual_size = size(new.content, "VirtualSize")?;
        if let Some(part) = self.parts.get_mut(index) {
            part.header.virtual_size = virtual_size;
            part.content = Content::New(new.content);
        }
        Ok(self)
    }

    /// Notes that the image does not run where no memory is both written and executed.
    pub fn clear_no_execute_compatible(&mut self) -> &mut Self {
        self.layout.dll_characteristics &= !NO_EXECUTE_COMPATIBLE;
        self
    }

    /// Removes a section.
    pub fn remove(&mut self, name: &str) -> Result<&mut Self, EditError> {
        let index = self.find(name)?;
        if let Some(by) = self.parts.get(index).and_then(|part| self.user_of(&part.header)) {
            return Err(EditError::InUse { name: name.to_string(), by });
        }
        self.parts.remove(index);
        Ok(self)
    }

    fn find(&self, name: &str) -> Result<usize, EditError> {
        let raw_name = raw_name(name)?;
        let found = self.parts.iter().position(|p| p.header.raw_name == raw_name);
        found.ok_or_else(|| EditError::Missing(name.to_string()))
    }

    /// What of the headers refers to a section.
    fn user_of(&self, section: &Section) -> Option<&'static str> {
        const DIRECTORIES: [&str; 16] = [
            "the export table",
            "the import table",
            "the resource table",
            "the exception table",
            "",
            "the base relocation table",
            "the debugging information",
            "architecture data",
            "the global pointer",
            "the thread-local storage table",
            "the load configuration",
            "the bound imports",
            "the import addresses",
            "the delay imports",
            "the CLR header",
            "a reserved directory",
        ];
        let range = section.memory_range();
        if self.layout.entry_point != 0 && range.contains(&u64::from(self.layout.entry_point)) {
            return Some("the entry point");
        }
        let directories = self.layout.directories.iter().zip(DIRECTORIES).enumerate();
        directories
            .filter(|(index, (d, _))| *index != CERTIFICATE_DIRECTORY && d.size > 0)
            .find(|(_, (d, _))| range.contains(&u64::from(d.address)))
            .map(|(_, (_, name))| name)
    }

    /// The changed image, without signatures, with a correct checksum.
    pub fn finish(&self) -> Result<Vec<u8>, EditError> {
        let (layout, alignment) = (&self.layout, u64::from(self.layout.file_alignment));
        let headers_size = self.headers_size()?;
        let mut sections = Vec::with_capacity(self.parts.len());
        // In the order in which they stood in the file, new ones last.
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|&i| self.parts.get(i).map(|p| (p.header.raw_offset == 0, p.header.raw_offset)));
        let mut image = self.headers.to_vec();
        image.resize(usize::try_from(headers_size).unwrap_or(usize::MAX), 0);
        let mut moved: Vec<(Range<u64>, u64)> = Vec::new();
        for index in order {
            let Some(part) = self.parts.get(index) else { continue };
            let mut header = part.header.clone();
            let (bytes, length) = match part.content {
                Content::Old(bytes) => (bytes, bytes.len() as u64),
                Content::New(bytes) => (
                    bytes,
                    align_up(bytes.len() as u64, alignment).ok_or(EditError::TooLarge("SizeOfRawData"))?,
                ),
            };
            header.raw_size = field(Some(length), "SizeOfRawData")?;
            if length > 0 {
                let start = align_up(image.len() as u64, alignment);
                header.raw_offset = field(start, "PointerToRawData")?;
                field(start.and_then(|s| s.checked_add(length)), "PointerToRawData")?;
                image.resize(header.raw_offset as usize, 0);
                image.extend_from_slice(bytes);
                image.resize(header.raw_offset as usize + header.raw_size as usize, 0);
                if matches!(part.content, Content::Old(_)) {
                    moved.push((part.header.file_range(), u64::from(header.raw_offset)));
                }
            } else {
                header.raw_offset = 0;
            }
            sections.push((index, header));
        }
        sections.sort_by_key(|(index, _)| *index);
        let sections: Vec<Section> = sections.into_iter().map(|(_, header)| header).collect();
        let rest_at = image.len() as u64;
        image.extend_from_slice(self.rest);
        self.write_headers(&mut image, &sections, headers_size, rest_at)?;
        move_debug_pointers(&mut image, layout, &sections, &moved);
        write_checksum(&mut image, layout);
        // What we made must be what we would accept.
        Layout::read(image.as_slice())?;
        Ok(image)
    }

    /// The size of the headers once the section table is written.
    fn headers_size(&self) -> Result<u64, EditError> {
        let layout = &self.layout;
        let table = layout.section_table();
        let end = table.start + (self.parts.len() * SECTION_HEADER) as u64;
        let old = u64::from(layout.size_of_headers);
        let taken = usize::try_from(table.end).ok().zip(usize::try_from(end.min(old)).ok());
        let unused = taken.and_then(|(from, to)| self.headers.get(from..to)).unwrap_or_default();
        if unused.iter().any(|&byte| byte != 0) {
            return Err(EditError::NoRoom("something stands behind the section table"));
        }
        if end <= old {
            return Ok(old);
        }
        let grown =
            align_up(end, u64::from(layout.file_alignment)).ok_or(EditError::TooLarge("SizeOfHeaders"))?;
        let first = self.parts.iter().map(|p| u64::from(p.header.virtual_address)).min();
        if first.is_some_and(|first| grown > first) {
            return Err(EditError::NoRoom("the first section begins right behind them in memory"));
        }
        Ok(grown)
    }

    fn write_headers(
        &self,
        image: &mut [u8],
        sections: &[Section],
        headers_size: u64,
        rest_at: u64,
    ) -> Result<(), EditError> {
        let layout = &self.layout;
        let too_large = EditError::TooLarge("the headers");
        let pe = usize::try_from(layout.pe_offset).map_err(|_| too_large.clone())?;
        let optional = usize::try_from(layout.optional_offset()).map_err(|_| too_large.clone())?;
        let table = usize::try_from(layout.section_table().start).map_err(|_| too_large.clone())?;
        let count =
            u16::try_from(sections.len()).map_err(|_| EditError::NoRoom("there are too many sections"))?;
        let mut write =
            |offset: usize, value: &[u8]| put(image, offset, value).ok_or_else(|| too_large.clone());

        write(pe + NUMBER_OF_SECTIONS, &count.to_le_bytes())?;
        // Symbols, if there are any, stand behind the sections.
        let symbols = u32_at(self.headers, pe + SYMBOL_TABLE).unwrap_or(0);
        if symbols != 0 {
            let old_rest = layout.content_end().saturating_sub(self.rest.len() as u64);
            let moved =
                u64::from(symbols).checked_sub(old_rest).and_then(|offset| offset.checked_add(rest_at));
            write(pe + SYMBOL_TABLE, &field(moved, "PointerToSymbolTable")?.to_le_bytes())?;
        }
        let end = sections.iter().map(|s| s.memory_range().end).max().unwrap_or(0).max(headers_size);
        let size_of_image = field(align_up(end, u64::from(layout.section_alignment)), "SizeOfImage")?;
        write(optional + SIZE_OF_IMAGE, &size_of_image.to_le_bytes())?;
        write(optional + SIZE_OF_HEADERS, &field(Some(headers_size), "SizeOfHeaders")?.to_le_bytes())?;
        write(optional + DLL_CHARACTERISTICS, &layout.dll_characteristics.to_le_bytes())?;
        let initialised = |sections: &[Section]| -> u64 {
            let data = sections.iter().filter(|s| s.characteristics & INITIALISED != 0);
            data.map(|s| u64::from(s.raw_size)).sum()
        };
        let noted = u64::from(u32_at(self.headers, optional + SIZE_OF_INITIALISED_DATA).unwrap_or(0));
        let initialised = (noted + initialised(sections)).saturating_sub(initialised(&layout.sections));
        let initialised = field(Some(initialised), "SizeOfInitializedData")?;
        write(optional + SIZE_OF_INITIALISED_DATA, &initialised.to_le_bytes())?;
        if let Some(directory) = layout.certificate_directory_offset() {
            write(usize::try_from(directory).map_err(|_| too_large.clone())?, &[0; 8])?;
        }
        for (index, section) in sections.iter().enumerate() {
            write(table + index * SECTION_HEADER, &section.write())?;
        }
        // Entries of sections that are gone.
        for index in sections.len()..layout.sections.len() {
            write(table + index * SECTION_HEADER, &[0; SECTION_HEADER])?;
        }
        Ok(())
    }
}

/// Debugging information is also found by its offset in the file.
fn move_debug_pointers(image: &mut [u8], layout: &Layout, sections: &[Section], moved: &[(Range<u64>, u64)]) {
    let Some(directory) = layout.directories.get(DEBUG_DIRECTORY).filter(|d| d.size > 0) else { return };
    let home = sections.iter().find(|s| s.memory_range().contains(&u64::from(directory.address)));
    let Some(home) = home else { return };
    let start = home.raw_offset as usize + (directory.address - home.virtual_address) as usize;
    for entry in 0..directory.size as usize / DEBUG_ENTRY {
        let at = start + entry * DEBUG_ENTRY + DEBUG_POINTER;
        let Some(pointer) = u32_at(image, at).map(u64::from) else { return };
        let Some((old, new)) = moved.iter().find(|(old, _)| old.contains(&pointer)) else { continue };
        if let Ok(pointer) = u32::try_from(new + (pointer - old.start)) {
            let _ = put(image, at, &pointer.to_le_bytes());
        }
    }
}

/// Writes the checksum of an image that is whole in memory.
fn write_checksum(image: &mut [u8], layout: &Layout) {
    let Ok(at) = usize::try_from(layout.optional_offset() + CHECKSUM as u64) else { return };
    let _ = put(image, at, &[0; 4]);
    let mut sum = Checksum::new();
    sum.update(image);
    let _ = put(image, at, &sum.finish().to_le_bytes());
}

fn raw_name(name: &str) -> Result<[u8; 8], EditError> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 8 || bytes.contains(&0) {
        return Err(EditError::Name(name.to_string()));
    }
    let mut raw = [0; 8];
    raw.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Ok(raw)
}

fn size(content: &[u8], what: &'static str) -> Result<u32, EditError> {
    u32::try_from(content.len()).map_err(|_| EditError::TooLarge(what))
}

fn field(value: Option<u64>, what: &'static str) -> Result<u32, EditError> {
    value.and_then(|v| u32::try_from(v).ok()).ok_or(EditError::TooLarge(what))
}
