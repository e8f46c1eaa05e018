//! Cookies: for this site only, unreadable for scripts, and over TLS only where the service is
//! reached by it.

use crate::config::Config;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session.
    Session,
    /// What binds forms to the browser of somebody who has not signed in.
    Form,
    /// What the next page says.
    Flash,
}

impl Cookie {
    /// Its name. With the prefix `__Host-`, browsers take it from this host over TLS only, so that
    /// no neighbour below the same domain can set it.
    fn name(self, config: &Config) -> String {
        let name = match self {
            Self::Session => "snowguard-session",
            Self::Form => "snowguard-form",
            Self::Flash => "snowguard-flash",
        };
        if config.is_https() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Its value in a request.
    pub(crate) fn of(self, headers: &HeaderMap, config: &Config) -> Option<String> {
        let name = self.name(config);
        let fields = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).filter(|it| !it.is_empty())
    }

    /// The field that sets it, for so many seconds; 0 removes it.
    pub(crate) fn set(self, value: &str, seconds: u32, config: &Config) -> HeaderValue {
        let secure = if config.is_https() { "; Secure" } else { "" };
        // `Strict` would sign people out who follow a link from a mail.
        let text = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name(config)
        );
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}
