//! Whether firmware can load an image that it lets through: it verifies first, and then finds that
//! it is no program (`CoreLoadPeImage` of EDK2).

use crate::pe::{Layout, PeError, relocations};
use crate::source::ImageSource;
use alloc::vec;

/// EFI application, boot service driver, runtime driver, SAL runtime driver.
const SUBSYSTEMS: core::ops::RangeInclusive<u16> = 10..=13;
/// The data directory of base relocations.
const RELOCATIONS: usize = 5;
/// `IMAGE_FILE_RELOCS_STRIPPED`: the image has to stand at its own address, which is rarely free.
const STRIPPED: u16 = 1;
/// Address and size: where a block of base relocations begins.
const BLOCK_HEAD: u64 = 8;

/// What keeps the image from being loaded.
pub(super) fn problem<S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
) -> Result<Option<PeError>, S::Error> {
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
