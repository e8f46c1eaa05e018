//! What a package URL says of a package: its name and version.

use super::meta::cut;
use vulnerability::Stated;
use vulnerability::purl::Purl;

/// The name and version of a package URL.
pub(crate) fn name_and_version(purl: &Purl) -> (String, Option<String>) {
    // The names of Go modules and of npm's scopes go by their whole path.
    let name = match (purl.package_type(), purl.namespace()) {
        ("golang" | "npm", Some(namespace)) => format!("{namespace}/{}", purl.name()),
        _ => purl.name().to_owned(),
    };
    (cut(&name), purl.version().map(cut))
}

/// The name and version of the first package URL that can be read.
pub(super) fn parts<'a>(
    mut urls: impl Iterator<Item = &'a Stated<Purl>>,
) -> (Option<String>, Option<String>) {
    match urls.find_map(Stated::value).map(name_and_version) {
        Some((name, version)) => (Some(name), version),
        None => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(purl: &str) -> Option<(String, Option<String>)> {
        purl.parse().ok().as_ref().map(name_and_version)
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
