//! Small parts of pages: each a value with one look. Colour never stands alone: every mark has a
//! shape and a word.

#![allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "templates hand over references")]

use crate::models::channel::State;
use crate::models::finding::Status;
use askama::filters::{Html, Safe, escape};
use std::fmt::Display;

/// A value's text as HTML.
fn clean(text: &dyn Display) -> String {
    match escape(text.to_string(), Html) {
        Ok(safe) => safe.to_string(),
        Err(never) => match never {},
    }
}

/// The name of a level of severity.
pub(crate) fn level_name(level: Option<i64>) -> &'static str {
    match level {
        Some(4) => "critical",
        Some(3) => "high",
        Some(2) => "medium",
        Some(1) => "low",
        Some(0) => "none",
        _ => "unrated",
    }
}

/// A severity: a shape that fills with it, its word, its score.
pub(crate) fn severity(level: &Option<i64>, score: &Option<f64>) -> Safe<String> {
    let name = level_name(*level);
    let score = score.map(|score| format!(" <span class=\"score\">{score:.1}</span>")).unwrap_or_default();
    Safe(format!("<span class=\"severity {name}\"><i></i>{name}{score}</span>"))
}

/// What a status is called, and its look.
const fn status_look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Affected => ("bad", "affected"),
        Status::Unknown => ("open", "unknown"),
        Status::Fixed => ("good", "fixed"),
        Status::NotAffected => ("good quiet", "not affected"),
    }
}

/// A status.
pub(crate) fn status(status: &Status) -> Safe<String> {
    let (look, name) = status_look(*status);
    pill(look, name)
}

/// A word in a frame.
pub(crate) fn pill(look: &str, text: &str) -> Safe<String> {
    Safe(format!("<span class=\"pill {}\">{}</span>", clean(&look), clean(&text)))
}

/// The look of a channel's state.
pub(crate) fn channel_state(state: &str) -> Safe<String> {
    let supported = State::of_name(state).is_some_and(State::is_supported);
    pill(if supported { "plain" } else { "quiet" }, state)
}

/// A share as percent, with as many digits as mean something.
pub(crate) fn percent(share: &f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0}\u{a0}%")
    } else if percent >= 1.0 {
        format!("{percent:.1}\u{a0}%")
    } else if percent >= 0.01 {
        format!("{percent:.2}\u{a0}%")
    } else {
        "under 0.01\u{a0}%".to_owned()
    }
}

/// A number with its thousands apart.
pub(crate) fn number(number: &i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    if *number < 0 { format!("\u{2212}{text}") } else { text }
}

/// The path of a package's page.
pub(crate) fn package_path(name: &str) -> String {
    let name = name.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:+@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push_str(&crate::hex::encode(&[byte]).to_ascii_uppercase());
        }
        path
    });
    format!("/packages/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_easily() {
        assert_eq!(number(&1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(number(&-12), "\u{2212}12");
        assert_eq!(percent(&0.634), "63\u{a0}%");
        assert_eq!(percent(&0.00043), "0.04\u{a0}%");
    }

    #[test]
    fn outside_words_are_no_markup() {
        assert_eq!(pill("x", "<b>&").0, "<span class=\"pill x\">&#60;b&#62;&#38;</span>");
        assert_eq!(package_path("a/b c?<\u{e9}"), "/packages/a%2Fb%20c%3F%3C%C3%A9");
    }
}
