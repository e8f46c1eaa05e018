//! What passes to a terminal: text, line ends, and colours.

use crate::text::changes_direction;

/// What is done with what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Everything passes.
    Bytes,
    /// Everything but colours passes: for files and pipes.
    Plain,
    /// Text passes to a terminal, and colours if they are wanted. All that could control the
    /// terminal becomes `U+FFFD`.
    Terminal {
        /// Whether colours are wanted.
        colour: bool,
    },
}

/// Longer sequences are not ours.
const LONGEST: usize = 16;

/// A [`Filter`] at work. What is written may end in the middle of a character or of a sequence.
#[derive(Debug)]
pub(crate) struct Screen {
    filter: Filter,
    /// The beginning of something whose end has not come yet.
    begun: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(filter: Filter) -> Self {
        Self { filter, begun: Vec::new() }
    }

    /// Whether `bytes` pass unchanged, so that nothing need be copied: reports have many megabytes.
    pub(crate) fn passes_unchanged(&self, bytes: &[u8]) -> bool {
        self.begun.is_empty()
            && match self.filter {
                Filter::Bytes => true,
                Filter::Plain => !bytes.contains(&0x1b),
                Filter::Terminal { .. } => false,
            }
    }

    /// Adds what passes of `bytes` to `out`.
    pub(crate) fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.filter == Filter::Bytes {
            out.extend_from_slice(bytes);
            return;
        }
        self.begun.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.begun);
        let mut rest = all.as_slice();
        while let Some(&first) = rest.first() {
            let taken = match first {
                0x1b => self.sequence(rest, out),
                _ if self.filter == Filter::Plain => {
                    let plain = rest.iter().position(|&byte| byte == 0x1b).unwrap_or(rest.len());
                    out.extend_from_slice(rest.get(..plain).unwrap_or_default());
                    Some(plain)
                }
                b'\n' | b'\t' | 0x20..=0x7e => {
                    out.push(first);
                    Some(1)
                }
                _ => character(rest, out),
            };
            let Some(after) = taken.and_then(|taken| rest.get(taken..)) else { break };
            rest = after;
        }
        self.begun = rest.to_vec();
    }

    /// What is left is the beginning of something that has no end.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        match self.filter {
            _ if self.begun.is_empty() => {}
            Filter::Terminal { .. } => replaced(out),
            Filter::Bytes | Filter::Plain => out.extend_from_slice(&self.begun),
        }
        self.begun.clear();
    }

    /// A text that begins with ESC. Gives how much of it was used; nothing if its end has not come
    /// yet.
    fn sequence(&self, text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        match colour_sequence(text) {
            Sequence::Begun => None,
            Sequence::Colour(length) => {
                if self.filter == (Filter::Terminal { colour: true }) {
                    out.extend_from_slice(text.get(..length).unwrap_or_default());
                }
                Some(length)
            }
            Sequence::Other => {
                // What follows is text like any other.
                if self.filter == Filter::Plain {
                    out.push(0x1b);
                } else {
                    replaced(out);
                }
                Some(1)
            }
        }
    }
}

/// What an ESC begins.
enum Sequence {
    /// Not enough is there to say.
    Begun,
    /// One of our colours, with its length.
    Colour(usize),
    /// Anything else.
    Other,
}

/// ECMA-48, section 8.3.117: `ESC [ NUMBERS m`. Ours are bold, dim, italic, underlined, inverted
/// and the sixteen colours: what conceals text or lets it blink is not among them.
fn colour_sequence(text: &[u8]) -> Sequence {
    let Some(second) = text.get(1) else { return Sequence::Begun };
    if *second != b'[' {
        return Sequence::Other;
    }
    let parameters = text.get(2..).unwrap_or_default();
    let end = parameters.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'));
    let Some(end) = end.filter(|&end| end < LONGEST) else {
        return if parameters.len() < LONGEST { Sequence::Begun } else { Sequence::Other };
    };
    let is_ours = |number: &[u8]| {
        let number = std::str::from_utf8(number).unwrap_or_default();
        // No number is zero.
        let number = if number.is_empty() { Ok(0) } else { number.parse() };
        matches!(number, Ok(0..=4 | 7 | 22..=24 | 27 | 30..=37 | 39..=47 | 49 | 90..=97_u8))
    };
    let parameters = parameters.get(..end).unwrap_or_default();
    if text.get(2 + end) == Some(&b'm') && parameters.split(|&byte| byte == b';').all(is_ours) {
        Sequence::Colour(end + 3)
    } else {
        Sequence::Other
    }
}

