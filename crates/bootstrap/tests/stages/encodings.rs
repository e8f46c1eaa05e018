//! Every instruction that `amd64.asm` defines, assembled by GNU as.

use crate::chain::{folder, room, run};
use std::fmt::Write as _;
use std::process::Command;

/// Distance between two instructions in what GNU as makes.
const SLOT: usize = 32;

/// One `DEFINE`: its name, its bytes, the bytes that follow it here, and the instruction for GNU
/// as.
struct Define {
    name: String,
    bytes: Vec<u8>,
    operands: Vec<u8>,
    instruction: String,
}

const CONDITIONS: [&str; 12] = ["a", "ae", "b", "be", "e", "g", "ge", "l", "le", "ne", "ns", "s"];

fn is_branch(mnemonic: &str) -> bool {
    let condition =
        |name: &str| CONDITIONS.contains(&name) || ["o", "no", "c", "nc", "p", "np"].contains(&name);
    mnemonic == "jmp" || mnemonic == "call" || mnemonic.strip_prefix('j').is_some_and(condition)
}

/// As the head of `amd64.asm` explains names.
fn define(name: &str, digits: &str) -> Define {
    let bytes: Vec<u8> =
        (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
    let mut operands = Vec::new();
    if is_branch(name) {
        let length = u32::try_from(bytes.len() + 4).unwrap();
        operands.extend((0x1122_3344 - length).to_le_bytes());
        return Define { name: name.into(), bytes, operands, instruction: format!("{name} . + 0x11223344") };
    }
    let mut text = match name.split_once('_') {
        Some(("rep", rest)) => format!("rep {rest}"),
        Some((mnemonic @ ("movb" | "cmpb"), rest)) => format!("{} byte{rest}", &mnemonic[..3]),
        Some((mnemonic, rest)) => format!("{mnemonic} {rest}"),
        None => name.replacen("push,", "push ", 1),
    };
    let of_bytes = text.contains("byte[")
        || ["shl ", "shr ", "sar "].iter().any(|shift| text.starts_with(shift))
        || [" al,", " cl,", " dl,", " sil,", "b,"].iter().any(|register| text.ends_with(register));
    for size in ["byte[", "qword["] {
        text = text.replace(size, &size.replace('[', " ptr ["));
    }
    if text.contains("+BYTE]") {
        text = text.replace("+BYTE]", "+0x12]");
        operands.push(0x12);
    } else if text.contains("+DWORD]") {
        text = text.replace("+DWORD]", "+0x12345678]");
        operands.extend(0x1234_5678_u32.to_le_bytes());
    }
    if text.ends_with("QWORD") {
        text = text.replace("QWORD", "0x1122334455667788");
        operands.extend(0x1122_3344_5566_7788_u64.to_le_bytes());
    } else if text.ends_with(',') || name == "push," {
        if of_bytes {
            text.push_str("0x21");
            operands.push(0x21);
        } else {
            text.push_str("0x21222324");
            operands.extend(0x2122_2324_u32.to_le_bytes());
        }
    }
    Define { name: name.into(), bytes, operands, instruction: text }
}

#[test]
fn gnu_as_agrees() {
    let text = std::fs::read_to_string(folder().join("assembler/amd64.asm")).unwrap();
    let defines: Vec<Define> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words.first() == Some(&"DEFINE")).then(|| define(words[1], words[2]))
        })
        .collect();
    assert!(defines.len() > 300, "only {}", defines.len());
    let room = room();
    let (source, object, binary) =
        (room.path().join("a.s"), room.path().join("a.o"), room.path().join("a.bin"));
    let mut assembly = String::from(".intel_syntax noprefix\n");
    for (number, define) in defines.iter().enumerate() {
        writeln!(assembly, ".org {}, 0xCC\n{}", number * SLOT, define.instruction).unwrap();
    }
    writeln!(assembly, ".org {}, 0xCC", defines.len() * SLOT).unwrap();
    std::fs::write(&source, assembly).unwrap();
    run(Command::new("as").arg("-o").arg(&object).arg(&source));
    run(Command::new("objcopy").args(["-O", "binary", "-j", ".text"]).arg(&object).arg(&binary));
    let binary = std::fs::read(binary).unwrap();
    let mut wrong = String::new();
    for (define, slot) in defines.iter().zip(binary.chunks(SLOT)) {
        let mut ours = [define.bytes.as_slice(), &define.operands].concat();
        ours.resize(SLOT, 0xCC);
        if ours != slot {
            writeln!(wrong, "{} is {}:\n  {ours:02X?}\n  {slot:02X?}", define.name, define.instruction)
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is defined has to be read: nothing is there that no stage uses.
#[test]
fn every_definition_is_used() {
    let mut assembly = String::new();
    for path in test_support::files(&folder(), ".asm") {
        if path.file_name().unwrap() != "amd64.asm"
            && !path.components().any(|part| part.as_os_str() == "tests")
        {
            assembly.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    // In what the compiler writes, lines end with `\n`.
    let assembly = assembly.replace("\\n", "\n");
    let words: std::collections::BTreeSet<&str> =
        assembly.split(|c: char| c.is_whitespace() || c == '"').collect();
    // It puts these together of two parts.
    let conditions = ["e", "ne", "l", "ge", "g", "le"];
    let composed: Vec<String> =
        conditions.iter().flat_map(|name| [format!("set{name}_al"), format!("j{name}")]).collect();
    let definitions = std::fs::read_to_string(folder().join("assembler/amd64.asm")).unwrap();
    let unused: Vec<&str> = definitions
        .lines()
        .filter_map(|line| line.strip_prefix("DEFINE ")?.split_whitespace().next())
        .filter(|name| !words.contains(name) && !composed.iter().any(|word| word == name))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
