//! Which names or versions a rule is about.

use vulnerability::ranges;

/// A text, a text with wildcards, or a range of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// This text.
    Exact(String),
    /// A text in which `*` stands for any characters, and `?` for one.
    Wildcards(String),
    /// Versions such as `>= 8.0, < 8.4`.
    Range(String),
}

impl Pattern {
    /// This text, whatever is in it.
    pub(super) fn exact(text: &str) -> Self {
        Self::Exact(text.to_owned())
    }

    /// A name as our rules have it.
    pub(super) fn name(text: &str) -> Self {
        if text.contains(['*', '?']) { Self::Wildcards(text.to_owned()) } else { Self::exact(text) }
    }

    /// A version as our rules have it. What only looks like a range is a version: some packages'
    /// are like nothing else.
    pub(super) fn version(text: &str) -> Self {
        let is_range = text.trim_start().starts_with(['<', '>', '=']);
        if is_range && ranges::text_contains(text, "1").is_some() {
            return Self::Range(text.to_owned());
        }
        Self::name(text)
    }

    /// A regular expression for a whole name, if it is one that wildcards can say.
    pub(super) fn of_expression(text: &str) -> Option<Self> {
        let text = text.strip_prefix('^').unwrap_or(text);
        let text = text.strip_suffix('$').unwrap_or(text);
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '.' if chars.next_if_eq(&'*').is_some() => out.push('*'),
                // Everybody writes a dot for a dot.
                '.' => out.push('.'),
                '\\' => {
                    out.push(chars.next().filter(|c| c.is_ascii_punctuation() && !matches!(c, '*' | '?'))?);
                }
                '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
                c => out.push(c),
            }
        }
        (!out.is_empty()).then(|| Self::name(&out))
    }

    /// The text that it is alone about.
    pub(super) fn alone(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Wildcards(_) | Self::Range(_) => None,
        }
    }

    /// Whether it is about this text.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Wildcards(pattern) => fits(pattern.as_bytes(), text.as_bytes()),
            Self::Range(range) => !text.is_empty() && ranges::text_contains(range, text) == Some(true),
        }
    }
}

/// Compares with wildcards. When it does not fit, the last `*` takes one more: earlier ones need
/// not be tried again, so the time is at most the product of the lengths.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == b'?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((behind, taken)) = star else { return false };
                (p, t) = (behind, taken + 1);
                star = Some((behind, t));
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("python3*-requests", "python3.11-requests", true),
            ("python3*-requests", "python3.11-requests-oauth", false),
            ("8.3.*", "8.3.0", true),
            ("8.3.*", "8.30", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "aaab", true),
            ("*a*b", "aaba", false),
        ] {
            assert_eq!(Pattern::name(pattern).fits(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn ranges_of_versions() {
        let range = Pattern::version(">= 8.0, < 8.4.0");
        for (version, expected) in
            [("8.0", true), ("8.3.9", true), ("8.4.0", false), ("8.10", false), ("7.9", false), ("", false)]
        {
            assert_eq!(range.fits(version), expected, "{version}");
        }
        assert_eq!(Pattern::version("< >"), Pattern::exact("< >"));
        assert!(Pattern::version("8.3.0").fits("8.3.0"));
    }

    #[test]
    fn expressions() {
        let of = |text: &str| Pattern::of_expression(text);
        assert_eq!(of("libcurl"), Some(Pattern::exact("libcurl")));
        assert_eq!(of("^linux-.*-headers$"), Some(Pattern::Wildcards("linux-*-headers".into())));
        assert_eq!(of("gtk\\+"), Some(Pattern::exact("gtk+")));
        assert_eq!([of("a|b"), of("[ab]"), of("a+"), of("")], [None, None, None, None]);
    }

    proptest::proptest! {
        #[test]
        fn a_text_fits_itself(text in "\\PC{0,20}", before in "\\PC{0,5}", after in "\\PC{0,5}") {
            proptest::prop_assert!(Pattern::name(&text).fits(&text));
            let inside = format!("{before}{text}{after}");
            let pattern = Pattern::Wildcards(format!("*{text}*"));
            proptest::prop_assert!(pattern.fits(&inside));
        }
    }
}
