//! SBAT: which generation of which component an image is (shim's `SBAT.md`), and which generations
//! are revoked.
//!
//! An image names its components in a section named [`SECTION`]; a level gives the least generation
//! of each component that shim still starts. Both are lines of comma-separated fields.
//!
//! **Stricter than shim:** shim reads a generation with `atoi` into 16 bits, so that `65537` is 1
//! and `two` is 0; it ignores fields behind the sixth; and it accepts a section without any entry.
//! All of these are errors here.

mod level;

pub use level::{RevokedComponent, SHIM_SECTION, SbatLevel};

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The name of the section.
pub const SECTION: &str = ".sbat";
/// Real sections have some hundred bytes.
pub const MAX_SIZE: usize = 64 << 10;
/// What the first entry of a section usually is: the version of the format itself.
pub const FORMAT_URL: &str = "https://github.com/rhboot/shim/blob/main/SBAT.md";

/// Why text is no SBAT data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SbatError {
    /// It is larger than anything real.
    #[error("SBAT data has more than {MAX_SIZE} bytes")]
    TooLarge,
    /// Nothing in it.
    #[error("SBAT data has no entry")]
    Empty,
    /// Something behind the end of the text.
    #[error("SBAT data goes on behind the zero at byte {0}")]
    BehindEnd(usize),
    /// A line is not as the format has it.
    #[error("SBAT data, line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        problem: SbatLineProblem,
    },
}

/// What is wrong with a line of SBAT data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SbatLineProblem {
    /// Components have six fields.
    #[error("it has {0} fields, not six")]
    Fields(usize),
    /// Lines of a level have two or three fields.
    #[error("a component and a generation are wanted")]
    NoGeneration,
    /// Lines of a level have two or three fields.
    #[error("it has more than three fields")]
    MoreThanThree,
    /// The bytes are no text.
    #[error("it is no UTF-8")]
    NotText,
    /// A field has no characters.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// A field has a comma or a control character.
    #[error("the {field} contains {character:?}")]
    Character {
        /// The field.
        field: &'static str,
        /// The character.
        character: char,
    },
    /// Generations are numbers of 16 bits.
    #[error("the generation {0:?} is no number from 1 to 65535")]
    Generation(String),
}

/// A component of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbatEntry {
    /// The component: `shim`, `grub`, `grub.debian`, `systemd-stub`.
    pub component: String,
    /// Its generation: raised when a hole is mended.
    pub generation: u16,
    /// Who made it.
    pub vendor: String,
    /// How the vendor calls the package.
    pub package: String,
    /// The version of the package.
    pub version: String,
    /// Where to learn more.
    pub url: String,
}

/// The components that an image names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sbat {
    /// Its components, in their order.
    pub entries: Vec<SbatEntry>,
}

impl SbatEntry {
    /// An entry; its fields are checked.
    pub fn new(
        component: &str,
        generation: u16,
        vendor: &str,
        package: &str,
        version: &str,
        url: &str,
    ) -> Result<Self, SbatError> {
        Self::read(1, &[component, &generation.to_string(), vendor, package, version, url])
    }

    fn read(line: usize, fields: &[&str]) -> Result<Self, SbatError> {
        let &[component, generation, vendor, package, version, url] = fields else {
            return Err(wrong(line, SbatLineProblem::Fields(fields.len())));
        };
        let names = ["component", "generation", "vendor", "package", "version", "URL"];
        for (name, field) in names.iter().zip(fields) {
            check_field(line, name, field)?;
        }
        Ok(Self {
            component: component.to_string(),
            generation: read_generation(line, generation)?,
            vendor: vendor.to_string(),
            package: package.to_string(),
            version: version.to_string(),
            url: url.to_string(),
        })
    }
}

impl Sbat {
    /// Reads a section (with the zeros that pad it) or a file.
    pub fn read(octets: &[u8]) -> Result<Self, SbatError> {
        let entries: Vec<SbatEntry> = lines(octets)?
            .into_iter()
            .map(|(line, text)| SbatEntry::read(line, &text.split(',').collect::<Vec<_>>()))
            .collect::<Result<_, _>>()?;
        if entries.is_empty() { Err(SbatError::Empty) } else { Ok(Self { entries }) }
    }
}

