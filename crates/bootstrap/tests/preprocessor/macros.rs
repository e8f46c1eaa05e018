//! Generated macro programs, expanded by gcc and by us.

use super::front;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// The macros are a to f; how many parameters each has, and whether more may follow.
const MACROS: [(&str, Option<(usize, bool)>); 6] = [
    ("a", None),
    ("b", Some((0, false))),
    ("c", Some((1, false))),
    ("d", Some((2, false))),
    ("e", Some((1, true))),
    ("f", None),
];

const PARAMETERS: [&str; 2] = ["p", "q"];

/// What may stand in the text of a macro or in an argument. Parameters count only where they are
/// some.
#[derive(Clone, Debug)]
enum Piece {
    Word(&'static str),
    Macro(usize),
    Call(usize, Vec<Vec<Piece>>),
    Parameter(usize),
    Stringized(usize),
    Pasted(usize, &'static str),
    Parenthesized(Vec<Piece>),
}

fn piece() -> impl Strategy<Value = Piece> {
    let word =
        prop::sample::select(vec!["x", "y", "1", "2.5", "+", "-", "\"s\\n\"", "'c'", "=", "", "__LINE__"]);
    let leaf = prop_oneof![
        4 => word.prop_map(Piece::Word),
        3 => (0..MACROS.len()).prop_map(Piece::Macro),
        3 => (0..PARAMETERS.len()).prop_map(Piece::Parameter),
        1 => (0..PARAMETERS.len()).prop_map(Piece::Stringized),
        1 => (0..PARAMETERS.len(), prop::sample::select(vec!["x", "1", "a", "c"])).prop_map(|(p, w)| Piece::Pasted(p, w)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => (0..MACROS.len(), vec(vec(inner.clone(), 0..3), 3)).prop_map(|(m, a)| Piece::Call(m, a)),
            1 => vec(inner, 0..4).prop_map(Piece::Parenthesized),
        ]
    })
}

/// Writes pieces within a macro that has `parameters`.
fn write_pieces(text: &mut String, pieces: &[Piece], parameters: &[&str]) {
    for piece in pieces {
        match piece {
            Piece::Word(word) => write!(text, "{word} ").unwrap(),
            Piece::Macro(index) => write!(text, "{} ", MACROS[*index].0).unwrap(),
            Piece::Call(index, arguments) => write_call(text, *index, arguments, parameters),
            Piece::Parameter(index) => write!(text, "{} ", parameters.get(*index).unwrap_or(&"z")).unwrap(),
            Piece::Stringized(index) => {
                let Some(parameter) = parameters.get(*index) else { continue };
                write!(text, "#{parameter} ").unwrap();
            }
            Piece::Pasted(index, word) => {
                let Some(parameter) = parameters.get(*index) else { continue };
                write!(text, "{word}##{parameter} ").unwrap();
            }
            Piece::Parenthesized(inner) => {
                text.push('(');
                write_pieces(text, inner, parameters);
                text.push_str(") ");
            }
        }
    }
}

/// A call with as many arguments as the macro has parameters; none if it has none.
fn write_call(text: &mut String, index: usize, arguments: &[Vec<Piece>], parameters: &[&str]) {
    let (name, shape) = MACROS[index];
    let count = shape.map_or(1, |(count, variable)| if variable { arguments.len() } else { count });
    write!(text, "{name}(").unwrap();
    for (position, argument) in arguments.iter().take(count).enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_pieces(text, argument, parameters);
    }
    text.push_str(") ");
}

/// The definitions, and then the uses.
fn write_program(bodies: &[Vec<Piece>], uses: &[Vec<Piece>]) -> String {
    let mut text = String::new();
    for ((name, shape), body) in MACROS.iter().zip(bodies) {
        let mut parameters = PARAMETERS[..shape.map_or(0, |(count, _)| count)].to_vec();
        let mut list = parameters.join(", ");
        if let Some((_, true)) = shape {
            list.push_str(", ...");
            parameters.push("__VA_ARGS__");
        }
        let list = shape.map_or(String::new(), |_| format!("({list})"));
        write!(text, "#define {name}{list} ").unwrap();
        write_pieces(&mut text, body, &parameters);
        text.push('\n');
    }
    for pieces in uses {
        write_pieces(&mut text, pieces, &[]);
        text.push_str(";\n");
    }
    text
}

/// gcc's answer, cut into tokens by our lexer (no macro is defined in it); `None` if gcc refuses
/// the program.
fn by_gcc() -> Option<String> {
    let arguments = ["-E", "-P", "-undef", "-nostdinc", "-std=gnu99", "macros.c"];
    let output = Command::new("gcc").args(arguments).current_dir(front::room()).output().unwrap();
    if !output.status.success() {
        return None;
    }
    fs::write(front::room().join("macros_by_gcc.c"), output.stdout).unwrap();
    Some(front::accept("-E", front::room(), "macros_by_gcc.c"))
}

/// Tokens without the white space in strings that `#` has made: where an expansion is empty, the
/// standard leaves it open.
fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same tokens as gcc, and errors where gcc has one.
    #[test]
    fn programs(bodies in vec(vec(piece(), 0..6), MACROS.len()), uses in vec(vec(piece(), 0..4), 1..6)) {
        fs::write(front::room().join("macros.c"), write_program(&bodies, &uses)).unwrap();
        let theirs = by_gcc();
        let ours = front::run("-E", front::room(), "macros.c");
        let messages = String::from_utf8(ours.stderr).unwrap();
        if let Some(theirs) = theirs {
            prop_assert!(ours.status.success(), "{}", messages);
            prop_assert_eq!(words(&String::from_utf8(ours.stdout).unwrap()), words(&theirs));
        } else {
            prop_assert_eq!(ours.status.code(), Some(1));
        }
    }
}
