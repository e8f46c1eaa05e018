//! Tables of numbers in program texts: properties of characters, character sets, coefficients.
//!
//! Some program has made them of something else, whether it says so or not, and nobody reads them.

/// A table has at least so many numbers.
const NUMBERS: usize = 256;
/// And of what is not a comment, numbers are at least so many hundredths.
const SHARE: usize = 60;

/// Endings of names of program texts. Other files may consist of numbers: they are data, and what
/// reads them was written by somebody.
const PROGRAM_TEXTS: &[&str] =
    &["c", "cc", "cpp", "cxx", "h", "hh", "hpp", "inc", "def", "tab", "tbl", "s", "rs", "go", "py", "js"];

/// How many numbers there are in a program text that consists of them: 0 if it does not.
pub(super) fn numbers(name: &str, text: &[u8]) -> usize {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    if !PROGRAM_TEXTS.contains(&ending.as_str()) {
        return 0;
    }
    let (mut numbers, mut in_numbers, mut in_words) = (0, 0, 0);
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if let Some(comment) = comment(rest) {
            rest = rest.get(comment..).unwrap_or_default();
        } else if first.is_ascii_alphanumeric() || first == b'_' {
            let length = rest.iter().position(|b| !is_of_word(*b)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            if is_number(word) {
                numbers += 1;
                in_numbers += length;
            } else {
                in_words += length;
            }
            rest = after;
        } else if first == b'\\' {
            // A number in a text: `\177`, `\xff`.
            let length =
                1 + after.iter().take(3).take_while(|b| b.is_ascii_hexdigit() || **b == b'x').count();
            let digits = after.iter().take(length - 1).any(u8::is_ascii_digit);
            if digits {
                numbers += 1;
                in_numbers += length;
            } else {
                in_words += length;
            }
            rest = rest.get(length..).unwrap_or_default();
        } else {
            if !(first.is_ascii_whitespace() || b",{}();+-'.\"".contains(&first)) {
                in_words += 1;
            }
            rest = after;
        }
    }
    if numbers >= NUMBERS && in_numbers * 100 >= SHARE * (in_numbers + in_words) { numbers } else { 0 }
}

const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

/// Whether a word is a number of C: decimal, hexadecimal, octal, real.
fn is_number(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_digit)
        && word.iter().all(|b| b.is_ascii_hexdigit() || b".xXpPuUlLeEfF".contains(b))
}

/// How long the comment is that a text begins with.
fn comment(text: &[u8]) -> Option<usize> {
    let end = |mark: &[u8], from: usize| {
        let rest = text.get(from..)?;
        rest.windows(mark.len()).position(|part| part == mark).map(|at| from + at + mark.len())
    };
    match text {
        [b'/', b'*', ..] => Some(end(b"*/", 2).unwrap_or(text.len())),
        [b'/', b'/', ..] | [b'#', ..] => Some(end(b"\n", 1).unwrap_or(text.len())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_tables_are_tables() {
        let table = |entry: &str| {
            format!("/* one two three */\nstatic const int t[] = {{\n{}}};\n", entry.repeat(300))
        };
        assert_eq!(numbers("a.h", table("0x1F, ").as_bytes()), 300);
        assert_eq!(numbers("a.c", table("{ 1.5, -2 },\n").as_bytes()), 600);
        assert_eq!(
            numbers("a.c", format!("static char t[] = \"{}\";", "\\x1f\\377".repeat(150)).as_bytes()),
            300
        );
        // Data; few numbers; numbers among words.
        assert_eq!(numbers("a.txt", table("0x1F, ").as_bytes()), 0);
        assert_eq!(numbers("a.h", &table("1, ").as_bytes()[..600]), 0);
        assert_eq!(numbers("a.c", table("case 1: return TOKEN_ONE;\n").as_bytes()), 0);
        assert_eq!(numbers("a.c", "// 1 2 3\n".repeat(400).as_bytes()), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            numbers("a.c", &bytes);
        }
    }
}