/// The text of the section.
impl fmt::Display for Sbat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for SbatEntry { component, generation, vendor, package, version, url } in &self.entries {
            writeln!(f, "{component},{generation},{vendor},{package},{version},{url}")?;
        }
        Ok(())
    }
}

/// The lines that are not empty, with their numbers.
fn lines(octets: &[u8]) -> Result<Vec<(usize, &str)>, SbatError> {
    if octets.len() > MAX_SIZE {
        return Err(SbatError::TooLarge);
    }
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let end = octets.iter().position(|&b| b == 0).unwrap_or(octets.len());
    let (text, padding) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    if padding.iter().any(|&b| b != 0) {
        return Err(SbatError::BehindEnd(end));
    }
    let text = core::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|&b| b == b'\n').count();
        wrong(line, SbatLineProblem::NotText)
    })?;
    let lines = text.split('\n').map(|line| line.trim_matches('\r'));
    Ok(lines.enumerate().filter(|(_, text)| !text.is_empty()).map(|(at, text)| (at + 1, text)).collect())
}

fn check_field(line: usize, name: &'static str, field: &str) -> Result<(), SbatError> {
    if field.is_empty() {
        return Err(wrong(line, SbatLineProblem::Empty(name)));
    }
    if let Some(character) = field.chars().find(|c| *c == ',' || c.is_control()) {
        return Err(wrong(line, SbatLineProblem::Character { field: name, character }));
    }
    Ok(())
}

fn read_generation(line: usize, text: &str) -> Result<u16, SbatError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse::<u16>().ok().filter(|value| digits && *value > 0);
    value.ok_or_else(|| wrong(line, SbatLineProblem::Generation(text.to_string())))
}

fn wrong(line: usize, problem: SbatLineProblem) -> SbatError {
    SbatError::Line { line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_refused() {
        let problem = |text: &[u8]| Sbat::read(text).unwrap_err().to_string();
        assert_eq!(problem(b""), "SBAT data has no entry");
        assert_eq!(problem(b"\r\n\n\0\0"), "SBAT data has no entry");
        assert_eq!(problem(b"sbat,1,a,b,c"), "SBAT data, line 1: it has 5 fields, not six");
        assert_eq!(problem(b"sbat,1,a,b,c,d,e"), "SBAT data, line 1: it has 7 fields, not six");
        assert_eq!(problem(b"\nsbat,1,,b,c,d"), "SBAT data, line 2: the vendor is empty");
        for generation in ["0", "65537", "-1", "+1", "two", " 1", "1 "] {
            let text = [b"x,", generation.as_bytes(), b",a,b,c,d\n"].concat();
            assert!(problem(&text).contains("is no number from 1 to 65535"), "{generation}");
        }
        assert!(problem(b"x,1,a\x1b,b,c,d").contains("the vendor contains"));
        assert!(problem(b"x,1,a,b,c,d\n\xff").contains("line 2: it is no UTF-8"));
        assert_eq!(problem(b"x,1,a,b,c,d\n\0y"), "SBAT data goes on behind the zero at byte 12");
        assert_eq!(problem(&alloc::vec![b'x'; MAX_SIZE + 1]), "SBAT data has more than 65536 bytes");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            fields in prop::collection::vec(("[a-z.]{1,9}", 1u16.., "[^,\\p{Cc}]{1,9}", "[a-z]{1,3}", "[0-9.]{1,5}", "[a-z:/]{1,9}"), 1..5),
            padding in 0usize..9,
        ) {
            let entries = fields.iter().map(|(a, b, c, d, e, f)| SbatEntry::new(a, *b, c, d, e, f).unwrap()).collect();
            let sbat = Sbat { entries };
            let mut section = sbat.to_string().into_bytes();
            section.resize(section.len() + padding, 0);
            prop_assert_eq!(Sbat::read(&section).unwrap(), sbat);
        }

        #[test]
        fn anything_is_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Sbat::read(&octets);
            let _ = SbatLevel::read(&octets);
        }
    }
}
