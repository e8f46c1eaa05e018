//! What a package URL says of a package: its name and version.

use super::meta::cut;
use vulnerability::purl::Purl;

/// The type, name and version of a package URL; `None` if it is none.
pub(crate) fn parts(purl: &str) -> Option<(String, String, Option<String>)> {
    let purl: Purl = purl.parse().ok()?;
    // The names of Go modules and of npm's scopes go by their whole path.
    let name = match (purl.package_type(), purl.namespace()) {
        ("golang" | "npm", Some(namespace)) => format!("{namespace}/{}", purl.name()),
        _ => purl.name().to_owned(),
    };
    Some((purl.package_type().to_owned(), cut(&name), purl.version().map(cut)))
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