/// The first character of a text. Gives its length; nothing if its end has not come yet.
fn character(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let window = text.get(..4).unwrap_or(text);
    let (valid, error) = match std::str::from_utf8(window) {
        Ok(valid) => (valid, None),
        Err(error) => {
            let valid = window.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), Some(error.error_len()))
        }
    };
    match (valid.chars().next(), error) {
        (Some(found), _) => {
            if found.is_control() || changes_direction(found) {
                replaced(out);
            } else {
                out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(found.len_utf8())
        }
        (None, Some(Some(length))) => {
            replaced(out);
            Some(length)
        }
        (None, _) => None,
    }
}

fn replaced(out: &mut Vec<u8>) {
    out.extend_from_slice("\u{fffd}".as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passed(filter: Filter, parts: &[&[u8]]) -> Vec<u8> {
        let mut screen = Screen::new(filter);
        let mut out = Vec::new();
        for part in parts {
            screen.pass(part, &mut out);
        }
        screen.end(&mut out);
        out
    }

    fn text(filter: Filter, bytes: &[u8]) -> String {
        String::from_utf8(passed(filter, &[bytes])).unwrap()
    }

    const COLOUR: Filter = Filter::Terminal { colour: true };
    const NO_COLOUR: Filter = Filter::Terminal { colour: false };

    #[test]
    fn only_text_and_colours_pass() {
        let ours = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m naïve\tx\n";
        assert_eq!(text(COLOUR, ours.as_bytes()), ours);
        assert_eq!(text(NO_COLOUR, ours.as_bytes()), "error: naïve\tx\n");
        assert_eq!(text(Filter::Plain, ours.as_bytes()), "error: naïve\tx\n");
        assert_eq!(text(COLOUR, b"\x1b]0;title\x07"), "\u{fffd}]0;title\u{fffd}");
        assert_eq!(text(COLOUR, b"\x1b[2J\x1b[1;1H\r\x1bc"), "\u{fffd}[2J\u{fffd}[1;1H\u{fffd}\u{fffd}c");
        // Text that is concealed, or blinks; a number that is none.
        assert_eq!(text(COLOUR, b"\x1b[8m\x1b[1;5m\x1b[999m"), "\u{fffd}[8m\u{fffd}[1;5m\u{fffd}[999m");
        // C1 as a character and as a byte, and what turns text round.
        assert_eq!(text(COLOUR, "\u{9b}2J".as_bytes()), "\u{fffd}2J");
        assert_eq!(text(COLOUR, b"\x9b2J\xff"), "\u{fffd}2J\u{fffd}");
        assert_eq!(text(COLOUR, "\u{202e}gnp".as_bytes()), "\u{fffd}gnp");
        assert_eq!(text(COLOUR, b"\x1b"), "\u{fffd}");
        assert_eq!(text(COLOUR, b"\xe2\x82"), "\u{fffd}");
    }

    #[test]
    fn files_get_everything_else() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(passed(Filter::Plain, &[&bytes]), bytes);
        let coloured = [b"\x1b[1m", bytes.as_slice()].concat();
        assert_eq!(passed(Filter::Plain, &[&coloured]), bytes);
        assert_eq!(passed(Filter::Bytes, &[&coloured]), coloured);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_writes_end(
            bytes in prop::collection::vec(prop_oneof![
                Just(0x1b), Just(b'['), Just(b'm'), Just(b';'), Just(b'1'), Just(0xc2), Just(0x9b), any::<u8>(),
            ], 0..40),
            cut in 0..40_usize,
        ) {
            for filter in [COLOUR, NO_COLOUR, Filter::Plain, Filter::Bytes] {
                let (first, second) = bytes.split_at(cut.min(bytes.len()));
                prop_assert_eq!(passed(filter, &[first, second]), passed(filter, &[&bytes]));
                let (mut screen, mut out) = (Screen::new(filter), Vec::new());
                screen.pass(first, &mut out);
                let unchanged = screen.passes_unchanged(second);
                out.clear();
                screen.pass(second, &mut out);
                prop_assert!(!unchanged || out == second);
            }
        }

        #[test]
        fn nothing_controls_the_terminal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = text(NO_COLOUR, &bytes);
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{:?}", text);
        }
    }
}
