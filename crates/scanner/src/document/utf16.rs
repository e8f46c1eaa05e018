//! Text in UTF-16, as PowerShell's `>` writes what any program prints: decoded to UTF-8 while it is
//! read, so that no parser has to know.

use std::borrow::Cow;
use std::io::{self, Read};

/// The order of the bytes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// How many bytes [`Reader::new`] has to be given, if there are so many.
pub(crate) const LOOK: usize = 4;

/// Whether text is UTF-16, going by its first bytes: a byte order mark, or two characters of ASCII.
/// No text format that is read here has NUL characters.
fn order(start: &[u8]) -> Option<Order> {
    match start {
        // In UTF-32 the mark of the other order is the same followed by two zeros.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] | [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some(Order::Little),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some(Order::Big),
        _ => None,
    }
}

/// Text as UTF-8 without a mark; what is not UTF-16 stays as it is.
pub(crate) fn decoded(bytes: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    match order(bytes) {
        None => Ok(Cow::Borrowed(bytes)),
        Some(order) => {
            let mut text = Vec::new();
            Reader::new(bytes, order).read_to_end(&mut text)?;
            Ok(Cow::Owned(text))
        }
    }
}

/// A reader of text as UTF-8, if it begins so. `start` are the first bytes, which `from` gives
/// again.
pub(crate) fn reader<'a>(start: &[u8], from: impl Read + 'a) -> Box<dyn Read + 'a> {
    match order(start) {
        None => Box::new(from),
        Some(order) => Box::new(Reader::new(from, order)),
    }
}

/// How many bytes are decoded at once.
const CHUNK: usize = 64 << 10;

/// Decodes what it reads.
struct Reader<R> {
    from: R,
    order: Order,
    /// Bytes that are not decoded yet: half of a unit, or of a pair of surrogates.
    rest: Vec<u8>,
    text: Vec<u8>,
    /// How much of the text was given.
    given: usize,
    /// Bytes that were decoded.
    offset: u64,
}

impl<R: Read> Reader<R> {
    fn new(from: R, order: Order) -> Self {
        Self { from, order, rest: Vec::new(), text: Vec::new(), given: 0, offset: 0 }
    }

    /// Decodes the next piece. There is none at the end.
    fn next(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() {
            let before = self.rest.len();
            (&mut self.from).take(CHUNK as u64).read_to_end(&mut self.rest)?;
            let at_end = self.rest.len() - before < CHUNK;
            let used = self.decode(at_end)?;
            self.rest.drain(..used);
            self.offset += used as u64;
            if at_end {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Decodes what is there, and says how many bytes that took.
    fn decode(&mut self, at_end: bool) -> io::Result<usize> {
        let (pairs, half) = self.rest.as_chunks::<2>();
        let wrong = |at: usize| {
            let at = self.offset + at as u64;
            io::Error::new(io::ErrorKind::InvalidData, format!("begins as UTF-16, and is none at byte {at}"))
        };
        let mut units = Vec::with_capacity(pairs.len());
        units.extend(pairs.iter().map(|pair| match self.order {
            Order::Little => u16::from_le_bytes(*pair),
            Order::Big => u16::from_be_bytes(*pair),
        }));
        // The second of a pair may be still to come.
        if !at_end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
        }
        if at_end && !half.is_empty() {
            return Err(wrong(pairs.len() * 2));
        }
        let mut at = 0;
        for character in char::decode_utf16(units.iter().copied()) {
            let character = character.map_err(|_| wrong(at * 2))?;
            let is_mark = character == '\u{feff}' && self.offset == 0 && at == 0;
            at += character.len_utf16();
            if is_mark {
                continue;
            }
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(units.len() * 2)
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.text.len() {
            self.next()?;
        }
        let mut rest = self.text.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, order: Order) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            Order::Little => unit.to_le_bytes(),
            Order::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    proptest::proptest! {
        #[test]
        fn texts_come_back(text in "[\\[{<a-z][ -~]\\PC{0,40}", mark: bool, many in 1..4000_usize) {
            let text = text.repeat(many);
            for order in [Order::Little, Order::Big] {
                let marked = if mark { format!("\u{feff}{text}") } else { text.clone() };
                let bytes = encoded(&marked, order);
                proptest::prop_assert_eq!(decoded(&bytes).unwrap(), text.as_bytes());
            }
            // Plain text stays plain.
            proptest::prop_assert_eq!(decoded(text.as_bytes()).unwrap(), text.as_bytes());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decoded(&bytes);
        }
    }

    #[test]
    fn what_is_none_has_a_place() {
        for (bytes, expected) in [
            (&b"\xff\xfe{"[..], "byte 2"),
            (b"\xff\xfe{\0\0\xd8", "byte 4"),
            (b"\xff\xfe{\0\0\xdc}\0", "byte 4"),
        ] {
            let error = decoded(bytes).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}");
        }
        // UTF-32 is another matter.
        assert_eq!(decoded(b"\xff\xfe\0\0{\0\0\0").unwrap(), &b"\xff\xfe\0\0{\0\0\0"[..]);
    }
}
