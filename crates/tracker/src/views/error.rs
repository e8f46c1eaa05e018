//! A request that has no other answer.

use super::page;
use serde::Serialize;

/// What went wrong, and the number to ask about it with.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorPage {
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) request: String,
    #[serde(skip)]
    pub(crate) sign_in: bool,
}

page!(ErrorPage, "error.html");
