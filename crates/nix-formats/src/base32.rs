//! Nix's base-32: the alphabet leaves out `e o u t`, and the digits stand in the reverse order of
//! the bits.
//!
//! It is not RFC 4648. The last digit of the text holds the lowest five bits of the first byte;
//! followed is `src/libutil/base-nix-32.cc` of Nix.

use crate::text::character_at;

/// The digits, by value.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// The value of each character; [`NO_DIGIT`] for those that are not digits. Store paths are checked
/// by the thousand.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        // `TryFrom` is not const; there are 32 values.
        #[allow(clippy::cast_possible_truncation)]
        let as_byte = value as u8;
        values[ALPHABET[value] as usize] = as_byte;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = u8::MAX;

/// The value of a digit; `None` for other characters.
pub const fn digit_value(character: u8) -> Option<u8> {
    match VALUES[character as usize] {
        NO_DIGIT => None,
        value => Some(value),
    }
}

/// Why a text is not base-32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base32Error {
    /// A character that is not a digit.
    #[error("character {character:?} at offset {offset} is not a base-32 digit of Nix")]
    Digit {
        /// The character.
        character: char,
        /// Its offset in bytes.
        offset: usize,
    },
    /// No number of bytes has this many digits, or bits that no byte holds are set.
    #[error("{0} digits of base-32 do not make whole bytes")]
    Length(usize),
}

/// How many digits `bytes` bytes have.
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

/// The text of some bytes.
pub fn encode(bytes: &[u8]) -> String {
    let digits = encoded_len(bytes.len());
    (0..digits)
        .rev()
        .map(|n| {
            let (byte, shift) = (n * 5 / 8, n * 5 % 8);
            let low = bytes.get(byte).map_or(0, |b| u16::from(*b));
            let high = bytes.get(byte + 1).map_or(0, |b| u16::from(*b) << 8);
            let digit = ((low | high) >> shift) & 0x1f;
            char::from(ALPHABET[usize::from(digit)])
        })
        .collect()
}

/// The bytes of a text.
pub fn decode(text: &str) -> Result<Vec<u8>, Base32Error> {
    let digits = text.as_bytes();
    let size = digits.len() * 5 / 8;
    if encoded_len(size) != digits.len() {
        return Err(Base32Error::Length(digits.len()));
    }
    let mut bytes = vec![0u8; size];
    for (n, (offset, &character)) in digits.iter().enumerate().rev().enumerate() {
        let Some(value) = digit_value(character).map(u16::from) else {
            let (offset, character) = character_at(text, offset);
            return Err(Base32Error::Digit { character, offset });
        };
        let (byte, shift) = (n * 5 / 8, n * 5 % 8);
        let [low, high] = (value << shift).to_le_bytes();
        if let Some(b) = bytes.get_mut(byte) {
            *b |= low;
        } else if low != 0 {
            return Err(Base32Error::Length(digits.len()));
        }
        if let Some(b) = bytes.get_mut(byte + 1) {
            *b |= high;
        } else if high != 0 {
            return Err(Base32Error::Length(digits.len()));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(&text).unwrap(), bytes);
        }

        #[test]
        fn what_decodes_has_one_spelling(text in "[0-9a-z]{0,60}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn errors_name_the_place() {
        assert_eq!(decode("00e0").unwrap_err(), Base32Error::Digit { character: 'e', offset: 2 });
        // Its first byte is not where the search from the end finds it.
        assert_eq!(decode("0ä0").unwrap_err(), Base32Error::Digit { character: 'ä', offset: 1 });
        assert_eq!(decode("0").unwrap_err(), Base32Error::Length(1));
    }
}
