//! Unified kernel images (UAPI.5, "Unified Kernel Image"): a stub with a kernel, an initrd and a
//! command line in its sections.
//!
//! Sections stand in the order, and at the addresses, that systemd's `ukify` gives them, each
//! behind the last one. Their content is what is measured, so none has padding of its own.

use crate::pe::{
    CODE, EditError, Editor, ImageError, Layout, NO_EXECUTE_COMPATIBLE, NewSection, PeError, READ_ONLY_DATA,
};
use crate::sbat::{FORMAT_URL, SECTION, Sbat, SbatEntry, SbatError};
use crate::verify::SbatData;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;

/// The document that the component `uki` is from.
const UKI_URL: &str = "https://uapi-group.org/specifications/specs/unified_kernel_image/";
/// Initrds that follow each other begin at multiples of this (Linux: "initramfs buffer format").
const INITRD_ALIGNMENT: usize = 4;
/// The setup header of x86 kernels (Linux: "The Linux/x86 Boot Protocol").
const SETUP_MAGIC: (usize, &[u8]) = (0x202, b"HdrS");
const SETUP_VERSION: usize = 0x20e;
const SETUP_START: usize = 0x200;
/// What every kernel that is not compressed holds.
const BANNER: &[u8] = b"Linux version ";
/// Releases are names of folders, and `utsname` has room for 64 bytes.
const MAX_RELEASE: usize = 64;

/// What an image is made of, besides the stub. Empty parts make no section.
#[derive(Debug, Clone, Default)]
pub struct UkiParts<'a> {
    /// `.osrel`: the text of `os-release`.
    pub os_release: &'a [u8],
    /// `.cmdline`: the command line.
    pub cmdline: &'a [u8],
    /// `.dtb`: a device tree.
    pub devicetree: &'a [u8],
    /// `.dtbauto`: device trees, of which the stub chooses one.
    pub automatic_devicetrees: Vec<&'a [u8]>,
    /// `.uname`: the release of the kernel.
    pub uname: &'a [u8],
    /// `.splash`: a picture (BMP).
    pub splash: &'a [u8],
    /// `.pcrpkey`: the public key of signed PCR policies.
    pub pcr_public_key: &'a [u8],
    /// `.linux`: the kernel.
    pub linux: &'a [u8],
    /// `.initrd`: initrds, one behind the other.
    pub initrds: Vec<&'a [u8]>,
    /// `.ucode`: microcode, as an initrd.
    pub microcode: &'a [u8],
    /// Further sections, by name.
    pub others: Vec<(&'a str, &'a [u8])>,
    /// What stands in `.sbat` behind the components of stub and kernel; without any, the component
    /// `uki`.
    pub sbat: Vec<Sbat>,
}

/// Which program of an image an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UkiProgram {
    /// The stub.
    Stub,
    /// The kernel.
    Kernel,
}

