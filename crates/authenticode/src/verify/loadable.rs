//! Whether firmware can load an image that it lets through: it verifies first, and then finds that
//! it is no program (`CoreLoadPeImage` of EDK2). Shim refuses some more before it takes a digest.

use super::policy::Loader;
use crate::pe::{Layout, PeError, Section, relocations};
use crate::source::ImageSource;
use alloc::vec;

/// EFI application, boot service driver, runtime driver, SAL runtime driver.
const SUBSYSTEMS: core::ops::RangeInclusive<u16> = 10..=13;
/// The data directory of base relocations.
const RELOCATIONS: usize = 5;
/// `IMAGE_FILE_RELOCS_STRIPPED`: the image has to stand at its own address, which is rarely free.
const STRIPPED: u16 = 1;
/// `IMAGE_SCN_CNT_UNINITIALIZED_DATA`.
const UNINITIALIZED: u32 = 0x80;
/// Address and size: where a block of base relocations begins.
const BLOCK_HEAD: u64 = 8;

/// What keeps the image from being loaded.
pub(super) fn problem<S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
    loader: Loader,
) -> Result<Option<PeError>, S::Error> {
    if loader == Loader::Shim
        && let Some(problem) = layout.sections.iter().find_map(|section| not_by_shim(section, layout))
    {
        return Ok(Some(problem));
    }
    let field = |field, value, problem| Ok(Some(PeError::Field { field, value, problem }));
    if !SUBSYSTEMS.contains(&layout.subsystem) {
        return field("Subsystem", u64::from(layout.subsystem), "it is no EFI program");
    }
    if layout.characteristics & STRIPPED != 0 {
        return field("Characteristics", u64::from(layout.characteristics), "it cannot be moved in memory");
    }
    let directory = layout.directories.get(RELOCATIONS).copied().unwrap_or_default();
    if directory.size == 0 {
        return Ok(None);
    }
    let (start, size) = (u64::from(directory.address), u64::from(directory.size));
    let section = layout.sections.iter().find(|section| section.memory_range().contains(&start));
    let Some(section) = section.filter(|section| start + size <= section.memory_range().end) else {
        return field("base relocations, address", start, "they lie in no section");
    };
    // What the file does not have is zero in memory: a block without a size, which is refused. The
    // head of one such block stands for all that follow.
    let content = section.content_range();
    let from = content.start + (start - section.memory_range().start);
    let present = content.end.saturating_sub(from).min(size);
    let mut data = vec![0; usize::try_from(size.min(present + BLOCK_HEAD)).unwrap_or_default()];
    if let Some(data) = data.get_mut(..usize::try_from(present).unwrap_or_default()) {
        source.read_at(from, data)?;
    }
    Ok(relocations(&data, layout.machine, layout.size_of_image).err())
}

/// What shim demands of a section before it takes a digest (`get_section_vma`).
fn not_by_shim(section: &Section, layout: &Layout) -> Option<PeError> {
    let headers = layout.size_of_headers;
    if section.virtual_size == 0 {
        return Some(PeError::Field {
            field: "VirtualSize",
            value: 0,
            problem: "shim takes no empty section",
        });
    }
    let lowest = section.virtual_address.min(section.raw_offset);
    (section.characteristics & UNINITIALIZED == 0 && lowest < headers).then_some(PeError::Field {
        field: "a section's address or offset",
        value: lowest.into(),
        problem: "shim takes no section inside the headers unless it is marked as uninitialised",
    })
}
