//! Generated floating-point constants, whose bits gcc knows.

use super::front;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// The type of a constant, by its suffix.
#[derive(Clone, Copy, Debug)]
enum Suffix {
    Float,
    Double,
    LongDouble,
}

impl Suffix {
    fn spelling(self) -> &'static str {
        match self {
            Suffix::Float => "f",
            Suffix::Double => "",
            Suffix::LongDouble => "L",
        }
    }
}

fn decimal() -> impl Strategy<Value = String> {
    ("[0-9]{1,25}", "[0-9]{0,40}", prop_oneof![-40..40i32, -340..330i32, -5000..5000i32])
        .prop_map(|(whole, part, exponent)| format!("{whole}.{part}e{exponent}"))
}

fn hexadecimal() -> impl Strategy<Value = String> {
    ("[0-9a-fA-F]{1,22}", "[0-9a-f]{0,22}", prop_oneof![-160..140i32, -1100..1030i32, -16500..16390i32])
        .prop_map(|(whole, part, exponent)| format!("0x{whole}.{part}p{exponent}"))
}

/// Halfway between two neighbours of some precision, or a little beside it: hexadecimal, with a
/// last bit that decides.
fn halfway() -> impl Strategy<Value = String> {
    let precision = prop_oneof![Just(24u32), Just(53), Just(64)];
    let exponent = prop_oneof![-160..100i32, -1090..-1000i32, -16460..-16380i32];
    (precision, any::<u64>(), exponent, prop_oneof![Just(""), Just("0000001"), Just("00000000000000000000")])
        .prop_map(|(precision, bits, exponent, tail)| {
            let mantissa = u128::from(bits | 1 << 63) >> (64 - precision);
            format!("0x{:x}.{tail}p{exponent}", mantissa << 1 | 1)
        })
}

fn constant() -> impl Strategy<Value = (String, Suffix)> {
    let suffix = prop_oneof![Just(Suffix::Float), Just(Suffix::Double), Just(Suffix::LongDouble)];
    (prop_oneof![decimal(), hexadecimal(), halfway()], suffix)
}

/// As `front -t` writes them: the bits as float, as double and as long double.
fn ours(constants: &[(String, Suffix)]) -> String {
    let mut text = String::new();
    for (digits, suffix) in constants {
        writeln!(text, "{digits}{}", suffix.spelling()).unwrap();
    }
    fs::write(front::room().join("literals.c"), text).unwrap();
    front::accept("-t", front::room(), "literals.c")
}

/// The same from a program that gcc compiles.
fn theirs(constants: &[(String, Suffix)]) -> String {
    let mut text = String::from(
        "#include <stdio.h>\n#include <string.h>\n\
         static void show(int line, float f, double d, long double l, const char *flags) {\n\
           unsigned a; unsigned long b, m = 0; unsigned short h;\n\
           memcpy(&a, &f, 4); memcpy(&b, &d, 8); memcpy(&m, &l, 8); memcpy(&h, (char *)&l + 8, 2);\n\
           printf(\"%d float %x %lx %x %lx%s\\n\", line, a, b, h, m, flags);\n}\n\
         int main(void) {\n",
    );
    for (index, (digits, suffix)) in constants.iter().enumerate() {
        let c = format!("{digits}{}", suffix.spelling());
        let flags = match suffix {
            Suffix::Float => " flags 8",
            Suffix::Double => "",
            Suffix::LongDouble => " flags 10",
        };
        writeln!(text, "show({}, {c}, {c}, {c}, \"{flags}\");", index + 1).unwrap();
    }
    text.push_str("return 0; }\n");
    let source = front::room().join("literals_by_gcc.c");
    let program = front::room().join("literals_by_gcc");
    fs::write(&source, text).unwrap();
    front::succeed(Command::new("gcc").args(["-w", "-O0"]).arg(&source).arg("-o").arg(&program));
    String::from_utf8(front::succeed(&mut Command::new(program)).stdout).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every bit of 2,000 constants.
    #[test]
    fn literals(constants in vec(constant(), 500)) {
        let (ours, theirs) = (ours(&constants), theirs(&constants));
        prop_assert_eq!(ours.lines().count(), constants.len());
        for ((ours, theirs), constant) in ours.lines().zip(theirs.lines()).zip(&constants) {
            prop_assert_eq!(ours, theirs, "{:?}", constant);
        }
    }
}
