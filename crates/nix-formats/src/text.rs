//! Pieces of texts for messages.

/// Enough of a text to recognise it in a message.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The character that a byte belongs to, and where it begins.
pub(crate) fn character_at(text: &str, offset: usize) -> (usize, char) {
    let start = text.floor_char_boundary(offset);
    let character = text.get(start..).and_then(|rest| rest.chars().next());
    (start, character.unwrap_or(char::REPLACEMENT_CHARACTER))
}
