//! URIs that name keys and certificates in tokens (RFC 7512).

use super::pin::Pin;
use crate::sign::Secret;
use std::fmt;
use std::path::PathBuf;

/// No URI needs more characters.
const MAX_LENGTH: usize = 8 << 10;

/// Why a text is no URI that we accept. The value of an attribute is never part of it: it may be a
/// PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11UriError {
    /// It begins with something else.
    #[error("it does not begin with `pkcs11:`")]
    Scheme,
    /// It is too long.
    #[error("it has {0} characters, too many for a PKCS #11 URI")]
    Length(usize),
    /// Something that is not `name=value`.
    #[error("character {0}: it is not `name=value`")]
    Attribute(usize),
    /// An attribute that we do not know in this place.
    #[error("character {offset}: {place} has no attribute `{name}`")]
    Unknown {
        /// Where it begins, from 0.
        offset: usize,
        /// Before or behind the `?`.
        place: &'static str,
        /// Its name.
        name: String,
    },
    /// An attribute is there twice.
    #[error("character {offset}: there are two attributes `{name}`")]
    Twice {
        /// Where the second begins, from 0.
        offset: usize,
        /// Its name.
        name: String,
    },
    /// A character that has to be percent-encoded, or an encoding that is none.
    #[error("character {0}: it has to be percent-encoded")]
    Encoding(usize),
    /// A value that the attribute cannot have.
    #[error("character {offset}: `{name}` {problem}")]
    Value {
        /// Where the attribute begins, from 0.
        offset: usize,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Two PINs: the RFC has such URIs refused.
    #[error("it has both `pin-value` and `pin-source`")]
    TwoPins,
}

/// What an object of a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectKind {
    /// A certificate.
    Certificate,
    /// A private key.
    Private,
    /// A public key.
    Public,
    /// A secret key.
    SecretKey,
    /// Data.
    Data,
}

/// A PKCS #11 URI. What is `None` may be anything.
#[derive(Default)]
#[non_exhaustive]
pub struct Pkcs11Uri {
    /// The token's label.
    pub token: Option<String>,
    /// Who made the token.
    pub manufacturer: Option<String>,
    /// The token's serial number.
    pub serial: Option<String>,
    /// The token's model.
    pub model: Option<String>,
    /// The number of the slot that the token is in.
    pub slot_id: Option<u64>,
    /// Who made the slot.
    pub slot_manufacturer: Option<String>,
    /// What the slot is called.
    pub slot_description: Option<String>,
    /// Who made the module.
    pub library_manufacturer: Option<String>,
    /// What the module is called.
    pub library_description: Option<String>,
    /// The version of the module, `2.6` or `2`.
    pub library_version: Option<String>,
    /// The object's label.
    pub object: Option<Vec<u8>>,
    /// The object's identifier.
    pub id: Option<Vec<u8>>,
    /// The object's kind.
    pub kind: Option<ObjectKind>,
    /// The name of the PKCS #11 module, without `lib` and `.so`.
    pub module_name: Option<String>,
    /// The file of the PKCS #11 module, or the folder that it is in.
    pub module_path: Option<PathBuf>,
    /// The PIN itself. Whoever may list processes can read it.
    pub pin_value: Option<Pin>,
    /// The file with the PIN.
    pub pin_source: Option<PathBuf>,
}

impl Pkcs11Uri {
    /// Whether a text is meant to be one.
    pub fn is_uri(text: &str) -> bool {
        text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"))
    }

