//! PEM (RFC 7468) as OpenSSL reads it: with whatever text around it, in lines of any length.
//!
//! Blocks are found by the lines that begin and end them. Blanks at the ends of lines, a byte order
//! mark, carriage returns and bytes of any encoding outside of the blocks do not matter. In front
//! of the base64 there may be headers (RFC 1421), which old encrypted keys have.

use alloc::vec::Vec;
use base64ct::{Base64, Encoding as _};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What is wrong with a PEM file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("PEM, line {line}: {problem}")]
pub(crate) struct PemError {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    pub(crate) problem: PemProblem,
}

/// What is wrong with a PEM file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemProblem {
    /// The file is larger than any file of certificates.
    #[error("the file has more than {0} bytes")]
    TooLarge(usize),
    /// There is no block in it, and it is no text.
    #[error("neither a certificate in DER nor text")]
    NotText,
    /// `BEGIN` between `BEGIN` and `END`.
    #[error("a block begins in another one")]
    Nested,
    /// There is no `END` with the same label.
    #[error("the block does not end with its own label")]
    Unended,
    /// What stands between is no base64.
    #[error("it is not base64")]
    Encoding,
}

/// A block: its label, and what stands between the two lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// The label, one of those that were asked for.
    pub(crate) label: &'static str,
    /// The line that begins it, from 1.
    pub(crate) line: usize,
    /// Names and values of its headers.
    #[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "only keys have headers"))]
    pub(crate) headers: Vec<(&'a [u8], &'a [u8])>,
    /// Lines of base64.
    body: Vec<&'a [u8]>,
}

impl Block<'_> {
    /// Decodes the base64 into an empty buffer; nothing of it is anywhere else.
    pub(crate) fn decode(&self, into: &mut Vec<u8>) -> Result<(), PemError> {
        into.reserve_exact(self.body.iter().map(|line| line.len()).sum());
        into.extend(self.body.iter().copied().flatten().filter(|byte| !byte.is_ascii_whitespace()));
        match Base64::decode_in_place(into).map(<[u8]>::len) {
            Ok(length) => {
                into.truncate(length);
                Ok(())
            }
            Err(_) => Err(PemError { line: self.line, problem: PemProblem::Encoding }),
        }
    }
}

/// The blocks with one of these labels. Others are text like any other.
pub(crate) fn blocks<'a>(file: &'a [u8], labels: &[&'static str]) -> Result<Vec<Block<'a>>, PemError> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut found = Vec::new();
    let mut open: Option<Block<'a>> = None;
    let mut in_headers = false;
    for (number, line) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        let line = trimmed(line);
        let Some(block) = &mut open else {
            let label = between(line, BEGIN).and_then(|found| labels.iter().find(|l| l.as_bytes() == found));
            open = label.map(|label| Block { label, line: number, headers: Vec::new(), body: Vec::new() });
            in_headers = true;
            continue;
        };
        if between(line, BEGIN).is_some() {
            return Err(PemError { line: number, problem: PemProblem::Nested });
        }
        if let Some(label) = between(line, END) {
            if label != block.label.as_bytes() {
                return Err(PemError { line: number, problem: PemProblem::Unended });
            }
            found.extend(open.take());
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').filter(|_| in_headers);
        if let Some((name, value)) = colon.and_then(|at| line.split_at_checked(at)) {
            block.headers.push((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()));
        } else {
            // Headers end with an empty line; most blocks have none.
            in_headers = false;
            block.body.push(line);
        }
    }
    match open {
        Some(Block { line, .. }) => Err(PemError { line, problem: PemProblem::Unended }),
        None => Ok(found),
    }
}

/// The label of any block, for people.
#[cfg(feature = "sign")]
pub(crate) fn any_label(file: &[u8]) -> Option<&str> {
    let mut lines = file.split(|byte| *byte == b'\n').map(trimmed);
    lines.find_map(|line| core::str::from_utf8(between(line, BEGIN)?).ok())
}

/// A line without blanks and control characters at its end.
fn trimmed(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte > b' ').map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

/// What stands between `start` and the closing dashes of a line.
fn between<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(DASHES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    fn decoded(block: &Block<'_>) -> Result<Vec<u8>, PemError> {
        let mut octets = Vec::new();
        block.decode(&mut octets).map(|()| octets)
    }

    #[test]
    fn what_is_refused() {
        let problem = |text: &str| {
            let found = blocks(text.as_bytes(), &["A"]);
            found.and_then(|found| found.iter().map(decoded).collect::<Result<Vec<_>, _>>()).unwrap_err()
        };
        let begin = "text\n-----BEGIN A-----\n";
        let at = |line, problem| PemError { line, problem };
        assert_eq!(problem(begin), at(2, PemProblem::Unended));
        assert_eq!(problem(&format!("{begin}-----END B-----\n")), at(3, PemProblem::Unended));
        assert_eq!(problem(&format!("{begin}-----BEGIN B-----\n")), at(3, PemProblem::Nested));
        for body in ["a", "ab!=", "ab", "=abc", "YQ==YQ==", "\u{e4}bcd"] {
            assert_eq!(
                problem(&format!("{begin}{body}\n-----END A-----")),
                at(2, PemProblem::Encoding),
                "{body}"
            );
        }
        // A colon is a header's at the beginning only.
        assert_eq!(problem(&format!("{begin}\na:b\n-----END A-----")), at(2, PemProblem::Encoding));
    }

    proptest! {
        /// Whatever stands around it, and however its lines are broken.
        #[test]
        fn blocks_are_found(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            columns in 1usize..200,
            end in prop::sample::select(&["\n", "\r\n", " \n", "\t\r\n"]),
            mark: bool,
            before in "[^\u{0}-\u{1f}-]{0,20}",
            headers in prop::collection::vec("[A-Z][a-z-]{0,9}", 0..3),
        ) {
            let base64 = Base64::encode_string(&octets);
            let lines: Vec<&str> = base64.as_bytes().chunks(columns).map(|line| core::str::from_utf8(line).unwrap()).collect();
            let lines = [&lines[..], &[""]].concat().join(end);
            let mut head: Vec<String> = headers.iter().map(|name| format!("{name}: x:y")).collect();
            head.push(String::new());
            let head = head.join(end);
            let blank = if headers.is_empty() { "" } else { end };
            let mark = if mark { "\u{feff}" } else { "" };
            let text = format!(
                "{mark}{before}{end}-----BEGIN B-----{end}-----BEGIN A-----{end}{head}{blank}{lines}-----END A-----{end}{end}{before}"
            );
            let found = blocks(text.as_bytes(), &["C", "A"]).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((found[0].label, found[0].headers.len()), ("A", headers.len()));
            prop_assert_eq!(decoded(&found[0]).unwrap(), octets);
        }

        #[test]
        fn nothing_panics(file in prop::collection::vec(any::<u8>(), 0..300)) {
            for block in blocks(&file, &["A"]).unwrap_or_default() {
                let _ = decoded(&block);
            }
        }
    }
}
