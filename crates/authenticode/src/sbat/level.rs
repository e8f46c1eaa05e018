//! Levels: the least generations that are still started.

use super::{Sbat, SbatError, SbatLineProblem, check_field, lines, read_generation, wrong};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The section in which shim carries the levels that it may set.
pub const SHIM_SECTION: &str = ".sbatlevel";

/// What shim keeps in the variable `SbatLevel`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SbatLevel {
    /// The date in its first line, `2025051000` for instance.
    pub date: Option<String>,
    /// Components and their least generations, in their order. Only the first line of a component
    /// counts, as in shim.
    pub entries: Vec<(String, u16)>,
}

/// Why an image is revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{component} is of generation {generation}, and the level wants {least} or more")]
#[non_exhaustive]
pub struct RevokedComponent {
    /// The component.
    pub component: String,
    /// Which generation it is.
    pub generation: u16,
    /// Which it would have to be.
    pub least: u16,
}

impl SbatLevel {
    /// Reads the text of the variable or of a file.
    pub fn read(octets: &[u8]) -> Result<Self, SbatError> {
        let mut level = Self { date: None, entries: Vec::new() };
        for (number, text) in lines(octets)? {
            let mut fields = text.split(',');
            let (Some(component), Some(generation)) = (fields.next(), fields.next()) else {
                return Err(wrong(number, SbatLineProblem::NoGeneration));
            };
            check_field(number, "component", component)?;
            let date = fields.next();
            if let Some(date) = date {
                check_field(number, "date", date)?;
            }
            if fields.next().is_some() {
                return Err(wrong(number, SbatLineProblem::MoreThanThree));
            }
            let generation = read_generation(number, generation)?;
            if level.entries.is_empty() {
                level.date = date.map(ToString::to_string);
            }
            level.entries.push((component.to_string(), generation));
        }
        if level.entries.is_empty() { Err(SbatError::Empty) } else { Ok(level) }
    }

    /// The levels in shim's section `.sbatlevel`: the one that it sets by itself, and the latest,
    /// which it sets on demand.
    ///
    /// Two little-endian offsets, and at each (counted behind the version, where the offsets begin)
    /// text that ends with a zero.
    pub fn read_shim(section: &[u8]) -> Option<Result<[Self; 2], SbatError>> {
        let (version, body) = section.split_first_chunk::<4>()?;
        let (offsets, _) = body.split_first_chunk::<8>()?;
        if *version != [0; 4] {
            return None;
        }
        let mut found = offsets.as_chunks::<4>().0.iter().map(|offset| {
            let start = usize::try_from(u32::from_le_bytes(*offset)).ok()?;
            let text = body.get(start..)?;
            text.get(..text.iter().position(|&b| b == 0)?)
        });
        let (automatic, latest) = (found.next()??, found.next()??);
        Some(Self::read(automatic).and_then(|automatic| Ok([automatic, Self::read(latest)?])))
    }

    /// The first component that is too old.
    pub fn revokes(&self, image: &Sbat) -> Option<RevokedComponent> {
        image.entries.iter().find_map(|entry| {
            let (_, least) = self.entries.iter().find(|(component, _)| *component == entry.component)?;
            (entry.generation < *least).then(|| RevokedComponent {
                component: entry.component.clone(),
                generation: entry.generation,
                least: *least,
            })
        })
    }
}

/// The text of the variable.
impl fmt::Display for SbatLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (component, generation)) in self.entries.iter().enumerate() {
            match &self.date {
                Some(date) if at == 0 => writeln!(f, "{component},{generation},{date}")?,
                _ => writeln!(f, "{component},{generation}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        let level = SbatLevel::read(b"sbat,1,2025051000\nshim,4\ngrub,5\n").unwrap();
        assert_eq!(level.date.as_deref(), Some("2025051000"));
        assert_eq!(level.to_string(), "sbat,1,2025051000\nshim,4\ngrub,5\n");
        let image = |text: &str| Sbat::read(text.as_bytes()).unwrap();
        assert_eq!(level.revokes(&image("sbat,1,a,b,c,d\ngrub,5,a,b,c,d\nother,1,a,b,c,d")), None);
        let revoked = level.revokes(&image("sbat,1,a,b,c,d\ngrub,4,a,b,c,d")).unwrap();
        assert_eq!(revoked.to_string(), "grub is of generation 4, and the level wants 5 or more");
        // Another name is another component, even if it begins alike.
        assert_eq!(level.revokes(&image("grub.nixos,1,a,b,c,d")), None);
        // The first line of a component counts.
        assert_eq!(SbatLevel::read(b"a,1\na,9").unwrap().revokes(&image("a,5,a,b,c,d")), None);
        for wrong in ["sbat", "sbat,x", ",1", "sbat,1,2,3", "sbat,1,", ""] {
            assert!(SbatLevel::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn levels_of_shim() {
        let text = b"sbat,1,1\n\0sbat,1,2\nshim,4\n\0";
        let section = [&[0; 4][..], &8u32.to_le_bytes(), &18u32.to_le_bytes(), text].concat();
        let [automatic, latest] = SbatLevel::read_shim(&section).unwrap().unwrap();
        assert_eq!((automatic.date.as_deref(), latest.date.as_deref()), (Some("1"), Some("2")));
        for length in 0..section.len() {
            assert!(SbatLevel::read_shim(&section[..length]).is_none(), "{length}");
        }
    }
}