    /// Reads a URI.
    ///
    /// # Errors
    /// What is wrong with it, and where. Attributes that are not known are errors as well: nothing
    /// could match them.
    pub fn parse(text: &str) -> Result<Self, Pkcs11UriError> {
        if text.len() > MAX_LENGTH {
            return Err(Pkcs11UriError::Length(text.len()));
        }
        if !Self::is_uri(text) {
            return Err(Pkcs11UriError::Scheme);
        }
        let rest = text.get(7..).unwrap_or_default();
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut uri = Self::default();
        let mut seen = Vec::new();
        let query_offset = 7 + path.len() + 1;
        attributes(path, ';', 7, &mut seen, |name, offset, value| uri.set_path(name, offset, value))?;
        if let Some(query) = query {
            attributes(query, '&', query_offset, &mut seen, |name, offset, value| {
                uri.set_query(name, offset, value)
            })?;
        }
        if uri.pin_value.is_some() && uri.pin_source.is_some() {
            return Err(Pkcs11UriError::TwoPins);
        }
        Ok(uri)
    }

    fn set_path(&mut self, name: &str, offset: usize, value: Vec<u8>) -> Result<(), Pkcs11UriError> {
        let wrong = |problem| Pkcs11UriError::Value { offset, name: name.to_owned(), problem };
        let text = |value| String::from_utf8(value).map(Some).map_err(|_| wrong("is not UTF-8"));
        match name {
            "token" => self.token = text(value)?,
            "manufacturer" => self.manufacturer = text(value)?,
            "serial" => self.serial = text(value)?,
            "model" => self.model = text(value)?,
            "slot-manufacturer" => self.slot_manufacturer = text(value)?,
            "slot-description" => self.slot_description = text(value)?,
            "library-manufacturer" => self.library_manufacturer = text(value)?,
            "library-description" => self.library_description = text(value)?,
            "library-version" => {
                let version = text(value)?.unwrap_or_default();
                let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                let parts: Vec<&str> = version.split('.').collect();
                if parts.len() > 2 || !parts.into_iter().all(number) {
                    return Err(wrong("is no version such as 2 or 2.6"));
                }
                self.library_version = Some(version);
            }
            "slot-id" => {
                let digits = text(value)?.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
                let number = digits.and_then(|digits| digits.parse().ok());
                self.slot_id = Some(number.ok_or_else(|| wrong("is no number"))?);
            }
            "object" => self.object = Some(value),
            "id" => self.id = Some(value),
            "type" => {
                self.kind = Some(match value.as_slice() {
                    b"cert" => ObjectKind::Certificate,
                    b"private" => ObjectKind::Private,
                    b"public" => ObjectKind::Public,
                    b"secret-key" => ObjectKind::SecretKey,
                    b"data" => ObjectKind::Data,
                    _ => return Err(wrong("is none of cert, private, public, secret-key, data")),
                });
            }
            _ => return Err(Pkcs11UriError::Unknown { offset, place: "the path", name: name.to_owned() }),
        }
        Ok(())
    }

    fn set_query(&mut self, name: &str, offset: usize, value: Vec<u8>) -> Result<(), Pkcs11UriError> {
        let wrong = |problem| Pkcs11UriError::Value { offset, name: name.to_owned(), problem };
        let text = |value| String::from_utf8(value).map_err(|_| wrong("is not UTF-8"));
        match name {
            "module-name" => {
                let name = text(value)?;
                if name.is_empty() || name.contains(['/', '\0']) {
                    return Err(wrong("is no name of a library"));
                }
                self.module_name = Some(name);
            }
            "module-path" => self.module_path = Some(PathBuf::from(text(value)?)),
            "pin-value" => {
                let pin = Pin::new(&Secret::from(value));
                self.pin_value = Some(pin.ok_or_else(|| wrong("is not UTF-8"))?);
            }
            "pin-source" => {
                let source = text(value)?;
                let path = source.strip_prefix("file:").unwrap_or(&source);
                let path = path.strip_prefix("//").unwrap_or(path);
                // `|program` would run something; other schemes would fetch something.
                if path.starts_with('|') || (path.len() == source.len() && !path.starts_with(['/', '.'])) {
                    return Err(wrong("names no file: only `file:` and paths are read"));
                }
                self.pin_source = Some(PathBuf::from(path));
            }
            _ => return Err(Pkcs11UriError::Unknown { offset, place: "the query", name: name.to_owned() }),
        }
        Ok(())
    }
}

