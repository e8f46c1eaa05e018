//! Damaged inputs: every stage gives an output or an error, and neither crashes nor hangs.

use crate::chain::{folder, room, stage};
use crate::random::Random;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The text with some of its bytes, words or lines removed, doubled, exchanged or replaced.
fn damage(text: &[u8], random: &mut Random) -> Vec<u8> {
    const STRANGE: [&[u8]; 16] = [
        b"\0",
        b"\n",
        b"\"",
        b"'",
        b"\\",
        b"/*",
        b"{",
        b"}",
        b"(",
        b")",
        b"*",
        b"%",
        b":",
        b"&",
        b"0xFFFFFFFFFFFFFFFF",
        b"\xFF",
    ];
    let mut text = text.to_vec();
    for _ in 0..=random.below(4) {
        let length = text.len();
        let from = random.below(length.max(1)).min(length);
        let to = (from + random.below(30)).min(length);
        match random.below(6) {
            0 => drop(text.drain(from..to)),
            1 => text.truncate(from),
            2 => {
                let part = text[from..to].to_vec();
                let at = random.below(length + 1);
                text.splice(at..at, part);
            }
            3 => {
                let strange = STRANGE[random.below(STRANGE.len())];
                text.splice(from..from, strange.iter().copied());
            }
            4 if from < length => text[from] = u8::try_from(random.below(256)).unwrap(),
            5 if from < length => text[from] ^= 1 << random.below(8),
            _ => {}
        }
    }
    text
}

/// Runs a stage on damaged inputs; how often it gave an output and how often an error.
fn survives(
    name: &str,
    inputs: &[&[u8]],
    rounds: usize,
    argv: impl Fn(&Path, &Path) -> Vec<std::path::PathBuf>,
) -> (usize, usize) {
    let room = room();
    let (input, out) = (room.path().join("in"), room.path().join("out"));
    let mut random = Random(2024);
    let (mut good, mut bad) = (0, 0);
    for round in 0..rounds {
        let text = damage(inputs[round % inputs.len()], &mut random);
        fs::write(&input, &text).unwrap();
        let _ = fs::remove_file(&out);
        let kept = || {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}"));
            fs::write(&kept, &text).unwrap();
            kept.display().to_string()
        };
        let mut child = Command::new(stage(name))
            .args(argv(&input, &out))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begin.elapsed() > Duration::from_mins(1) {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{name} does not end with {}", kept());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), None, "{name} crashes with {}", kept());
        if output.status.code() == Some(0) {
            assert!(output.stderr.is_empty() && out.exists(), "{name} with {}", kept());
            good += 1;
        } else {
            assert_eq!(output.status.code(), Some(1), "{name} with {}", kept());
            if name != "seed" {
                let said = output.stderr;
                let place = [input.as_os_str().as_encoded_bytes(), b":"].concat();
                assert!(
                    said.starts_with(&place) && said.ends_with(b"\n"),
                    "{name} says nothing of {}",
                    kept()
                );
                assert!(!out.exists(), "{name} leaves something of {}", kept());
            }
            bad += 1;
        }
    }
    println!("{name}: {good} outputs, {bad} errors");
    (good, bad)
}

fn read(path: &str) -> Vec<u8> {
    fs::read(folder().join(path)).unwrap()
}

#[test]
fn seed() {
    // Two system calls a byte: a short text.
    let text = read("seed/seed.hex0");
    let (good, bad) =
        survives("seed", &[&text[text.len() - 1500..]], 200, |input, out| vec![input.into(), out.into()]);
    assert!(good > 10 && bad > 10, "{good} {bad}");
}

#[test]
fn labels() {
    let (one, two) = (read("labels/labels.hex0"), read("linker/linker.hex1"));
    let (good, bad) = survives("labels", &[&one, &two], 1000, |input, out| vec![input.into(), out.into()]);
    assert!(good > 50 && bad > 50, "{good} {bad}");
}

#[test]
fn linker() {
    let (one, two) = (read("assembler/elf.hex2"), read("assembler/assembler.hex2"));
    let (good, bad) =
        survives("linker", &[&one, &two, &two], 1000, |input, out| vec![out.into(), input.into()]);
    assert!(good > 50 && bad > 50, "{good} {bad}");
}

#[test]
fn assembler() {
    let (macros, runtime, reader) =
        (folder().join("assembler/amd64.asm"), read("subset/runtime.asm"), read("subset/reader.asm"));
    let (good, bad) = survives("assembler", &[&runtime, &reader], 1000, |input, out| {
        vec![out.into(), macros.clone(), input.into()]
    });
    assert!(good > 50 && bad > 50, "{good} {bad}");
    let text = fs::read(macros).unwrap();
    let (good, bad) = survives("assembler", &[&text], 300, |input, out| vec![out.into(), input.into()]);
    assert!(good > 20 && bad > 20, "{good} {bad}");
}

#[test]
fn subset() {
    let mut texts: Vec<Vec<u8>> =
        crate::subset::cases(".expect").iter().map(|(program, _)| fs::read(program).unwrap()).collect();
    texts.extend(["cc/lexer.c", "cc/macros.c", "cc/types.c"].map(read));
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let (good, bad) = survives("subset", &texts, 3000, |input, out| vec![out.into(), input.into()]);
    assert!(good > 100 && bad > 100, "{good} {bad}");
}
