//! Names of derivations: `parseDrvName`.

/// A derivation's name taken apart. The version begins behind the first dash that is not followed
/// by a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DrvName<'a> {
    /// The name without the version.
    pub name: &'a str,
    /// The version; empty if there is none.
    pub version: &'a str,
}

impl<'a> DrvName<'a> {
    /// Takes a name apart, as `builtins.parseDrvName` does. A dash at the very end is part of the
    /// name.
    pub fn parse(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let dash = bytes.windows(2).position(|w| w[0] == b'-' && !w[1].is_ascii_alphabetic());
        let parts = dash.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
        parts.map_or(Self { name: text, version: "" }, |(name, version)| Self { name, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nixpkgs() {
        let parse = |text| {
            let DrvName { name, version } = DrvName::parse(text);
            (name, version)
        };
        assert_eq!(parse("hello-2.12.1"), ("hello", "2.12.1"));
        assert_eq!(parse("python3.11-requests-2.31.0"), ("python3.11-requests", "2.31.0"));
        assert_eq!(parse("x-y"), ("x-y", ""));
        assert_eq!(parse("a-"), ("a-", ""));
        assert_eq!(parse("a--b"), ("a", "-b"));
        assert_eq!(parse("ä-ö"), ("ä", "ö"), "only ASCII letters are letters to Nix");
        assert_eq!(parse(""), ("", ""));
    }
}
