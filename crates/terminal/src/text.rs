//! Text from outside, and text in lines.

use std::fmt::{self, Display, Write as _};
use unicode_width::UnicodeWidthStr;

/// Text without characters that could control a terminal or hide what is there, on one line.
///
/// White space, line ends too, becomes a space. Control characters (C0, DEL, C1) are removed, as
/// are characters that change the direction of text (UAX #9), have no width, or are invisible.
pub fn clean(text: &str) -> String {
    Clean(text).to_string()
}

/// What it prints as is [`clean`].
#[derive(Debug, Clone, Copy)]
pub struct Clean<T>(pub T);

impl<T: Display> Display for Clean<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Cleaner<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl fmt::Write for Cleaner<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for character in text.chars() {
                    if character.is_whitespace() {
                        self.0.write_char(' ')?;
                    } else if !character.is_control() && !is_hidden(character) {
                        self.0.write_char(character)?;
                    }
                }
                Ok(())
            }
        }
        write!(Cleaner(f), "{}", self.0)
    }
}

/// Characters that cannot be seen, or that change how others are shown: those that Unicode calls
/// `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt), and the interlinear annotations.
const fn is_hidden(character: char) -> bool {
    changes_direction(character)
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Characters that change the direction of text (UAX #9, section 2).
pub(crate) const fn changes_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Breaks a text between words, to lines of at most `width` columns where words are not longer.
/// Colours take no columns.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// [`wrapped`] behind an indentation; all lines but the first stand two columns further in.
pub fn paragraph(text: &str, indent: &str, width: usize) -> String {
    // In very narrow places lines that are too long do less harm than a word a line.
    let lines = wrapped(text, width.saturating_sub(indent.len() + 2).max(30));
    format!("{indent}{}", lines.join(&format!("\n{indent}  ")))
}

/// How many columns a text takes, without the sequences that give it colour.
pub fn columns(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().map_or(0, UnicodeWidthStr::width);
    first + parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest).width()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_control_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\nc\u{202e}d\x07"), "a[31mb cd");
        assert_eq!(clean("\u{1b}]0;title\u{7}\u{9b}2J\u{7f}\r\u{85}x\u{2028}y"), "]0;title2J  x y");
        assert_eq!(clean("a\u{200b}b\u{feff}c\u{e0041}d\u{ad}e\u{61c}f"), "abcdef");
        assert_eq!(clean("a\u{206a}b\u{3164}c\u{34f}d\u{fe0f}e\u{e0100}f"), "abcdef");
        assert_eq!(clean("Ærøskøbing ß 日本 🦀"), "Ærøskøbing ß 日本 🦀");
        assert_eq!(format!("<{}>", Clean(std::path::Path::new("/a\x1bb").display())), "</ab>");
    }

    #[test]
    fn paragraphs_hang() {
        let text = "\u{1b}[1mone two\u{1b}[0m three four five six seven";
        // 34 columns, of which 2 are the indentation and 2 its continuation; colours take none.
        assert_eq!(paragraph(text, "  ", 34), "  \u{1b}[1mone two\u{1b}[0m three four five six\n    seven");
        assert_eq!(columns(text), 33);
        assert_eq!(paragraph("a", "", 10), "a");
    }
}
