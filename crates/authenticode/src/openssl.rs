//! What OpenSSL, and so EDK2 and shim, decodes of the parts that nothing here looks into.
//!
//! Firmware decodes a signature as a whole before it looks at any of it: a name that is no text, or
//! a NULL with content, deep inside of a certificate that stands beside the signer's, makes it
//! refuse the signature. The structure is read elsewhere, as DER; this is about the values of types
//! that are left open (OpenSSL's `asn1_ex_c2i`), and about names (`x509_name_ex_d2i`).

use crate::asn1::{DerError, DerProblem, Element, Elements, element, set_of};
use alloc::string::String;
use alloc::vec::Vec;
use der::Tag;

/// Names have two to eight attributes.
const MAX_ATTRIBUTES: usize = 256;

/// A value whose type nothing fixes: its content has to be one of the type that its tag names.
pub(crate) fn value(value: Element<'_>) -> Result<(), DerError> {
    let fits = match value.tag {
        Tag::Null => value.value.is_empty(),
        Tag::Boolean => value.value.len() == 1,
        Tag::ObjectIdentifier => return object(value),
        Tag::BitString => matches!(value.value, [0..=7, _, ..] | [0]),
        Tag::Integer | Tag::Enumerated => match value.value {
            [] => false,
            [_] => true,
            [first, second, ..] => !matches!((first, second), (0, 0..0x80) | (0xff, 0x80..)),
        },
        Tag::BmpString => value.value.len().is_multiple_of(2),
        Tag::UtcTime => value.value.len() >= 13,
        Tag::GeneralizedTime => value.value.len() >= 15,
        _ => true,
    };
    if fits { Ok(()) } else { Err(DerProblem::Value(value.tag).at(value.field)) }
}

/// An OBJECT IDENTIFIER (`c2i_ASN1_OBJECT`): numbers in the shortest form, the last one complete.
fn object(found: Element<'_>) -> Result<(), DerError> {
    let found = found.expect(Tag::ObjectIdentifier)?;
    let mut begins = true;
    for byte in found.value {
        if begins && *byte == 0x80 {
            return Err(DerProblem::Value(found.tag).at(found.field));
        }
        begins = *byte < 0x80;
    }
    if begins && !found.value.is_empty() { Ok(()) } else { Err(DerProblem::Value(found.tag).at(found.field)) }
}

/// An `AlgorithmIdentifier`.
pub(crate) fn algorithm(found: Element<'_>) -> Result<(), DerError> {
    let mut fields = found.expect(Tag::Sequence)?.inside();
    object(fields.next("algorithm")?)?;
    if !fields.is_empty() {
        value(fields.next("parameters")?)?;
    }
    fields.finish()
}

/// An `Attribute`: a type, and any number of values.
pub(crate) fn attribute(found: Element<'_>) -> Result<(), DerError> {
    let mut fields = found.expect(Tag::Sequence)?.inside();
    object(fields.next("attribute type")?)?;
    let mut values = fields.expect("attribute values", Tag::Set)?.inside();
    while !values.is_empty() {
        value(values.next("attribute value")?)?;
    }
    fields.finish()
}

/// What nobody looks at in a certificate whose structure is known to be right: its algorithms,
/// its names, the types of its extensions. Gives the canonical forms of issuer and subject.
pub(crate) fn certificate(whole: Element<'_>) -> Result<[Vec<u8>; 2], DerError> {
    let mut outer = whole.inside();
    let mut fields = outer.expect("tbsCertificate", Tag::Sequence)?.inside();
    algorithm(outer.next("signatureAlgorithm")?)?;
    fields.optional("version", 0)?;
    value(fields.expect("serialNumber", Tag::Integer)?)?;
    algorithm(fields.next("signature")?)?;
    let issuer = name(fields.next("issuer")?)?;
    fields.next("validity")?;
    let subject = name(fields.next("subject")?)?;
    algorithm(fields.expect("subjectPublicKeyInfo", Tag::Sequence)?.inside().next("algorithm")?)?;
    while !fields.is_empty() && fields.peek() != Some(crate::asn1::context(3)) {
        fields.next("unique identifier")?;
    }
    if let Some(extensions) = fields.optional("extensions", 3)? {
        let mut extensions = extensions.inside().expect("extensions", Tag::Sequence)?.inside();
        while !extensions.is_empty() {
            object(extensions.expect("extension", Tag::Sequence)?.inside().next("extension type")?)?;
        }
    }
    Ok([issuer, subject])
}

/// The canonical form of a `Name`: two names are one if their canonical forms are equal
/// (`x509_name_canon`, `X509_NAME_cmp`). Text is in UTF-8, in lower case as far as it is ASCII, and
/// without blanks at its ends and more than one in a row.
///
/// # Errors
/// For names that OpenSSL does not decode: types that no name has, and text that is not in the
/// encoding of its type.
pub(crate) fn name(found: Element<'_>) -> Result<Vec<u8>, DerError> {
    let mut canonical = Vec::new();
    let mut sets = found.expect(Tag::Sequence)?.inside();
    while !sets.is_empty() {
        let mut attributes = Vec::new();
        for attribute in
            sets.expect("RelativeDistinguishedName", Tag::Set)?.inside().all("name", MAX_ATTRIBUTES)?
        {
            let mut fields = attribute.expect(Tag::Sequence)?.inside();
            let kind = fields.next("attribute type")?;
            object(kind)?;
            let text = text(fields.next("attribute value")?)?;
            fields.finish()?;
            attributes.push(element(Tag::Sequence, &[kind.whole, &text]));
        }
        // An empty set is as good as none.
        if !attributes.is_empty() {
            canonical.extend(set_of(Tag::Set, attributes));
        }
    }
    Ok(canonical)
}