/// Reads `name=value` between separators.
fn attributes<'a>(
    text: &'a str,
    separator: char,
    start: usize,
    seen: &mut Vec<&'a str>,
    mut set: impl FnMut(&str, usize, Vec<u8>) -> Result<(), Pkcs11UriError>,
) -> Result<(), Pkcs11UriError> {
    if text.is_empty() {
        return Ok(());
    }
    let mut offset = start;
    for attribute in text.split(separator) {
        let (name, value) = attribute.split_once('=').ok_or(Pkcs11UriError::Attribute(offset))?;
        if seen.contains(&name) {
            return Err(Pkcs11UriError::Twice { offset, name: name.to_owned() });
        }
        seen.push(name);
        set(name, offset, decode(value, offset + name.len() + 1, separator)?)?;
        offset += attribute.len() + 1;
    }
    Ok(())
}

fn decode(value: &str, start: usize, separator: char) -> Result<Vec<u8>, Pkcs11UriError> {
    let mut bytes = value.bytes().zip(start..);
    let mut decoded = Vec::with_capacity(value.len());
    let digit = |next: Option<(u8, usize)>| char::from(next?.0).to_digit(16);
    while let Some((byte, offset)) = bytes.next() {
        // pk11-pchar and pk11-qchar: unreserved, and what separates nothing here.
        let more: &[u8] = if separator == ';' { b":[]@!$'()*+,=&" } else { b":[]@!$'()*+,=/?|" };
        match byte {
            b'%' => {
                let two = digit(bytes.next()).zip(digit(bytes.next()));
                let two = two.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                decoded.push(two.ok_or(Pkcs11UriError::Encoding(offset))?);
            }
            b'-' | b'.' | b'_' | b'~' => decoded.push(byte),
            _ if byte.is_ascii_alphanumeric() || more.contains(&byte) => decoded.push(byte),
            _ => return Err(Pkcs11UriError::Encoding(offset)),
        }
    }
    Ok(decoded)
}

fn percent(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(3 * bytes.len()), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "%{byte:02x}");
        text
    })
}

/// For people, without the PIN.
impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let texts = [
            ("token", &self.token),
            ("manufacturer", &self.manufacturer),
            ("serial", &self.serial),
            ("model", &self.model),
            ("slot-manufacturer", &self.slot_manufacturer),
            ("slot-description", &self.slot_description),
            ("library-manufacturer", &self.library_manufacturer),
            ("library-description", &self.library_description),
            ("library-version", &self.library_version),
        ];
        for (name, value) in texts {
            parts.extend(value.as_ref().map(|value| format!("{name}={value}")));
        }
        parts.extend(self.slot_id.map(|number| format!("slot-id={number}")));
        parts.extend(self.object.as_ref().map(|label| format!("object={}", String::from_utf8_lossy(label))));
        parts.extend(self.id.as_ref().map(|id| format!("id={}", percent(id))));
        write!(f, "pkcs11:{}", parts.join(";"))
    }
}

