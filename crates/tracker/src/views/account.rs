//! One's own account.

use super::{page, time};
use crate::models::account::Account;
use crate::models::permission::Scope;
use crate::models::session::Session;
use crate::models::token::Token;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;
use std::fmt::Write as _;

/// Sessions, tokens, password, second factor.
#[derive(Debug, Serialize)]
pub(crate) struct AccountPage {
    pub(crate) account: Account,
    pub(crate) sessions: Vec<Session>,
    pub(crate) tokens: Vec<Token>,
    /// The session that this is shown in.
    pub(crate) current: Option<i64>,
    /// A token that was made just now: its text is shown this once.
    pub(crate) made: Option<String>,
    #[serde(skip)]
    pub(crate) scopes: [Scope; 5],
}

page!(AccountPage, "account.html");

impl AccountPage {
    fn is_current(&self, session: &Session) -> bool {
        self.current == Some(session.number)
    }
}

/// Setting up an app for codes.
#[derive(Debug, Serialize)]
pub(crate) struct CodeSetup {
    /// For typing, in groups of four.
    #[serde(skip)]
    pub(crate) secret: String,
    #[serde(skip)]
    pub(crate) picture: String,
    pub(crate) wrong: bool,
}

page!(CodeSetup, "account-code.html");

/// A QR code as one SVG path, four modules of quiet around it, dark on light in any theme: readers
/// want it so.
pub(crate) fn picture(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return String::new() };
    let (width, colours) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (row, cells) in colours.chunks(width).enumerate() {
        for (column, _) in cells.iter().enumerate().filter(|(_, cell)| **cell == qrcode::Color::Dark) {
            // A text takes everything.
            let _ = write!(path, "M{} {}h1v1h-1z", column + 4, row + 4);
        }
    }
    let size = width + 8;
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {size} {size}\" role=\"img\" \
         aria-label=\"QR code for an authenticator app\"><path class=\"paper\" \
         d=\"M0 0h{size}v{size}H0z\"/><path class=\"ink\" d=\"{path}\"/></svg>"
    )
}
