//! Writing JSON as Nix writes it into `.drv` files: no blanks, keys sorted, numbers as its library
//! (nlohmann's) formats them.
//!
//! The path of a derivation depends on these bytes.

use super::grisu;
use serde_json::{Number, Value};

/// The text of a value.
pub(super) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// `Value` limits its own depth when it is read, so recursion is safe.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            // Whether a map is sorted depends on a feature that other crates may switch on.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (i, (key, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn write_text(out: &mut String, text: &str) {
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn write_number(out: &mut String, number: &Number) {
    use std::fmt::Write;
    match number.as_f64() {
        Some(float) if number.is_f64() => write_float(out, float),
        _ => {
            let _ = write!(out, "{number}");
        }
    }
}

/// With an exponent below 1e-4 and from 1e15.
fn write_float(out: &mut String, float: f64) {
    use std::fmt::Write;
    if float == 0.0 {
        out.push_str(if float.is_sign_negative() { "-0.0" } else { "0.0" });
        return;
    }
    let (digits, exponent) = grisu::digits(float.abs());
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The decimal point stands behind this many digits.
    let point = exponent + count;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    if float < 0.0 {
        out.push('-');
    }
    if count <= point && point <= 15 {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
        out.push_str(".0");
    } else if 0 < point && point <= 15 {
        let (whole, part) = digits.split_at(usize::try_from(point).unwrap_or(0));
        let _ = write!(out, "{whole}.{part}");
    } else if -4 < point && point <= 0 {
        let _ = write!(out, "0.{}{digits}", zeros(-point));
    } else {
        let (first, more) = digits.split_at(1);
        let dot = if more.is_empty() { "" } else { "." };
        let exponent = point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{first}{dot}{more}e{sign}{:02}", exponent.unsigned_abs());
    }
}
