//! Whether a program is a bare Linux kernel, by the headers that boot loaders know it by.

use crate::source::ImageSource;
use alloc::vec;

/// Where a mark stands, and the mark.
const MARKS: [(usize, &[u8]); 6] = [
    // Linux/x86 boot protocol, section 1.2.
    (0x202, b"HdrS"),
    // Headers of `Image` for arm64 and RISC-V ("Booting AArch64 Linux", "Boot image header in
    // RISC-V Linux"), and for LoongArch.
    (0x38, b"ARM\x64"),
    (0x38, b"RSC\x05"),
    (0x38, b"\xcd\x23\x82\x81"),
    // `zImage` of 32-bit ARM.
    (0x24, b"\x18\x28\x6f\x01"),
    // A compressed kernel that unpacks itself (`CONFIG_EFI_ZBOOT`).
    (4, b"zimg"),
];
/// All marks stand before.
const HEADER: usize = 0x206;

/// Whether an image is a Linux kernel with the EFI stub. A unified kernel image, which holds one in
/// a section, is none.
pub fn is_linux_kernel<S: ImageSource + ?Sized>(source: &S) -> Result<bool, S::Error> {
    let length = usize::try_from(source.len()).unwrap_or(HEADER).min(HEADER);
    let mut header = vec![0; length];
    source.read_at(0, &mut header)?;
    Ok(MARKS.iter().any(|(at, mark)| header.get(*at..).is_some_and(|rest| rest.starts_with(mark))))
}
