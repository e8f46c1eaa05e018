//! URLs: what they lead to, and what of them may be printed.

use crate::HttpErrorKind;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;
use ureq::http::uri::{Authority, PathAndQuery, Scheme};

/// Whether a text is a URL that a [`Client`](crate::Client) can be asked for, and not a path.
/// Schemes are written in any case (RFC 3986, section 3.1).
pub fn is_url(text: &str) -> bool {
    scheme(text)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
}

/// The scheme of a text that begins as URLs with a server do: `ftp` of `ftp://example.org/file`.
/// Paths have none.
pub fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let letters = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    letters.then_some(scheme)
}

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// Parameters whose names contain one of these are secrets.
const SECRETS: [&str; 8] = ["auth", "credential", "jwt", "key", "pass", "secret", "sig", "token"];

/// A URL as it may be printed and stored: without user name and password, and without the values of
/// parameters that are secrets by their names, as in the signed addresses of storage hosts. What is
/// no URL is not changed.
pub fn redacted(text: &str) -> String {
    let Some(scheme) = scheme(text) else { return text.to_owned() };
    let (start, rest) = text.split_at(scheme.len() + "://".len());
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let mut out = start.to_owned();
    match authority.rsplit_once('@') {
        Some((_, host)) => out.extend([HIDDEN, "@", host]),
        None => out.push_str(authority),
    }
    let Some((path, query)) = rest.split_once('?') else { return out + rest };
    out.push_str(path);
    let (query, fragment) = query.split_at(query.find('#').unwrap_or(query.len()));
    for (index, pair) in query.split('&').enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                out.extend([name, "=", HIDDEN]);
            }
            _ => out.push_str(pair),
        }
    }
    out + fragment
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|part| name.contains(part))
}

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
    fn what_is_a_url() {
        for url in ["http://x/", "HTTP://x/", "Https://x"] {
            assert!(is_url(url), "{url}");
        }
        for other in ["ftp://x/y", "file:///etc/passwd", "a/b://c", "/http://x", "1http://x", "http:/x", ""] {
            assert!(!is_url(other), "{other}");
        }
        assert_eq!(scheme("ftp://x/y"), Some("ftp"));
        assert_eq!(scheme("./a://b"), None);
    }

    #[test]
    fn secrets_are_hidden() {
        for (url, shown) in [
            ("https://me:pa@ss@host:8/x?y=1", "https://***@host:8/x?y=1"),
            ("HTTP://token@host", "HTTP://***@host"),
            ("https://host/x@y?a=b@c", "https://host/x@y?a=b@c"),
            (
                "https://h/f?sp=r&X-Amz-Signature=ab12&apiKey=k&sig=s%3D&empty_token=#f",
                "https://h/f?sp=r&X-Amz-Signature=***&apiKey=***&sig=***&empty_token=#f",
            ),
            ("ftp://u:p@h/", "ftp://***@h/"),
            ("/a/path?key=1", "/a/path?key=1"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }

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
