//! URLs, and where redirects lead.

use crate::HttpErrorKind;
use crate::text::{is_url, scheme};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;
use ureq::http::uri::{Authority, PathAndQuery, Scheme};

/// A URL that a request can be made for.
#[derive(Debug, Clone)]
pub(crate) struct Url {
    /// Without user name and password.
    pub(crate) uri: Uri,
    pub(crate) encrypted: bool,
    /// The value of the field `Authorization`.
    pub(crate) authorization: Option<String>,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, HttpErrorKind> {
        if !is_url(text) {
            let scheme = scheme(text).map(str::to_owned);
            return Err(HttpErrorKind::NotAUrl { scheme });
        }
        // A fragment is for whoever reads the answer.
        let text = text.split('#').next().unwrap_or(text);
        let uri: Uri = text.parse().map_err(other)?;
        let mut parts = uri.into_parts();
        let authority = parts.authority.as_ref().map_or("", Authority::as_str);
        let authorization = authority.rsplit_once('@').map(|(user, _)| basic(user));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') {
            return Err(HttpErrorKind::NoHost);
        }
        parts.authority = Some(host.parse().map_err(other)?);
        let encrypted = parts.scheme.as_ref() == Some(&Scheme::HTTPS);
        // In lower case, whatever was written.
        parts.scheme = Some(if encrypted { Scheme::HTTPS } else { Scheme::HTTP });
        parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
        Ok(Self { uri: Uri::from_parts(parts).map_err(other)?, encrypted, authorization })
    }

    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.encrypted { 443 } else { 80 })
    }

    /// Where a redirect leads (RFC 3986, section 5.2). User name and password are only for the
    /// server that they were given for.
    pub(crate) fn join(&self, location: &str) -> Result<Self, HttpErrorKind> {
        let scheme = if self.encrypted { "https" } else { "http" };
        let authority = self.uri.authority().map_or("", Authority::as_str);
        let path = self.uri.path();
        let text = if self::scheme(location).is_some() {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{location}")
        } else if location.starts_with('?') {
            format!("{scheme}://{authority}{path}{location}")
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{}", without_dots(&format!("{folder}/{location}")))
        };
        let mut url = Self::parse(&text)?;
        if url.authorization.is_none() && url.uri.authority() == self.uri.authority() {
            url.authorization.clone_from(&self.authorization);
        }
        Ok(url)
    }
}

/// `/a/./b/../c` as `/a/c`.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

/// The value of `Authorization` for a user name and password as they stand in URLs (RFC 7617).
fn basic(user: &str) -> String {
    let user = decoded(user);
    // Without a password there is still the colon.
    let colon: &[u8] = if user.contains(&b':') { b"" } else { b":" };
    format!("Basic {}", BASE64_STANDARD.encode([&user, colon].concat()))
}

/// Resolves `%40` and its kind.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value {
            Some(value) if byte == b'%' => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    out
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> HttpErrorKind {
    HttpErrorKind::Other(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_redirects() {
        let url = Url::parse("HTTPS://me:s%40c%3a@Host:81/a/b/c?x#y").unwrap();
        assert_eq!((url.host(), url.port(), url.encrypted), ("Host", 81, true));
        // As `printf me:s@c: | base64` has it.
        assert_eq!(url.authorization.as_deref(), Some("Basic bWU6c0BjOg=="));
        assert_eq!(url.uri.to_string(), "https://Host:81/a/b/c?x");
        let join = |location: &str| url.join(location).map(|url| url.uri.to_string()).unwrap();
        // The examples of RFC 3986, section 5.4, that servers send.
        for (location, expected) in [
            ("g", "https://Host:81/a/b/g"),
            ("./g", "https://Host:81/a/b/g"),
            ("../g?z", "https://Host:81/a/g?z"),
            ("../../../g", "https://Host:81/g"),
            ("/g", "https://Host:81/g"),
            ("?y", "https://Host:81/a/b/c?y"),
            ("//other/g", "https://other/g"),
            ("http://other", "http://other/"),
        ] {
            assert_eq!(join(location), expected, "{location}");
        }
        assert!(url.join("/g").unwrap().authorization.is_some());
        assert!(url.join("https://Host:82/g").unwrap().authorization.is_none());
        assert!(matches!(url.join("file:///etc/passwd"), Err(HttpErrorKind::NotAUrl { .. })));
        assert!(Url::parse("http://:80/").is_err());
        assert!(matches!(Url::parse("/etc/passwd"), Err(HttpErrorKind::NotAUrl { scheme: None })));
    }
}
