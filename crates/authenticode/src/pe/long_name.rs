//! Names of sections with more than eight letters: `/26` is the name at byte 26 of the string table
//! (PE Format, "Section Table"). Linkers for Windows do not write such, those of GNU do; firmware
//! does not care for names.

use super::fields::u32_at;
use super::layout::Layout;
use super::section::Section;
use crate::source::ImageSource;
use alloc::vec;
use alloc::vec::Vec;

/// Behind the PE signature and four more bytes: PointerToSymbolTable, NumberOfSymbols.
const SYMBOLS: u64 = 12;
/// Bytes of a symbol.
const SYMBOL: u64 = 18;
/// Real names have a dozen letters.
const LONGEST: u64 = 256;

/// The name of a section, looked up in the string table if it is there; what cannot be looked up
/// stays as it is.
pub fn section_name<S: ImageSource + ?Sized>(
    source: &S,
    layout: &Layout,
    section: &Section,
) -> Result<Vec<u8>, S::Error> {
    let short = section.bare_name().to_vec();
    let offset =
        short.strip_prefix(b"/").and_then(|digits| core::str::from_utf8(digits).ok()?.parse::<u32>().ok());
    let Some(offset) = offset else { return Ok(short) };
    let mut fields = [0; 8];
    source.read_at(layout.pe_offset + SYMBOLS, &mut fields)?;
    let field = |at| u64::from(u32_at(&fields, at).unwrap_or(0));
    let (table, count) = (field(0), field(4));
    let start = table + count * SYMBOL + u64::from(offset);
    // Past the end there is nothing; the certificate table is no part of it.
    let length = layout.content_end().saturating_sub(start).min(LONGEST);
    let mut name = vec![0; usize::try_from(length).unwrap_or_default()];
    source.read_at(start.min(layout.content_end()), &mut name)?;
    Ok(match name.iter().position(|&b| b == 0) {
        Some(end) if table != 0 && end > 0 => {
            name.truncate(end);
            name
        }
        _ => short,
    })
}
