//! Why a request has no answer. What people see of it is a page like the others, with the number
//! of the request; what operators need is in the log.

use crate::database::DatabaseError;
use crate::models::account::AccountError;
use crate::models::token::TokenError;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::error::Error;

/// A request that is not answered as it was meant.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such thing: what was looked for, in words.
    Missing(String),
    /// Whoever asks has to sign in first.
    SignIn,
    /// Whoever asks may not.
    Forbidden,
    /// The form does not come from a page of this session.
    Forged,
    /// What was sent cannot be used, and why.
    Invalid(String),
    /// Somebody else was faster.
    #[allow(dead_code, reason = "for pages where two people decide")]
    Conflict(String),
    /// Too many requests; after so many seconds there may be more.
    TooMany(u64),
    /// The store does not answer now.
    Unavailable,
    /// A fault of the service.
    Internal,
}

/// What the page of a failure says.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) title: &'static str,
    pub(crate) text: String,
}

impl Failure {
    /// A fault, which goes to the log with all of its causes.
    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        tracing::error!(error = text, "a request failed");
        Self::Internal
    }

    fn parts(&self) -> (StatusCode, Problem) {
        let (status, title, text) = match self {
            Self::Missing(what) => {
                (StatusCode::NOT_FOUND, "Not here", format!("There is no {what}, as far as we know."))
            }
            Self::SignIn => (
                StatusCode::UNAUTHORIZED,
                "Sign in to see this",
                "This part is for people whom the tracker knows.".to_owned(),
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "Not yours to see",
                "Your account does not have the role that this needs. Whoever runs the service can give it."
                    .to_owned(),
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "This form is too old",
                "Nothing was changed. Go back, reload the page, and send it again.".to_owned(),
            ),
            Self::Invalid(why) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "This cannot be used",
                format!("{why}. Nothing was changed."),
            ),
            Self::Conflict(why) => (StatusCode::CONFLICT, "Somebody was faster", why.clone()),
            Self::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Slowly",
                format!("There were too many requests. Try again in {seconds} seconds."),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Back in a moment",
                "The database does not answer. Nothing was changed.".to_owned(),
            ),
            Self::Internal => {
                return (StatusCode::INTERNAL_SERVER_ERROR, Problem::of(StatusCode::INTERNAL_SERVER_ERROR));
            }
        };
        (status, Problem { title, text })
    }
}

impl Problem {
    /// What is said where nothing but the status is known.
    pub(crate) fn of(status: StatusCode) -> Self {
        let (title, text) = match status {
            StatusCode::NOT_FOUND => ("Not here", "There is no page at this address."),
            StatusCode::METHOD_NOT_ALLOWED => ("Not this way", "This address is not asked in this way."),
            StatusCode::PAYLOAD_TOO_LARGE => ("Too much", "That is more than this address takes."),
            StatusCode::REQUEST_TIMEOUT => ("Too slow", "This took too long, and was given up."),
            status if status.is_client_error() => ("Not understood", "The request cannot be understood."),
            _ => ("Our fault", "Something went wrong here. It is in the log, with the number below."),
        };
        Self { title, text: text.to_owned() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, problem) = self.parts();
        let mut response = status.into_response();
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert("retry-after", seconds.into());
        }
        // The page is made where the visitor is known (`entry`).
        response.extensions_mut().insert(problem);
        response
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::NoRow => Self::Missing("such entry".to_owned()),
            error if error.is_temporary() => Self::Unavailable,
            error => Self::internal(&error),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Database(error) => error.into(),
            AccountError::Unknown => Self::Missing("such account".to_owned()),
            error => Self::Invalid(sentence(&error)),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Database(error) => error.into(),
            error => Self::Invalid(sentence(&error)),
        }
    }
}

/// An error's text as the beginning of a sentence.
fn sentence(error: &dyn Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

macro_rules! rejected {
    ($($name:ident: $made:expr;)*) => {
        $(impl From<$name> for Failure {
            fn from(_: $name) -> Self {
                $made
            }
        })*
    };
}

rejected! {
    FormRejection: Self::Invalid("The form is incomplete, or has what it should not have".to_owned());
    QueryRejection: Self::Invalid("The address has something behind its ? that it should not have".to_owned());
    PathRejection: Self::Missing("page at this address".to_owned());
}
