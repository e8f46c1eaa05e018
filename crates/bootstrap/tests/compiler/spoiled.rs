//! Programs with mistakes in them: `cc` accepts or refuses, and does nothing else.

use crate::host;
use proptest::prelude::*;
use std::fs;

const WORDS: [&str; 40] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ",",
    "*",
    "&",
    "=",
    "int ",
    "struct ",
    "struct s",
    "enum ",
    "...",
    "?",
    ":",
    "-1",
    "1.5",
    "L",
    "\"x\"",
    "++",
    "->",
    "sizeof ",
    "case ",
    "typedef ",
    "static ",
    "extern ",
    "float ",
    "goto x;",
    "x:",
    "(long)",
    "__attribute__((packed))",
    "_Bool ",
    "#define x ",
    "#if ",
    "return ",
    "%",
    "<<",
];

/// One mistake, at a place given as a part of the whole.
#[derive(Clone, Debug)]
enum Mistake {
    Insert(f64, &'static str),
    Remove(f64, usize),
    Change(f64, u8),
    Repeat(f64, f64, usize),
}

fn mistake() -> impl Strategy<Value = Mistake> {
    let place = || 0.0..1.0f64;
    prop_oneof![
        3 => (place(), prop::sample::select(&WORDS[..])).prop_map(|(at, word)| Mistake::Insert(at, word)),
        2 => (place(), 1..20usize).prop_map(|(at, n)| Mistake::Remove(at, n)),
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Mistake::Change(at, byte)),
        2 => (place(), place(), 1..60usize).prop_map(|(from, to, n)| Mistake::Repeat(from, to, n)),
    ]
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn spoil(text: &mut Vec<u8>, mistake: &Mistake) {
    let place = |part: f64| ((text.len() as f64) * part) as usize;
    match *mistake {
        Mistake::Insert(at, word) => {
            let at = place(at);
            text.splice(at..at, word.bytes());
        }
        Mistake::Remove(at, n) => {
            let at = place(at);
            let end = (at + n).min(text.len());
            text.drain(at..end);
        }
        Mistake::Change(at, byte) => {
            let at = place(at);
            if let Some(changed) = text.get_mut(at) {
                *changed = byte;
            }
        }
        Mistake::Repeat(from, to, n) => {
            let (from, to) = (place(from), place(to));
            let piece = text[from..(from + n).min(text.len())].to_vec();
            text.splice(to..to, piece);
        }
    }
}

fn sources() -> Vec<Vec<u8>> {
    let files = test_support::files(&host::tests(), ".c");
    let mut sources: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    sources.sort();
    sources
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn mistakes_are_survived(which in any::<prop::sample::Index>(), mistakes in prop::collection::vec(mistake(), 1..8)) {
        let sources = sources();
        let mut text = which.get(&sources).clone();
        for mistake in &mistakes {
            spoil(&mut text, mistake);
        }
        let name = "spoiled.c".to_owned();
        fs::write(host::room().join(&name), &text).unwrap();
        let output = host::compile(host::room(), &[name], &host::room().join("spoiled"));
        let message = String::from_utf8_lossy(&output.stderr);
        prop_assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {message}", output.status);
        prop_assert!(!message.contains("internal: "), "{message}");
        prop_assert!(output.status.success() || !message.is_empty(), "refused without a word");
    }
}

/// Nesting of every kind is refused before it exhausts the stack.
#[test]
fn nesting_is_limited() {
    let n = 100_000;
    let cases = [
        format!("int x = {}1{};", "(".repeat(n), ")".repeat(n)),
        format!("int y; int f(void) {{ return y{}; }}", "+y".repeat(n)),
        format!("int y; int f(void) {{ return {}y; }}", "- ".repeat(n)),
        format!("int {}x;", "*".repeat(n)),
        format!("int f(void) {{ {}{} }}", "{".repeat(n), "}".repeat(n)),
        format!("int x[1] = {}1{};", "{".repeat(n), "}".repeat(n)),
        format!("int y; int f(void) {{ {} y = 2; }}", "if (y) y = 1; else ".repeat(n)),
        format!("{}int x;{}", "struct {".repeat(n), "} a;".repeat(n)),
        format!("int {}x{};", "(".repeat(n), ")".repeat(n)),
        format!("int x{};", "[1]".repeat(n)),
        format!("int f{};", "(int (*)".repeat(n)),
        format!("int y; int f(void) {{ return {}1; }}", "y ? 1 : ".repeat(n)),
        format!("int x = {}1;", "sizeof ".repeat(n)),
        format!("#if {}1\n#endif\n", "!".repeat(n)),
    ];
    for text in cases {
        let name = "nested.c".to_owned();
        fs::write(host::room().join(&name), &text).unwrap();
        let output = host::compile(host::room(), &[name], &host::room().join("nested"));
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text:.60}: {message}");
        assert!(message.contains("deep"), "{text:.60}: {message}");
    }
}
