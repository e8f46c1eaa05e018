//! Signing in.

use super::page;
use serde::Serialize;

/// The form.
#[derive(Debug, Serialize)]
pub(crate) struct SignIn {
    /// What was wrong with the last attempt.
    pub(crate) wrong: Option<&'static str>,
    /// Where to go then.
    #[serde(skip)]
    pub(crate) next: String,
    /// The name that was typed.
    #[serde(skip)]
    pub(crate) name: String,
    /// Whether GitHub vouches for people.
    pub(crate) github: bool,
}

page!(SignIn, "sign-in.html");

/// The form for the second factor.
#[derive(Debug, Serialize)]
pub(crate) struct Code {
    pub(crate) wrong: bool,
    #[serde(skip)]
    pub(crate) next: String,
}

page!(Code, "sign-in-code.html");
