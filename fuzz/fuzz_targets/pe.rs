//! PE images: whatever is read can be signed and edited, a signature does not change the digest,
//! and the result is read again.
#![no_main]

use authenticode::DigestAlgorithm;
use authenticode::attach::{attach, padding};
use authenticode::image_digest;
use authenticode::pe::{EditError, Editor, Layout, NewSection, certificates, relocations};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(layout) = Layout::read(data) else { return };
    let _ = certificates(data, &layout);
    let _ = relocations(data, layout.machine, layout.size_of_image);
    let digest = image_digest::digests(data, &layout, padding(&layout), &[DigestAlgorithm::Sha256]).unwrap();
    if let Ok(attachment) = attach(data, &layout, [&b"signature"[..]]) {
        let mut signed = data[..attachment.content_end as usize].to_vec();
        signed.extend(&attachment.tail);
        for (offset, bytes) in &attachment.patches {
            signed[*offset as usize..*offset as usize + bytes.len()].copy_from_slice(bytes);
        }
        let layout = Layout::read(signed.as_slice()).expect("what was signed is read");
        let again = image_digest::digests(signed.as_slice(), &layout, 0, &[DigestAlgorithm::Sha256]).unwrap();
        assert_eq!(again, digest, "the signature changed what is signed");
        assert_eq!(layout.checksum, image_digest::checksum(signed.as_slice(), &layout).unwrap());
    }
    let mut editor = match Editor::new(data) {
        Ok(editor) => editor,
        // Each section would be padded to more than the format allows.
        Err(EditError::Alignment(_)) => return,
        Err(error) => panic!("what is laid out is edited: {error}"),
    };
    for section in &layout.sections {
        let _ = editor.remove(&section.name());
    }
    let _ = editor.add(&NewSection { name: ".fuzz", content: data });
    let _ = editor.finish();
});
