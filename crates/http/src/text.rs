//! Texts that may be URLs: which of them are, and what of them may be printed.

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
}
