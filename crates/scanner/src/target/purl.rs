//! What a package URL says of a package: its name and version. See the Package-URL specification, ECMA-427.

use super::meta::cut;

/// The type, name and version of a package URL; `None` if it is none.
pub(crate) fn parts(purl: &str) -> Option<(String, String, Option<String>)> {
    let rest = purl.strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split_once('#').map_or(rest, |(r, _)| r);
    let rest = rest.split_once('?').map_or(rest, |(r, _)| r);
    let (kind, path) = rest.split_once('/')?;
    // A version may hold an encoded `/`, but a name no `@`; scoped npm packages write `%40`, some tools `@`.
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, Some(decode(version))),
        _ => (path, None),
    };
    let path = path.trim_matches('/');
    // The names of Go modules and of npm's scopes go by their whole path.
    let name = match kind {
        "golang" | "npm" => path,
        _ => path.rsplit('/').next().unwrap_or(path),
    };
    let name = decode(name);
    let kind = kind.to_ascii_lowercase();
    (!name.is_empty()).then(|| (kind, cut(&name), version.filter(|v| !v.is_empty()).map(|v| cut(&v))))
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        let mut ahead = bytes.clone();
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(purl: &str) -> Option<(String, Option<String>)> {
        parts(purl).map(|(_, name, version)| (name, version))
    }

    #[test]
    fn names_and_versions() {
        let some = |name: &str, version: Option<&str>| Some((name.to_owned(), version.map(str::to_owned)));
        assert_eq!(of("pkg:pypi/requests@2.31.0"), some("requests", Some("2.31.0")));
        assert_eq!(of("pkg:npm/%40angular/core@12.3"), some("@angular/core", Some("12.3")));
        assert_eq!(of("pkg:npm/@angular/core"), some("@angular/core", None));
        assert_eq!(of("pkg:golang/golang.org/x/net@v0.1.0#http2"), some("golang.org/x/net", Some("v0.1.0")));
        assert_eq!(
            of("pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64"),
            some("curl", Some("7.88.1-10+deb12u5"))
        );
        assert_eq!(of("pkg:maven/org.apache/log4j-core"), some("log4j-core", None));
        assert_eq!(of("pkg:nothing"), None);
        assert_eq!(of("pkg:pypi/"), None);
        assert_eq!(of("http://x/y"), None);
    }
}