impl fmt::Debug for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Uri({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_one() {
        let uri = Pkcs11Uri::parse(
            "pkcs11:token=The%20token;serial=12;object=db%3b;id=%00%ff;type=private;slot-id=7\
             ?module-path=/usr/lib/x.so&pin-source=file:/run/pin",
        )
        .unwrap();
        assert_eq!(uri.token.as_deref(), Some("The token"));
        assert_eq!(uri.serial.as_deref(), Some("12"));
        assert_eq!(uri.object.as_deref(), Some(&b"db;"[..]));
        assert_eq!(uri.id.as_deref(), Some(&[0, 0xff][..]));
        assert_eq!((uri.kind, uri.slot_id), (Some(ObjectKind::Private), Some(7)));
        assert_eq!(uri.module_path, Some(PathBuf::from("/usr/lib/x.so")));
        assert_eq!(uri.pin_source, Some(PathBuf::from("/run/pin")));
        assert!(Pkcs11Uri::parse("pkcs11:").unwrap().token.is_none());
        let text = "pkcs11:library-manufacturer=a;library-description=b;library-version=3.1;slot-manufacturer=c;\
                    slot-description=d";
        let uri = Pkcs11Uri::parse(&format!("{text}?module-name=softhsm2")).unwrap();
        assert_eq!(uri.module_name.as_deref(), Some("softhsm2"));
        let shown = uri.to_string();
        for part in text.trim_start_matches("pkcs11:").split(';') {
            assert!(shown.contains(part), "{shown}");
        }
        for source in ["/run/pin", "file:///run/pin", "file:/run/pin"] {
            let uri = Pkcs11Uri::parse(&format!("pkcs11:?pin-source={source}")).unwrap();
            assert_eq!(uri.pin_source, Some(PathBuf::from("/run/pin")));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("pkcs12:token=a", "it does not begin with `pkcs11:`"),
            ("pkcs11:token", "character 7: it is not `name=value`"),
            ("pkcs11:token=a;", "character 15: it is not `name=value`"),
            ("pkcs11:token=a;token=b", "character 15: there are two attributes `token`"),
            ("pkcs11:tokn=a", "character 7: the path has no attribute `tokn`"),
            ("pkcs11:?token=a", "character 8: the query has no attribute `token`"),
            ("pkcs11:token=a b", "character 14: it has to be percent-encoded"),
            ("pkcs11:token=%4", "character 13: it has to be percent-encoded"),
            ("pkcs11:token=%zz", "character 13: it has to be percent-encoded"),
            ("pkcs11:token=%ff", "character 7: `token` is not UTF-8"),
            ("pkcs11:type=key", "character 7: `type` is none of"),
            ("pkcs11:library-version=1.x", "character 7: `library-version` is no version"),
            ("pkcs11:library-version=1.2.3", "character 7: `library-version` is no version"),
            ("pkcs11:?module-name=../x", "character 8: `module-name` is no name of a library"),
            ("pkcs11:slot-id=+1", "character 7: `slot-id` is no number"),
            ("pkcs11:?pin-source=|cat", "character 8: `pin-source` names no file"),
            ("pkcs11:?pin-source=file:|cat", "character 8: `pin-source` names no file"),
            ("pkcs11:?pin-source=https://x/y", "character 8: `pin-source` names no file"),
            ("pkcs11:?pin-source=/a&pin-value=1", "it has both `pin-value` and `pin-source`"),
        ] {
            let found = Pkcs11Uri::parse(text).unwrap_err().to_string();
            assert!(found.starts_with(error), "{text}: {found}");
        }
    }

    #[test]
    fn pins_are_not_shown() {
        let uri = Pkcs11Uri::parse("pkcs11:token=a?pin-value=s3cret").unwrap();
        assert_eq!(format!("{uri} {uri:?} {:?}", uri.pin_value).find("s3cret"), None);
        let error = Pkcs11Uri::parse("pkcs11:token=a?pin-value=s3cret&pin-value=s3cret").unwrap_err();
        assert_eq!(format!("{error} {error:?}").find("s3cret"), None);
    }

    proptest! {
        #[test]
        fn any_label_can_be_encoded(label in prop::collection::vec(any::<u8>(), 0..50)) {
            let text = percent(&label);
            let uri = Pkcs11Uri::parse(&format!("pkcs11:object={text};id={text}")).unwrap();
            prop_assert_eq!(uri.object.as_ref(), Some(&label));
            prop_assert_eq!(uri.id.as_ref(), Some(&label));
        }

        #[test]
        fn nothing_panics(text in "pkcs11:.{0,60}") {
            let _ = Pkcs11Uri::parse(&text);
        }
    }
}
