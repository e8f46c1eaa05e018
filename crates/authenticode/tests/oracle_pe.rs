//! Images as others read them: digests by pesign and osslsigncode, layout and checksums by pefile,
//! all on every EFI file of the toolbox and on what we made of them.

#![allow(clippy::unwrap_used, clippy::format_collect, clippy::format_push_string)]

use authenticode::DigestAlgorithm;
use authenticode::attach::{Attachment, attach, padding};
use authenticode::image_digest;
use authenticode::pe::{
    CertificateTableKind, EditError, Editor, Layout, NewSection, certificates, relocations,
};
use std::path::Path;
use test_support::{ToolboxFolder, efi_files};

/// The EFI files of the toolbox and of the shared data.
fn images() -> Vec<(String, Vec<u8>)> {
    let shared = ["tiny32.efi", "tiny32.signed.efi", "tiny64.efi", "tiny64.signed.efi"];
    let shared = shared.map(|name| test_support::data(&format!("uefi/{name}")));
    let files = efi_files().into_iter().chain(shared);
    files.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest that a signature would have to be of.
fn digest_of(image: &[u8], layout: &Layout, algorithm: DigestAlgorithm) -> String {
    let digests = image_digest::digests(image, layout, padding(layout), &[algorithm]).unwrap();
    hex(digests.get(algorithm).unwrap())
}

/// Writes what an attachment asks for.
fn apply(image: &[u8], attachment: &Attachment) -> Vec<u8> {
    let mut image = image.to_vec();
    image.truncate(usize::try_from(attachment.content_end).unwrap());
    image.extend(&attachment.tail);
    for (offset, bytes) in &attachment.patches {
        let offset = usize::try_from(*offset).unwrap();
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    image
}

#[test]
fn digests_are_those_of_pesign() {
    let room = ToolboxFolder::new("authenticode");
    for (name, image) in images() {
        let layout = Layout::read(image.as_slice()).unwrap_or_else(|error| panic!("{name}: {error}"));
        std::fs::write(room.outside("image"), &image).unwrap();
        for (algorithm, option) in [
            (DigestAlgorithm::Sha1, "sha1"),
            (DigestAlgorithm::Sha256, "sha256"),
            (DigestAlgorithm::Sha384, "sha384"),
            // pesign has no SHA-512.
        ] {
            let output = room.run("pesign", ["--hash", "--digest_type", option, "--in", "image"]);
            let theirs = output.split_whitespace().next().unwrap_or_default();
            assert_eq!(digest_of(&image, &layout, algorithm), theirs, "{name} {option}");
        }
    }
}

/// osslsigncode prints the digest that stands in the signature and the one that it computes.
#[test]
fn digests_are_those_that_were_signed() {
    let room = ToolboxFolder::new("authenticode");
    let mut signed = 0;
    for (name, image) in images() {
        let layout = Layout::read(image.as_slice()).unwrap();
        let found = certificates(image.as_slice(), &layout).unwrap();
        assert_eq!(found.is_empty(), layout.certificate_table.is_none(), "{name}");
        assert!(found.iter().all(|c| c.kind == CertificateTableKind::SignedData), "{name}");
        if found.is_empty() {
            continue;
        }
        std::fs::write(room.outside("image"), &image).unwrap();
        let output = room.try_run("osslsigncode", ["verify", "-in", "image"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = |start: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(start));
            line.unwrap_or_else(|| panic!("{name}: no `{start}` in {text}")).trim().to_ascii_lowercase()
        };
        let ours = digest_of(&image, &layout, DigestAlgorithm::Sha256);
        assert_eq!(line("Current message digest    :"), ours, "{name}");
        assert_eq!(line("Calculated message digest :"), ours, "{name}");
        let noted = line("PE checksum   :");
        let sum = image_digest::checksum(image.as_slice(), &layout).unwrap();
        // Some signers leave the old checksum; osslsigncode then says so.
        assert_eq!(
            noted.starts_with(&format!("{sum:08x}")),
            layout.checksum == sum,
            "{name}: {noted} {sum:08x}"
        );
        signed += 1;
    }
    assert!(signed >= 9, "only {signed} signed files");
}

/// What pefile sees of an image, in lines.
const LOOK: &str = r#"
import pefile, sys
for path in sys.argv[1:]:
    pe = pefile.PE(path)
    o = pe.OPTIONAL_HEADER
    print(path, hex(o.SizeOfImage), hex(o.SizeOfHeaders), hex(o.CheckSum), hex(pe.generate_checksum()), hex(o.AddressOfEntryPoint))
    for s in pe.sections:
        print(s.Name.rstrip(b"\0").decode(), hex(s.VirtualAddress), hex(s.Misc_VirtualSize), hex(s.PointerToRawData), hex(s.SizeOfRawData), hex(s.Characteristics))
    pe.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_BASERELOC"]])
    for block in getattr(pe, "DIRECTORY_ENTRY_BASERELOC", []):
        for entry in block.entries:
            if entry.type:
                print("relocation", hex(entry.rva), entry.type)
"#;

/// The same, as we see it.
fn look(path: &str, image: &[u8]) -> String {
    let layout = Layout::read(image).unwrap();
    let sum = image_digest::checksum(image, &layout).unwrap();
    let mut text = format!(
        "{path} {:#x} {:#x} {:#x} {sum:#x} {:#x}\n",
        layout.size_of_image, layout.size_of_headers, layout.checksum, layout.entry_point
    );
    for section in &layout.sections {
        text += &format!(
            "{} {:#x} {:#x} {:#x} {:#x} {:#x}\n",
            section.name(),
            section.virtual_address,
            section.virtual_size,
            section.raw_offset,
            section.raw_size,
            section.characteristics
        );
    }
    let directory = layout.directories.get(5).copied().unwrap_or_default();
    let home = layout.sections.iter().find(|s| s.memory_range().contains(&u64::from(directory.address)));
    if let (Some(home), true) = (home, directory.size > 0) {
        let start = (home.raw_offset + directory.address - home.virtual_address) as usize;
        let data = &image[start..start + directory.size as usize];
        for found in relocations(data, layout.machine, layout.size_of_image).unwrap() {
            text += &format!("relocation {:#x} {}\n", found.address, found.kind);
        }
    }
    text
}

#[test]
fn layouts_are_those_of_pefile() {
    let room = ToolboxFolder::new("authenticode");
    for (name, image) in images() {
        std::fs::write(room.outside("image"), &image).unwrap();
        let theirs = room.run("python3", ["-c", LOOK, "image"]);
        assert_eq!(look("image", &image), theirs, "{name}");
    }
}

#[test]
fn edited_images_are_what_pefile_says() {
    let room = ToolboxFolder::new("authenticode");
    for (name, image) in images() {
        let before = Layout::read(image.as_slice()).unwrap();
        let large = vec![0x5a; 70_001];
        let mut editor = Editor::new(&image).unwrap();
        editor.add(&NewSection { name: ".snow", content: b"first" }).unwrap();
        editor.add(&NewSection { name: ".snow2", content: &large }).unwrap();
        // More than there was room for, so it moves; then less, which stays.
        editor.replace(&NewSection { name: ".snow", content: &large }).unwrap();
        editor.replace(&NewSection { name: ".snow2", content: b"second" }).unwrap();
        let added = match editor.finish() {
            Ok(added) => added,
            // Behind the section table of a kernel stands the header for boot loaders (Linux/x86
            // boot protocol, 0x1f1).
            Err(error) if name.ends_with("vmlinuz") => {
                assert!(matches!(error, EditError::NoRoom(_)), "{name}: {error}");
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        std::fs::write(room.outside("added"), &added).unwrap();
        let theirs = room.run("python3", ["-c", LOOK, "added"]);
        assert_eq!(look("added", &added), theirs, "{name}");
        let after = Layout::read(added.as_slice()).unwrap();
        assert_eq!(after.certificate_table, None, "{name}");
        assert_eq!(after.checksum, image_digest::checksum(added.as_slice(), &after).unwrap());
        let content = |section: &[u8]| {
            let range = after.section(section).unwrap().content_range();
            added[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
        };
        assert_eq!((content(b".snow"), content(b".snow2")), (large.clone(), b"second".to_vec()));

        // Taken out again, what is in memory is what was there before.
        let mut editor = Editor::new(&added).unwrap();
        editor.remove(".snow").unwrap().remove(".snow2").unwrap();
        let removed = editor.finish().unwrap();
        let again = Layout::read(removed.as_slice()).unwrap();
        let memory = |layout: &Layout, image: &[u8]| -> Vec<_> {
            let sections = layout.sections.iter();
            sections
                .map(|s| {
                    let range = s.content_range();
                    let bytes = if s.raw_size == 0 {
                        Vec::new()
                    } else {
                        image[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
                            .to_vec()
                    };
                    (s.raw_name, s.memory_range(), s.characteristics, bytes)
                })
                .collect()
        };
        assert_eq!(memory(&again, &removed), memory(&before, &image), "{name}");
    }
}

#[test]
fn what_refers_to_a_section_keeps_it() {
    for (name, image) in images() {
        let layout = Layout::read(image.as_slice()).unwrap();
        let entry = u64::from(layout.entry_point);
        let Some(code) = layout.sections.iter().find(|s| s.memory_range().contains(&entry)) else { continue };
        let error = Editor::new(&image).unwrap().remove(&code.name()).unwrap_err().to_string();
        assert!(error.contains("the entry point lies in it"), "{name}: {error}");
    }
}

/// Signatures taken out and put back give the same file, and what stands in the file is what others
/// see.
#[test]
fn signatures_go_and_come_back() {
    let room = ToolboxFolder::new("authenticode");
    let mut signed = 0;
    for (name, image) in images() {
        let layout = Layout::read(image.as_slice()).unwrap();
        let found = certificates(image.as_slice(), &layout).unwrap();
        let bare = apply(&image, &attach(image.as_slice(), &layout, []).unwrap());
        let bare_layout = Layout::read(bare.as_slice()).unwrap();
        assert_eq!(bare_layout.checksum, image_digest::checksum(bare.as_slice(), &bare_layout).unwrap());
        if found.is_empty() {
            continue;
        }
        signed += 1;
        assert_eq!(padding(&layout), 0, "{name}");
        let contents = found.iter().map(|c| c.content.as_slice());
        let again = apply(&bare, &attach(bare.as_slice(), &bare_layout, contents.clone()).unwrap());
        let sum = usize::try_from(layout.checksum_offset()).unwrap();
        let (mut ours, mut theirs) = (again.clone(), image.clone());
        // Not every signer corrects the checksum.
        ours[sum..sum + 4].fill(0);
        theirs[sum..sum + 4].fill(0);
        assert!(ours == theirs, "{name}");

        // Twice the same signature is still a table that others read.
        let twice =
            apply(&bare, &attach(bare.as_slice(), &bare_layout, contents.clone().chain(contents)).unwrap());
        std::fs::write(room.outside("twice"), &twice).unwrap();
        let listed = room.run("sbverify", ["--list", "twice"]);
        let count = listed.lines().filter(|line| line.starts_with("signature ")).count();
        assert_eq!(count, 2 * found.len(), "{name}: {listed}");
    }
    assert!(signed >= 9, "only {signed} signed files");
}

/// One pass for digest and checksum gives what two give.
#[test]
fn signing_reads_once_and_sees_the_same() {
    use authenticode::attach::{Summed, attach, attach_summed};
    use authenticode::{attach::padding, file};
    for path in efi_files() {
        let file::ImageFile { source, layout } = file::ImageFile::open(&path).unwrap();
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
            let (digest, summed) =
                file::digest_and_sum(&source, &layout, padding(&layout), algorithm).unwrap();
            let twice = file::digests(&source, &layout, padding(&layout), &[algorithm]).unwrap();
            assert_eq!(twice.get(algorithm), Some(digest.as_slice()), "{}", path.display());
            let once = attach_summed::<()>(&layout, &summed, [&b"signature"[..]]).unwrap();
            assert_eq!(attach(&source, &layout, [&b"signature"[..]]).unwrap(), once);
            let again = Summed::read(&source, &layout).unwrap();
            assert_eq!(
                attach_summed::<()>(&layout, &again, []).unwrap(),
                attach(&source, &layout, []).unwrap()
            );
        }
    }
}