impl core::fmt::Display for UkiProgram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Stub => "the stub",
            Self::Kernel => "the kernel",
        })
    }
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UkiError {
    /// It is no EFI program.
    #[error("{program} is no EFI program: {source}")]
    Program {
        /// Which.
        program: UkiProgram,
        /// What is wrong with it.
        source: PeError,
    },
    /// They are for different processors.
    #[error("the stub is for {stub}, and the kernel for {kernel}")]
    Machine {
        /// The stub's.
        stub: String,
        /// The kernel's.
        kernel: String,
    },
    /// The stub is an image already.
    #[error("the stub has a section {0} already: it is a unified kernel image itself")]
    NoStub(&'static str),
    /// The section cannot be merged.
    #[error(".sbat of {program}: {problem}")]
    SbatSection {
        /// Whose.
        program: UkiProgram,
        /// Why not.
        problem: &'static str,
    },
    /// The section cannot be read.
    #[error(".sbat of {program}: {source}")]
    Sbat {
        /// Whose.
        program: UkiProgram,
        /// What is wrong with it.
        source: SbatError,
    },
    /// A section does not fit.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Puts an image together. It is not signed, even if the stub was.
///
/// # Errors
/// If stub or kernel is no EFI program, or they do not fit together.
pub fn build(stub: &[u8], parts: &UkiParts<'_>) -> Result<Vec<u8>, UkiError> {
    let layout = |program, bytes| {
        Layout::read(bytes).map_err(|error: ImageError<Infallible>| match error {
            ImageError::Image(source) => UkiError::Program { program, source },
            ImageError::Source(never) => match never {},
        })
    };
    let stub_layout = layout(UkiProgram::Stub, stub)?;
    let kernel_layout = layout(UkiProgram::Kernel, parts.linux)?;
    for name in [".linux", ".initrd", ".cmdline"] {
        if stub_layout.section(name.as_bytes()).is_some() {
            return Err(UkiError::NoStub(name));
        }
    }
    let machines = [&stub_layout, &kernel_layout].map(|layout| layout.machine.to_string());
    // Firmware of 32 bits starts kernels of 64 bits by an entry point of their own.
    let mixed = machines == ["i386", "x86-64"] && kernel_layout.section(b".compat").is_some();
    if stub_layout.machine != kernel_layout.machine && !mixed {
        let [stub, kernel] = machines;
        return Err(UkiError::Machine { stub, kernel });
    }
    let initrd = join(&parts.initrds);
    let sbat = merge(
        [(UkiProgram::Stub, stub, &stub_layout), (UkiProgram::Kernel, parts.linux, &kernel_layout)],
        parts,
    )?;
    let mut sections: Vec<(&str, &[u8])> =
        Vec::from([(".osrel", parts.os_release), (".cmdline", parts.cmdline), (".dtb", parts.devicetree)]);
    sections.extend(parts.automatic_devicetrees.iter().map(|tree| (".dtbauto", *tree)));
    sections.extend([
        (".uname", parts.uname),
        (".splash", parts.splash),
        (".pcrpkey", parts.pcr_public_key),
        (".linux", parts.linux),
        (".initrd", initrd.as_slice()),
        (".ucode", parts.microcode),
    ]);
    sections.extend(parts.others.iter().copied());

    let mut editor = Editor::new(stub)?;
    for (name, content) in sections.into_iter().filter(|(_, content)| !content.is_empty()) {
        // Kernels with the old handover protocol run where they are.
        let characteristics = if name == ".linux" { CODE } else { READ_ONLY_DATA };
        editor.add_with(&NewSection { name, content }, characteristics)?;
    }
    let sbat = NewSection { name: SECTION, content: sbat.as_bytes() };
    if stub_layout.section(SECTION.as_bytes()).is_some() {
        editor.replace(&sbat)?
    } else {
        editor.add(&sbat)?
    };
    // Both run under one setting, and firmware takes the image's.
    if kernel_layout.dll_characteristics & NO_EXECUTE_COMPATIBLE == 0 {
        editor.clear_no_execute_compatible();
    }
    Ok(editor.finish()?)
}

/// Initrds one behind the other. A single one stays as it is.
fn join(initrds: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for initrd in initrds {
        joined.extend_from_slice(initrd);
        if initrds.len() > 1 {
            joined.resize(joined.len().next_multiple_of(INITRD_ALIGNMENT), 0);
        }
    }
    joined
}

/// The components of stub, kernel and image, behind one line for the format itself.
fn merge(programs: [(UkiProgram, &[u8], &Layout); 2], parts: &UkiParts<'_>) -> Result<String, UkiError> {
    let mut found: Vec<Sbat> = Vec::new();
    for (program, bytes, layout) in programs {
        let Ok(data) = SbatData::read(bytes, layout);
        match data {
            SbatData::Missing => {}
            SbatData::Odd(problem) => return Err(UkiError::SbatSection { program, problem }),
            SbatData::Read(sbat) => found.push(sbat.map_err(|source| UkiError::Sbat { program, source })?),
        }
    }
    let entry = |component, vendor, package, version, url| {
        SbatEntry::new(component, 1, vendor, package, version, url)
            .map_err(|source| UkiError::Sbat { program: UkiProgram::Stub, source })
    };
    if parts.sbat.is_empty() {
        found.push(Sbat { entries: Vec::from([entry("uki", "UKI", "uki", "1", UKI_URL)?]) });
    }
    let mut merged = Sbat { entries: Vec::from([entry("sbat", "SBAT Version", "sbat", "1", FORMAT_URL)?]) };
    let entries = found.iter().chain(&parts.sbat).flat_map(|sbat| &sbat.entries);
    merged.entries.extend(entries.filter(|entry| entry.component != "sbat").cloned());
    Ok(merged.to_string())
}

/// The release of a kernel (`uname -r`), from the setup header of x86 or from the text that every
/// kernel holds. `None` if it is compressed as a whole.
pub fn kernel_release(kernel: &[u8]) -> Option<String> {
    setup_release(kernel).or_else(|| banner_release(kernel))
}

fn setup_release(kernel: &[u8]) -> Option<String> {
    let (at, magic) = SETUP_MAGIC;
    kernel.get(at..)?.strip_prefix(magic)?;
    let offset = u16::from_le_bytes(*kernel.get(SETUP_VERSION..)?.first_chunk()?);
    if offset == 0 {
        return None;
    }
    first_word(kernel.get(SETUP_START + usize::from(offset)..)?)
}

fn banner_release(kernel: &[u8]) -> Option<String> {
    let mut rest = kernel;
    loop {
        let at = rest.iter().position(|byte| *byte == b'L')?;
        rest = rest.get(at..)?;
        // The text may be a format too: `Linux version %s (…`.
        if let Some(release) = rest.strip_prefix(BANNER).and_then(first_word)
            && release.starts_with(|first: char| first.is_ascii_digit())
        {
            return Some(release);
        }
        rest = rest.get(1..)?;
    }
}

/// The word before ` (`.
fn first_word(text: &[u8]) -> Option<String> {
    let text = text.get(..text.len().min(MAX_RELEASE + 2))?;
    let end = text.windows(2).position(|pair| pair == b" (")?;
    let word = text.get(..end).filter(|word| !word.is_empty())?;
    let valid = word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._+-~".contains(byte));
    valid.then(|| word.iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initrds_are_aligned_only_between_each_other() {
        assert_eq!(join(&[]), b"");
        assert_eq!(join(&[b"abcde"]), b"abcde");
        assert_eq!(join(&[b"abcde", b"f"]), b"abcde\0\0\0f\0\0\0");
        assert_eq!(join(&[b"abcd", b"efgh"]), b"abcdefgh");
    }

    #[test]
    fn releases() {
        let mut kernel = alloc::vec![0; 0x400];
        kernel[0x202..0x206].copy_from_slice(b"HdrS");
        kernel[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
        kernel[0x300..0x31a].copy_from_slice(b"6.1.0-rc1+ (me@here) #1 SM");
        assert_eq!(kernel_release(&kernel).as_deref(), Some("6.1.0-rc1+"));
        // No end, and an offset behind the end.
        kernel[0x300..].fill(b'a');
        assert_eq!(kernel_release(&kernel), None);
        kernel[0x20e..0x210].fill(0xff);
        assert_eq!(kernel_release(&kernel), None);
        let text = b"Linux version %s (%s) LLinux version 6.12.3-arm64 (gcc) #2";
        assert_eq!(kernel_release(text).as_deref(), Some("6.12.3-arm64"));
        assert_eq!(kernel_release(b""), None);
    }
}
