//! Images and their certificate tables, read and written without asking whether they are good.

fn u32_at(image: &[u8], at: usize) -> usize {
    let bytes = image.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    usize::try_from(u32::from_le_bytes(bytes)).unwrap()
}

pub(crate) fn u16_at(image: &[u8], at: usize) -> usize {
    let bytes = image.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    usize::from(u16::from_le_bytes(bytes))
}

/// Offset of the PE signature.
pub(crate) fn pe(image: &[u8]) -> usize {
    u32_at(image, 0x3c)
}

/// Offset of the optional header.
pub(crate) fn optional(image: &[u8]) -> usize {
    pe(image) + 24
}

/// Offset of the certificate table's data directory.
pub(crate) fn directory(image: &[u8]) -> usize {
    let fixed = if u16_at(image, optional(image)) == 0x10b { 96 } else { 112 };
    optional(image) + fixed + 8 * 4
}

/// Offset of a section's header.
pub(crate) fn section(image: &[u8], index: usize) -> usize {
    optional(image) + u16_at(image, pe(image) + 20) + 40 * index
}

/// The octets that the digest is of, as EDK2 collects them: it trusts the fields. What reaches past
/// the end is cut.
pub(crate) fn covered(image: &[u8]) -> Vec<u8> {
    let part = |from: usize, to: usize| {
        let to = to.min(image.len());
        image.get(from.min(to)..to).unwrap_or_default()
    };
    let (optional, directory) = (optional(image), directory(image));
    let headers = u32_at(image, optional + 60);
    let count = u32_at(image, directory - 8 * 4 - 4);
    let mut all = part(0, optional + 64).to_vec();
    let mut table = 0;
    if count > 4 {
        all.extend(part(optional + 68, directory));
        all.extend(part(directory + 8, headers));
        table = u32_at(image, directory + 4);
    } else {
        all.extend(part(optional + 68, headers));
    }
    let sections = u16_at(image, pe(image) + 6).min(96);
    let mut sections: Vec<(usize, usize)> = (0..sections)
        .map(|index| section(image, index))
        .map(|header| (u32_at(image, header + 20), u32_at(image, header + 16)))
        .filter(|(_, size)| *size != 0)
        .collect();
    sections.sort_by_key(|(start, _)| *start);
    let mut hashed = headers;
    for (start, size) in sections {
        all.extend(part(start, start.saturating_add(size)));
        hashed = hashed.saturating_add(size);
    }
    all.extend(part(hashed, image.len().saturating_sub(table)));
    all
}

/// An entry of the certificate table, padded.
pub(crate) fn entry(content: &[u8]) -> Vec<u8> {
    entry_of(content, 0x0200, 2)
}

pub(crate) fn entry_of(content: &[u8], revision: u16, kind: u16) -> Vec<u8> {
    let mut entry = u32::try_from(content.len() + 8).unwrap().to_le_bytes().to_vec();
    entry.extend(revision.to_le_bytes());
    entry.extend(kind.to_le_bytes());
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(8), 0);
    entry
}

pub(crate) fn put(image: &mut [u8], at: usize, value: u32) {
    image[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// The image with this certificate table.
pub(crate) fn attach(image: &[u8], table: &[u8]) -> Vec<u8> {
    let mut signed = image.to_vec();
    assert_eq!(signed.len() % 8, 0, "images are padded before they are signed");
    let directory = directory(image);
    put(&mut signed, directory, u32::try_from(image.len()).unwrap());
    put(&mut signed, directory + 4, u32::try_from(table.len()).unwrap());
    signed.extend(table);
    signed
}

/// The image with one signature.
pub(crate) fn attached(image: &[u8], signature: &[u8]) -> Vec<u8> {
    attach(image, &entry(signature))
}
