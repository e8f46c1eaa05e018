//! Images whose headers are not as they should be, with a good signature.

use crate::case::{Case, World};
use crate::image::{attached, directory, optional, pe, put, section, u16_at};
use crate::random::Random;

pub(super) fn cases(world: &World<'_>) -> Vec<Case> {
    let mut cases = named(world);
    cases.extend(random(world));
    cases
}

/// Signs what firmware would take for the image's octets.
fn signed(world: &World<'_>, name: String, mut image: Vec<u8>) -> Case {
    image.resize(image.len().next_multiple_of(8), 0);
    let signature = world.judge().of(&image);
    world.case(name, attached(&image, &signature))
}

fn put16(image: &mut [u8], at: usize, value: u16) {
    image[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// All but the machine: firmware for other processors is not asked here.
fn fields(image: &[u8]) -> Vec<(String, usize, usize)> {
    let (pe, optional, first) = (pe(image), optional(image), section(image, 0));
    let mut fields: Vec<(String, usize, usize)> = [
        ("NumberOfSections", pe + 6, 2),
        ("PointerToSymbolTable", pe + 12, 4),
        ("NumberOfSymbols", pe + 16, 4),
        ("SizeOfOptionalHeader", pe + 20, 2),
        ("Characteristics", pe + 22, 2),
        ("Magic", optional, 2),
        ("SizeOfCode", optional + 4, 4),
        ("AddressOfEntryPoint", optional + 16, 4),
        ("ImageBase", optional + 24, 4),
        ("SectionAlignment", optional + 32, 4),
        ("FileAlignment", optional + 36, 4),
        ("SizeOfImage", optional + 56, 4),
        ("SizeOfHeaders", optional + 60, 4),
        ("CheckSum", optional + 64, 4),
        ("Subsystem", optional + 68, 2),
        ("DllCharacteristics", optional + 70, 2),
        ("NumberOfRvaAndSizes", optional + 108, 4),
        ("base relocations, address", optional + 112 + 40, 4),
        ("base relocations, size", optional + 112 + 44, 4),
        ("debug directory, address", optional + 112 + 48, 4),
        ("debug directory, size", optional + 112 + 52, 4),
    ]
    .into_iter()
    .map(|(name, at, size)| (name.to_owned(), at, size))
    .collect();
    for index in 0..u16_at(image, pe + 6) {
        for (name, at, size) in [
            ("VirtualSize", 8, 4),
            ("VirtualAddress", 12, 4),
            ("SizeOfRawData", 16, 4),
            ("PointerToRawData", 20, 4),
            ("PointerToRelocations", 24, 4),
            ("NumberOfRelocations", 32, 2),
            ("Characteristics", 36, 4),
        ] {
            fields.push((format!("section {index}, {name}"), first + 40 * index + at, size));
        }
    }
    fields
}

/// Puts another value into a field. Sizes in memory of nearly 4 GiB are left out: EDK2 adds to them
/// without looking, and the machine is gone.
fn change(image: &mut [u8], at: usize, size: usize, memory: bool, random: &mut Random) -> String {
    if size == 2 {
        let was = u16::from_le_bytes(image[at..at + 2].try_into().unwrap());
        let value = *random.pick(&[
            0,
            1,
            was.wrapping_add(1),
            was.wrapping_sub(1),
            was ^ 0x10,
            0x200,
            0x14c,
            u16::MAX,
        ]);
        put16(image, at, value);
        format!("{was:#x} → {value:#x}")
    } else {
        let was = u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
        let near = [1, 8, 0x20, 0x200, 0x1000];
        let step = *random.pick(&near);
        let less = was.saturating_sub(step);
        let most = if memory { 0x7fff_ffff } else { u32::MAX };
        let value = *random.pick(&[0, 1, was.wrapping_add(step), less, 0x1000, 0x2000, 0x7fff_ffff, most]);
        put(image, at, value);
        format!("{was:#x} → {value:#x}")
    }
}

fn random(world: &World<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    for number in 0..world.random * 4 {
        let mut random = Random::new(world.seed, "image", number);
        let mut image = world.tiny.clone();
        let fields = fields(&image);
        let mut told = Vec::new();
        for _ in 0..=random.below(2) {
            let (name, at, size) = random.pick(&fields);
            told.push(format!(
                "{name} {}",
                change(&mut image, *at, *size, name.ends_with("VirtualSize"), &mut random)
            ));
        }
        // What cannot even be attached to is not asked about.
        if directory(&image) + 8 <= image.len() && section(&image, 0) < image.len() {
            cases.push(signed(world, format!("random image {number}: {}", told.join("; ")), image));
        }
    }
    cases
}

fn named(world: &World<'_>) -> Vec<Case> {
    let tiny = &world.tiny;
    let mut cases = Vec::new();
    // Octets that belong to no section.
    for more in [8, 512, 4096] {
        let mut image = tiny.clone();
        image.resize(image.len() + more, 0x55);
        cases.push(signed(world, format!("image: {more} octets behind the sections"), image));
    }
    // The directory of base relocations; nothing is at its address.
    for (address, size) in [(0, 1), (0x7fff_0000, 8), (u32::MAX, u32::MAX)] {
        let mut image = tiny.clone();
        for (field, at, _) in fields(tiny) {
            match field.as_str() {
                "base relocations, address" => put(&mut image, at, address),
                "base relocations, size" => put(&mut image, at, size),
                _ => {}
            }
        }
        cases.push(signed(
            world,
            format!("image: base relocations at {address:#x}, {size:#x} octets"),
            image,
        ));
    }
    let mut stub = tiny.clone();
    stub[0x02] ^= 1;
    cases.push(signed(world, "image: another DOS header".to_owned(), stub));
    for length in [0, 1, 63, 64, 100, 200, 400, 512, tiny.len() - 4] {
        cases.push(world.case(format!("image: only {length} octets"), tiny[..length].to_vec()));
    }
    cases
}