/// The canonical form of the value of an attribute of a name.
fn text(found: Element<'_>) -> Result<Vec<u8>, DerError> {
    value(found)?;
    let wrong = DerProblem::Value(found.tag).at(found.field);
    let text: String = match found.tag {
        Tag::Utf8String => core::str::from_utf8(found.value).map_err(|_| wrong)?.into(),
        // OpenSSL takes the octets for Latin-1, whatever they are.
        Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
            found.value.iter().map(|byte| char::from(*byte)).collect()
        }
        Tag::BmpString => {
            let units = found.value.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit).into());
            units.map(char::from_u32).collect::<Option<_>>().ok_or(wrong)?
        }
        // Compared as they stand.
        Tag::NumericString | Tag::BitString | Tag::Sequence => return Ok(found.whole.to_vec()),
        _ => return Err(wrong),
    };
    let blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let words = text.split(blank).filter(|word| !word.is_empty());
    let text = words.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    Ok(element(Tag::Utf8String, &[text.as_bytes()]))
}

/// The canonical form of a `Name` in DER.
pub(crate) fn name_of(der: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut outer = Elements::new(der, "Name");
    let canonical = name(outer.next("Name")?)?;
    outer.finish()?;
    Ok(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::oid;
    use crate::oid::Oid;
    use proptest::prelude::*;

    const COMMON_NAME: Oid = Oid::new("2.5.4.3");

    fn attribute_of(tag: Tag, value: &[u8]) -> Vec<u8> {
        element(Tag::Sequence, &[&oid(COMMON_NAME), &element(tag, &[value])])
    }

    fn canonical(attributes: &[Vec<u8>]) -> Result<Vec<u8>, DerError> {
        let sets: Vec<_> = attributes.iter().map(|attribute| element(Tag::Set, &[attribute])).collect();
        name_of(&element(Tag::Sequence, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    #[test]
    fn names_are_one_whatever_their_letters() {
        let one = canonical(&[attribute_of(Tag::Utf8String, "Die Stra\u{df}e 9".as_bytes())]).unwrap();
        for (tag, same) in [
            (Tag::Utf8String, "  die\t STRA\u{df}E  9 ".as_bytes()),
            (Tag::TeletexString, b"Die Stra\xdfe 9\n"),
            (Tag::PrintableString, b"die stra\xdfe 9"),
            (Tag::BmpString, b"\0D\0i\0e\0 \0S\0t\0r\0a\0\xdf\0e\0 \09"),
        ] {
            assert_eq!(canonical(&[attribute_of(tag, same)]).unwrap(), one, "{tag:?}");
        }
        for (tag, other) in [
            // Only ASCII has lower case here.
            (Tag::Utf8String, "Die Stra\u{1e9e}e 9".as_bytes()),
            (Tag::Utf8String, b"DieStra\xc3\x9fe 9"),
            (Tag::NumericString, b"9"),
        ] {
            assert_ne!(canonical(&[attribute_of(tag, other)]).unwrap(), one);
        }
        // Digits of the type for digits are another value.
        let digits = |tag| canonical(&[attribute_of(tag, b"9")]).unwrap();
        assert_ne!(digits(Tag::NumericString), digits(Tag::Utf8String));
        let empty = element(Tag::Set, &[]);
        let set = element(Tag::Set, &[&attribute_of(Tag::Utf8String, b"x")]);
        let names = [element(Tag::Sequence, &[&empty, &set, &empty]), element(Tag::Sequence, &[&set])];
        assert_eq!(name_of(&names[0]), name_of(&names[1]));
    }

    #[test]
    fn what_is_no_name() {
        for (tag, wrong) in [
            (Tag::Utf8String, &b"\xff"[..]),
            (Tag::Utf8String, b"\xed\xa0\x80"),
            (Tag::BmpString, b"\0"),
            (Tag::BmpString, b"\xd8\0"),
            (Tag::VisibleString, b"x"),
            (Tag::OctetString, b"x"),
            (Tag::Null, b""),
            (Tag::BitString, b"\x08\0"),
        ] {
            assert!(canonical(&[attribute_of(tag, wrong)]).is_err(), "{tag:?}");
        }
    }

    #[test]
    fn values_are_of_their_types() {
        let ok = |tag, content: &[u8]| {
            let der = element(tag, &[content]);
            value(Elements::new(&der, "test").next("test").unwrap()).is_ok()
        };
        assert!(ok(Tag::Null, b"") && !ok(Tag::Null, b"\0"));
        assert!(ok(Tag::ObjectIdentifier, b"\x2a\x86\x48") && !ok(Tag::ObjectIdentifier, b"\x2a\x80\x48"));
        assert!(!ok(Tag::ObjectIdentifier, b"\x2a\x86") && !ok(Tag::ObjectIdentifier, b""));
        assert!(
            ok(Tag::Integer, b"\0\x80") && !ok(Tag::Integer, b"\0\x7f") && !ok(Tag::Integer, b"\xff\xff")
        );
        assert!(ok(Tag::OctetString, b"") && ok(Tag::Utf8String, b"\xff") && !ok(Tag::Boolean, b""));
    }

    proptest! {
        #[test]
        fn nothing_panics(der in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = name_of(&der);
            if let Ok(found) = Elements::new(&der, "test").next("test") {
                let _ = (value(found), algorithm(found), attribute(found), certificate(found));
            }
        }

        #[test]
        fn canonical_names_are_their_own(text in "\\PC{0,20}") {
            let once = canonical(&[attribute_of(Tag::Utf8String, text.as_bytes())]).unwrap();
            prop_assert_eq!(name_of(&element(Tag::Sequence, &[&once])).unwrap(), once);
        }
    }
}
