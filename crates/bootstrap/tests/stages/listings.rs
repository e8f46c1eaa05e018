//! The stages that are written in hexadecimal: what their comments say of the bytes is what objdump
//! says.

use crate::chain::{folder, run, stage, text};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// ELF header and one program header.
const HEADERS: usize = 120;

/// A line of a listing with bytes in it.
struct Line {
    number: usize,
    /// Where its bytes are in the program.
    offset: usize,
    /// What its comment says they are.
    says: String,
}

/// The lines between headers and texts, where the texts begin, and the names of places.
fn listing(path: &str) -> (Vec<Line>, usize, BTreeMap<String, usize>) {
    let listing = text(&std::fs::read(folder().join(path)).unwrap());
    let (mut lines, mut places, mut offset, mut texts) = (Vec::new(), BTreeMap::new(), 0, None);
    for (index, line) in listing.lines().enumerate() {
        let (code, comment) = line.split_once('#').unwrap_or((line, ""));
        let (code, comment) = (code.trim(), comment.trim());
        if comment == "Texts" {
            texts = Some(offset);
        }
        // `# name:` in the languages without labels; `:x  # name` with labels of one letter;
        // `:name`
        let name = comment.split([':', ' ']).next().unwrap();
        if code.is_empty() && comment.split_once(':').is_some_and(|(before, _)| before == name) {
            places.insert(name.to_owned(), offset);
        }
        if let Some(label) = code.strip_prefix(':') {
            let name = if label.len() == 1 { name } else { label };
            assert_eq!(places.insert(name.to_owned(), offset), None, "{path}: {name} twice");
            continue;
        }
        let length: usize = code
            .split_whitespace()
            .map(|word| match word.as_bytes()[0] {
                b'%' | b'&' => 4,
                _ => 1,
            })
            .sum();
        if length > 0 && offset >= HEADERS && texts.is_none() {
            let says = comment.split(';').next().unwrap().trim().to_owned();
            lines.push(Line { number: index + 1, offset, says });
        }
        offset += length;
    }
    (lines, texts.unwrap_or(offset), places)
}

/// What objdump makes of a program: by place, the instruction, with the address that it is about if
/// it has one.
fn disassembled(name: &str, end: usize) -> BTreeMap<usize, String> {
    let output = run(Command::new("objdump")
        .args(["-D", "-w", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn"])
        .arg(format!("--start-address={HEADERS}"))
        .arg(format!("--stop-address={end}"))
        .arg(stage(name)));
    let output = text(&output.stdout);
    let instructions = output.lines().filter_map(|line| {
        let (place, instruction) = line.split_once(":\t")?;
        Some((usize::from_str_radix(place.trim(), 16).ok()?, instruction.to_owned()))
    });
    instructions.collect()
}

/// One spelling for both: names of places as numbers, numbers in decimal (of 32 bits, as far as
/// they differ), single blanks.
fn plain(instruction: &str, places: &BTreeMap<String, usize>) -> String {
    let mut plain = String::new();
    let lower = instruction.replace(", ", ",").to_lowercase();
    let mut words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    // Other names for the same.
    for (one, other) in [("jc ", "jb "), ("jnc ", "jae "), ("jz ", "je ")] {
        if words.starts_with(one) {
            words = words.replacen(one, other, 1);
        }
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = words.as_str();
    while !rest.is_empty() {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if length == 0 {
            let sign = rest.chars().next().unwrap();
            plain.push(sign);
            rest = &rest[sign.len_utf8()..];
            continue;
        }
        let word = &rest[..length];
        let number = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        };
        match (number, places.get(word)) {
            (Some(number), _) => write!(plain, "{}", number & 0xFFFF_FFFF).unwrap(),
            (None, Some(place)) => write!(plain, "{place}").unwrap(),
            (None, None) => plain.push_str(word),
        }
        rest = &rest[length..];
    }
    // `-1` is 0xffffffff.
    if let Some((before, number)) = plain.rsplit_once(",-")
        && let Ok(number) = number.parse::<u32>()
    {
        plain = format!("{before},{}", number.wrapping_neg());
    }
    // objdump writes out a factor of 1 and a distance of 0.
    plain.replace("*1]", "]").replace("*1-", "-").replace("*1+", "+").replace("+0]", "]")
}

/// Every line of code is one instruction, and the one that its comment names.
fn check(name: &str, path: &str) {
    let (lines, texts, places) = listing(path);
    let instructions = disassembled(name, texts);
    assert!(lines.len() > 50, "{path}: only {} lines", lines.len());
    assert_eq!(instructions.len(), lines.len(), "{path}: instructions of objdump, and lines");
    let mut wrong = String::new();
    for line in &lines {
        let place = format!("{path}:{}", line.number);
        let instruction =
            instructions.get(&line.offset).unwrap_or_else(|| panic!("{place}: inside an instruction"));
        let (instruction, about) = instruction.split_once('#').unwrap_or((instruction, ""));
        let mut instruction = plain(instruction.trim(), &BTreeMap::new());
        if let (Some((before, _)), Some(about)) =
            (instruction.split_once("[rip"), about.trim().strip_prefix("0x"))
        {
            instruction = format!("{before}[rip+{}]", usize::from_str_radix(about, 16).unwrap());
        }
        let says = plain(&line.says, &places);
        if !says.contains(" ptr ") {
            for size in ["byte ptr ", "dword ptr ", "qword ptr "] {
                instruction = instruction.replace(size, "");
            }
        }
        // The order of xchg's registers means nothing.
        let exchanged = instruction.strip_prefix("xchg ").and_then(|two| two.split_once(','));
        let exchanged = exchanged.map(|(one, other)| format!("xchg {other},{one}"));
        if says != instruction && Some(&says) != exchanged.as_ref() {
            writeln!(wrong, "{place}: {} is {instruction}", line.says).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn seed() {
    check("seed", "seed/seed.hex0");
}

#[test]
fn labels() {
    check("labels", "labels/labels.hex0");
}

#[test]
fn linker() {
    check("linker", "linker/linker.hex1");
}

#[test]
fn assembler() {
    check("assembler", "assembler/assembler.hex2");
}

/// Texts are in the listings twice: as bytes, and as their comments show them.
#[test]
fn texts_are_what_their_comments_show() {
    for path in ["labels/labels.hex0", "linker/linker.hex1", "assembler/assembler.hex2"] {
        let mut seen = 0;
        for line in text(&std::fs::read(folder().join(path)).unwrap()).lines() {
            let Some((code, comment)) = line.split_once("# \"") else { continue };
            if code.trim().is_empty() {
                continue;
            }
            let (shown, _) = comment.rsplit_once('"').unwrap();
            let bytes: Vec<u8> =
                code.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
            let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
            assert_eq!(text(bytes), shown.replace("\\n", "\n"), "{path}: {line}");
            seen += 1;
        }
        assert!(seen > 5, "{path}: {seen}");
    }
}
