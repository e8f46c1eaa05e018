//! Images that somebody tampered with are refused, with the name of the field; and nothing panics,
//! whatever the bytes.

#![allow(clippy::unwrap_used)]

use authenticode::DigestAlgorithm;
use authenticode::attach::{attach, padding};
use authenticode::image_digest;
use authenticode::pe::{Editor, Layout, NewSection, certificates};
use proptest::prelude::*;

fn tiny() -> Vec<u8> {
    std::fs::read(test_support::data("uefi/tiny64.signed.efi")).unwrap()
}

/// Changes 16- or 32-bit fields by their offset from the PE signature, or from the first section's
/// header.
fn change(mut image: Vec<u8>, offset: usize, value: &[u8]) -> String {
    image[offset..offset + value.len()].copy_from_slice(value);
    Layout::read(image.as_slice()).expect_err("it was tampered with").to_string()
}

fn at(image: &[u8], offset: usize) -> usize {
    u32::from_le_bytes(image[offset..offset + 4].try_into().unwrap()) as usize
}

#[test]
fn every_field_is_checked() {
    let image = tiny();
    let layout = Layout::read(image.as_slice()).unwrap();
    assert!(layout.sections.len() >= 2);
    let pe = at(&image, 0x3c);
    let optional = pe + 24;
    let table = optional + usize::from(u16::from_le_bytes([image[pe + 20], image[pe + 21]]));
    let end = u32::try_from(image.len()).unwrap();
    let long = |value: u32| value.to_le_bytes().to_vec();
    let short = |value: u16| value.to_le_bytes().to_vec();
    let first = &layout.sections[0];
    let cases: Vec<(usize, Vec<u8>, &str)> = vec![
        (0, b"ZM".to_vec(), "e_magic is 0x4d5a"),
        (0x3c, long(8), "e_lfanew is 0x8"),
        (0x3c, long(end - 10), "the COFF header ends at"),
        (pe, b"PF".to_vec(), "Signature is"),
        (pe + 4, short(0x1f0), "Machine is 0x1f0"),
        (pe + 4, short(0x14c), "Magic is 0x20b: not the width of the machine"),
        (pe + 6, short(0xffff), "NumberOfSections"),
        (pe + 6, short(1000), "the section table ends at"),
        (pe + 6, short(40), "SizeOfHeaders"),
        (pe + 20, short(50), "SizeOfOptionalHeader is 0x32: too small"),
        (optional, short(0x10c), "Magic is 0x10c"),
        (optional + 16, long(0x7fff_ffff), "AddressOfEntryPoint is 0x7fffffff"),
        (optional + 32, long(3), "SectionAlignment is 0x3: it must be a power of two"),
        (optional + 36, long(0), "FileAlignment is 0x0"),
        (optional + 36, long(1 << 30), "SectionAlignment"),
        (optional + 56, long(0x10), "SizeOfImage is 0x10"),
        (optional + 60, long(0x40), "SizeOfHeaders is 0x40: the section table reaches past it"),
        (optional + 60, long(end), "SizeOfHeaders"),
        (optional + 108, long(17), "NumberOfRvaAndSizes is 0x11: there are at most 16"),
        (optional + 108, long(3), "NumberOfRvaAndSizes is 0x3: SizeOfOptionalHeader has room"),
        (
            optional + 112 + 32,
            long(4),
            "Certificate Table, VirtualAddress is 0x4: it must be a multiple of 8",
        ),
        (optional + 112 + 36, long(8), "the file goes on behind it: data was appended"),
        (optional + 112 + 36, long(end), "the certificate table ends at"),
        (optional + 112 + 36, long(0), "an address without a size"),
        (table + 8, long(0x7fff_ffff), "section 0 (.text): VirtualSize"),
        (table + 12, long(layout.sections[1].virtual_address), "overlap at"),
        (table + 16, long(end), "SizeOfRawData"),
        (table + 20, long(layout.sections[1].raw_offset), "overlap at"),
        (table + 20, long(0), "overlap at 0x0 in the file"),
        (table + 40, first.raw_name.to_vec(), "sections 0 and 1 are both named .text"),
    ];
    for (offset, value, expected) in cases {
        let found = change(image.clone(), offset, &value);
        assert!(found.contains(expected), "{offset:#x}: `{found}` has no `{expected}`");
    }
    for length in 0..usize::try_from(layout.content_end()).unwrap() {
        assert!(Layout::read(&image[..length]).is_err(), "cut to {length} bytes");
    }
    let appended = [image.as_slice(), b"more"].concat();
    assert!(Layout::read(appended.as_slice()).unwrap_err().to_string().contains("appended"));
}

/// Everything that is done with an image, for looking whether it panics.
fn exercise(image: &[u8]) {
    let Ok(layout) = Layout::read(image) else { return };
    let _ = certificates(image, &layout);
    let digest = image_digest::digests(image, &layout, padding(&layout), &[DigestAlgorithm::Sha256]).unwrap();
    let _ = image_digest::checksum(image, &layout);
    let Ok(attachment) = attach(image, &layout, [&b"signature"[..]]) else { return };
    // Whatever the image is, a signature must not change what is signed.
    let mut signed = image[..usize::try_from(attachment.content_end).unwrap()].to_vec();
    signed.extend(&attachment.tail);
    for (offset, bytes) in &attachment.patches {
        let offset = usize::try_from(*offset).unwrap();
        signed[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    let layout = Layout::read(signed.as_slice()).expect("what we make we read");
    assert_eq!(
        image_digest::digests(signed.as_slice(), &layout, 0, &[DigestAlgorithm::Sha256]).unwrap(),
        digest
    );
    assert_eq!(layout.checksum, image_digest::checksum(signed.as_slice(), &layout).unwrap());
    let Ok(mut editor) = Editor::new(&signed) else { return };
    if editor.add(&NewSection { name: ".new", content: b"content" }).is_ok() {
        let _ = editor.finish();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tampered_images_do_no_harm(changes in prop::collection::vec((0usize..0x400, any::<u8>()), 1..6)) {
        let mut image = tiny();
        for (offset, value) in changes {
            let offset = offset % image.len();
            image[offset] = value;
        }
        exercise(&image);
    }

    #[test]
    fn large_fields_do_no_harm(
        changes in prop::collection::vec((0usize..0x100, prop_oneof![
            Just(u32::MAX), Just(0), Just(1), Just(0x8000_0000), Just(0xffff_f000), any::<u32>()
        ]), 1..4)
    ) {
        let mut image = tiny();
        for (place, value) in changes {
            image[place * 4..place * 4 + 4].copy_from_slice(&value.to_le_bytes());
        }
        exercise(&image);
    }
}
