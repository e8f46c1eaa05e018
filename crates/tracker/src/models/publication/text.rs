//! Outside text in documents: without what controls a terminal or hides something, and addresses
//! that every reader of the format takes for addresses.

use jiff::Timestamp;

/// One line; none if nothing is left of it.
pub fn line(text: &str) -> Option<String> {
    let line = terminal::clean(text);
    let line = line.trim();
    // What no XML and no Unicode text should hold: noncharacters.
    let line: String = line.chars().filter(|character| !is_noncharacter(*character)).collect();
    Some(line).filter(|line| !line.trim().is_empty())
}

/// Several lines, each cleaned.
pub fn prose(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line: String =
            terminal::clean(line).chars().filter(|character| !is_noncharacter(*character)).collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// Code points that Unicode reserves for programs' own use (The Unicode Standard, 23.7).
const fn is_noncharacter(character: char) -> bool {
    let code = character as u32;
    matches!(code, 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
}

/// A web address in the form of RFC 3986; none if it cannot be one. What must not stand in an
/// address is percent-encoded, as browsers do.
pub fn uri(text: &str) -> Option<String> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let rest = &text[scheme.len()..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte);
    // Names of accounts in addresses serve only to deceive.
    if host.is_empty() || !host.bytes().all(named) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut out = format!("{scheme}{authority}");
    let mut fragment = false;
    for (index, byte) in rest.bytes().enumerate() {
        let plain = named(byte) || b"/?:@!$&'()*+,;=".contains(&byte);
        let escape = byte == b'%'
            && rest
                .as_bytes()
                .get(index + 1..index + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if plain || escape {
            out.push(char::from(byte));
        } else if byte == b'#' && !fragment {
            fragment = true;
            out.push('#');
        } else {
            out.push_str(&percent(byte));
        }
    }
    Some(out)
}

/// A byte in percent-encoding.
pub(super) fn percent(byte: u8) -> String {
    format!("%{byte:02X}")
}

/// A time in whole seconds, in UTC: what all formats take.
pub fn time(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_addresses() {
        for (text, expected) in [
            ("https://curl.se/docs/a.html?x=1#y", "https://curl.se/docs/a.html?x=1#y"),
            ("http://a:80", "http://a:80"),
            ("https://a/\"<>^`{|}\\", "https://a/%22%3C%3E%5E%60%7B%7C%7D%5C"),
            ("https://a/%41%4", "https://a/%41%254"),
            ("https://a#b#c", "https://a#b%23c"),
            ("https://a/[b]", "https://a/%5Bb%5D"),
        ] {
            assert_eq!(uri(text).as_deref(), Some(expected));
        }
        for wrong in
            ["https://", "https://:1", "https://a:b", "https://a\"b/", "https://u@h/", "ftp://a", "//a"]
        {
            assert_eq!(uri(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_hide_nothing() {
        assert_eq!(line(" a\u{202e}b\u{ffff}\n\u{1b}[1mc ").as_deref(), Some("ab [1mc"));
        assert_eq!(line(" \u{200b}\u{fdd0}\n"), None);
        assert_eq!(prose("\n a\r\n\tb\u{7}  \n\nc\n\n"), " a\n b\n\nc");
    }

    #[test]
    fn times_have_whole_seconds() {
        let at = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
        assert_eq!(time(at), "2026-09-21T14:13:20Z");
    }
}
