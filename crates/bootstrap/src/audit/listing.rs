//! The seed's listing, line by line, beside what a disassembler of others says of the same bytes.
//!
//! A line is bytes, `#`, what they are, and perhaps `;` and what for. The disassembler is the
//! host's `objdump` (GNU binutils), if there is one: it was not built by the chain and nothing of
//! the chain depends on it, so it is a second opinion and no more.

use crate::object::Digest;
use crate::seed::{self, SeedError};
use files::TemporaryFile;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The entry of the program, behind the ELF header and one program header.
const CODE: usize = 0x78;

/// The seed with its explanations.
#[derive(Debug)]
pub struct Listing {
    /// How many bytes it has.
    pub bytes: usize,
    /// Its hash.
    pub sha256: Digest,
    /// Lines with bytes.
    pub lines: Vec<ListingLine>,
    /// Who disassembled, as it calls itself; nothing if there was nobody.
    pub disassembler: Option<String>,
    /// Where listing and disassembly do not say the same.
    pub disagreements: Vec<String>,
}

/// A line with bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingLine {
    /// Its number in the file, counted from 1.
    pub number: usize,
    /// Where its first byte is in the program.
    pub offset: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What they are: a field of a header, or an instruction.
    pub meaning: String,
    /// What they are for.
    pub comment: String,
    /// What the disassembler says.
    pub disassembly: Option<String>,
}

impl ListingLine {
    /// The bytes as hexadecimal digits.
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
    }
}

impl Listing {
    /// Reads the listing at `path`, and asks `objdump` if there is one.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let program = seed::read(path)?;
        let text = seed::text(path)?;
        let mut lines = lines(&text);
        let (disassembler, disagreements) = match disassemble(&program) {
            Some((name, instructions)) => (Some(name), compare(&mut lines, &instructions)),
            None => (None, Vec::new()),
        };
        Ok(Self { bytes: program.len(), sha256: Digest::of(&program), lines, disassembler, disagreements })
    }

    /// Bytes of instructions, and bytes of headers.
    pub fn parts(&self) -> (usize, usize) {
        let headers = self.bytes.min(CODE);
        (self.bytes - headers, headers)
    }
}

/// Lines with bytes. The text was read as a seed before, so digits come in pairs.
fn lines(text: &str) -> Vec<ListingLine> {
    let mut offset = 0;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or_default();
        let digits: Vec<u8> = code
            .chars()
            .filter_map(|c| c.to_digit(16))
            .filter_map(|digit| u8::try_from(digit).ok())
            .collect();
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        if bytes.is_empty() {
            continue;
        }
        let said = line.get(code.len()..).unwrap_or_default().trim_start_matches(['#', ';']);
        let (meaning, comment) = said.split_once(';').unwrap_or((said, ""));
        found.push(ListingLine {
            number: number + 1,
            offset,
            meaning: meaning.trim().to_owned(),
            comment: comment.trim().to_owned(),
            disassembly: None,
            bytes: bytes.clone(),
        });
        offset += bytes.len();
    }
    found
}

/// An instruction: where, its bytes, its text.
type Instruction = (usize, Vec<u8>, String);

/// What the host's `objdump` says of the program's code, and what it is.
fn disassemble(program: &[u8]) -> Option<(String, Vec<Instruction>)> {
    let objdump = |arguments: &[&str]| -> Option<String> {
        let output =
            Command::new("objdump").args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let name = objdump(&["--version"])?.lines().next()?.to_owned();
    let mut file = TemporaryFile::new("snowguard-seed-").ok()?;
    file.file_mut().write_all(program).ok()?;
    let start = format!("--start-address={CODE}");
    let path = file.path().to_str()?;
    let text = objdump(&["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "-w", &start, path])?;
    Some((name, text.lines().filter_map(instruction).collect()))
}

/// A line of objdump: `  78:<tab>58 <tab>pop    rax`.
fn instruction(line: &str) -> Option<Instruction> {
    let (place, rest) = line.split_once(":\t")?;
    let offset = usize::from_str_radix(place.trim(), 16).ok()?;
    let (digits, text) = rest.split_once('\t')?;
    let bytes =
        digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<_>>()?;
    Some((offset, bytes, text.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Puts the disassembly to the lines, and gives where the two differ: in the bytes of an
/// instruction, or in what it is called.
fn compare(lines: &mut [ListingLine], instructions: &[Instruction]) -> Vec<String> {
    /// Other names of the same instructions (Intel SDM, volume 2, "Jcc").
    const SAME: &[(&str, &str)] =
        &[("jc", "jb"), ("jnae", "jb"), ("jnc", "jae"), ("jnb", "jae"), ("jz", "je"), ("jnz", "jne")];
    let mut disagreements = Vec::new();
    for line in lines.iter_mut().filter(|line| line.offset >= CODE) {
        let Some((_, bytes, text)) = instructions.iter().find(|(offset, ..)| *offset == line.offset) else {
            disagreements
                .push(format!("line {}: no instruction begins at byte {}", line.number, line.offset));
            continue;
        };
        line.disassembly = Some(text.clone());
        let word = |text: &str| {
            let word = text.split_whitespace().next().unwrap_or_default().to_owned();
            SAME.iter().find(|(other, _)| *other == word).map_or(word, |(_, name)| (*name).to_owned())
        };
        if *bytes != line.bytes {
            disagreements.push(format!(
                "line {}: the instruction has {} bytes, not {}",
                line.number,
                bytes.len(),
                line.bytes.len()
            ));
        } else if word(text) != word(&line.meaning) {
            disagreements.push(format!(
                "line {}: the listing says {:?}, the disassembly {text:?}",
                line.number, line.meaning
            ));
        }
    }
    disagreements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_that_lies_is_found_out() {
        let honest = "C3 # ret\n90 # nop ; nothing\n# only words\nEB FE # jmp here\n";
        let program = [vec![0; CODE], vec![0xC3, 0x90, 0xEB, 0xFE]].concat();
        let zeros = format!("{}# header\n", "00 ".repeat(CODE));
        let (_, instructions) = disassemble(&program).expect("objdump is there: package binutils");
        let check = |text: &str| {
            let mut lines = lines(&format!("{zeros}{text}"));
            let found = compare(&mut lines, &instructions);
            (lines, found)
        };
        let (lines, found) = check(honest);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!((lines[2].number, lines[2].offset), (3, CODE + 1));
        assert_eq!((lines[2].meaning.as_str(), lines[2].comment.as_str()), ("nop", "nothing"));
        assert_eq!(lines[2].disassembly.as_deref(), Some("nop"));
        assert!(check(&honest.replace("ret", "nop")).1[0].contains("line 2: the listing says \"nop\""));
        assert!(
            check("C3 90 # ret\nEB FE # jmp here").1[0]
                .contains("line 2: the instruction has 1 bytes, not 2")
        );
        assert!(
            check("C3 # ret\n90 # nop\nEB # jmp\nFE # here").1[1]
                .contains("no instruction begins at byte 123")
        );
    }
}
