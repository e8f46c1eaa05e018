//! What the next page says of what was just done, once. It travels in a cookie: no database is
//! written for it, and it works without a session.

use serde::{Deserialize, Serialize};

/// The most bytes.
const MOST: usize = 1500;

/// A sentence, and perhaps how to undo what it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flash {
    /// The sentence.
    pub(crate) text: String,
    /// The address that undoes it, by POST.
    pub(crate) undo: Option<String>,
}

impl Flash {
    /// Something was done.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: None }
    }

    /// It can be undone at this address.
    #[allow(dead_code, reason = "for pages where people decide")]
    #[must_use]
    pub(crate) fn undo(mut self, address: impl Into<String>) -> Self {
        self.undo = Some(address.into());
        self
    }

    /// As the value of a cookie.
    pub(super) fn to_cookie(&self) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        (text.len() <= MOST).then(|| crate::hex::encode(&text))
    }

    /// Reads the value of a cookie: the browser's word, which may be anything.
    pub(super) fn of_cookie(value: &str) -> Option<Self> {
        let bytes = Some(value).filter(|value| value.len() <= 2 * MOST).and_then(crate::hex::decode)?;
        let mut flash: Self = serde_json::from_slice(&bytes).ok()?;
        flash.undo = flash.undo.filter(|to| super::is_local(to));
        Some(flash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_comes_back() {
        let flash = Flash::done("Käse & <b>").undo("/x/1/undo");
        let cookie = flash.to_cookie().unwrap_or_default();
        assert_eq!(Flash::of_cookie(&cookie), Some(flash));
        let away = Flash::done("x").undo("//example.org/").to_cookie().unwrap_or_default();
        assert_eq!(Flash::of_cookie(&away), Some(Flash::done("x")));
        assert_eq!(Flash::done("x".repeat(2000)).to_cookie(), None);
        for wrong in ["", "zz", "7b7d", &"00".repeat(4000)] {
            assert_eq!(Flash::of_cookie(wrong), None);
        }
    }
}
