//! Elements of DER, with the octets that they were read from.
//!
//! Signatures are over octets, so what was read has to be kept as it stood. The crate `der` checks
//! every header: definite lengths in the shortest form, nothing that reaches past the end.

use crate::oid::Oid;
use alloc::vec::Vec;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Length, Tag, TagNumber, Tagged};

/// A field that is not DER, or not of the type that it has to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct DerError {
    field: &'static str,
    problem: DerProblem,
}

impl DerError {
    /// The field, by its name in the document that describes it.
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

/// What can be wrong with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DerProblem {
    /// There is no (further) element.
    #[error("it is missing")]
    Missing,
    /// Another type is there.
    #[error("it is a {found}, not a {expected}")]
    Tag {
        /// What should be there.
        expected: Tag,
        /// What is.
        found: Tag,
    },
    /// Not DER.
    #[error("{0}")]
    Der(der::ErrorKind),
    /// More than there should be.
    #[error("{0} bytes too many stand behind it")]
    Trailing(usize),
    /// Content that the type cannot have.
    #[error("that is no content of a {0}")]
    Value(Tag),
    /// The elements of a set have to be in order.
    #[error("its elements are not in the order that DER asks for")]
    Order,
    /// Elements in elements in elements.
    #[error("its elements are not complete, or nested deeper than {0}")]
    Depth(usize),
    /// There are more of them than anyone needs.
    #[error("there are more than {0}")]
    TooMany(usize),
    /// It is larger than anything real.
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
}

impl DerProblem {
    pub(crate) const fn at(self, field: &'static str) -> DerError {
        DerError { field, problem: self }
    }
}

/// An element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag,
    /// The content.
    pub(crate) value: &'a [u8],
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
    pub(crate) field: &'static str,
}

impl<'a> Element<'a> {
    /// Its content as a list of elements.
    pub(crate) fn inside(self) -> Elements<'a> {
        Elements { rest: self.value, field: self.field }
    }

    pub(crate) fn expect(self, tag: Tag) -> Result<Self, DerError> {
        if self.tag == tag {
            return Ok(self);
        }
        Err(DerProblem::Tag { expected: tag, found: self.tag }.at(self.field))
    }

    /// Decoded by the crate `der`.
    pub(crate) fn decode<T: Decode<'a, Error = der::Error>>(self) -> Result<T, DerError> {
        T::from_der(self.whole).map_err(|error| DerProblem::Der(error.kind()).at(self.field))
    }

    /// A non-negative INTEGER without its leading zero, or any other as it stands.
    pub(crate) fn integer(self) -> Result<&'a [u8], DerError> {
        match self.expect(Tag::Integer)?.value {
            [] => Err(DerProblem::Missing.at(self.field)),
            [0, next, ..] if *next < 0x80 => {
                Err(DerProblem::Der(der::ErrorKind::Noncanonical { tag: self.tag }).at(self.field))
            }
            [0xff, next, ..] if *next >= 0x80 => {
                Err(DerProblem::Der(der::ErrorKind::Noncanonical { tag: self.tag }).at(self.field))
            }
            value => Ok(value),
        }
    }
}

/// Elements one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements<'a> {
    pub(crate) rest: &'a [u8],
    field: &'static str,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(bytes: &'a [u8], field: &'static str) -> Self {
        Self { rest: bytes, field }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element, if there is one.
    pub(crate) fn peek(&self) -> Option<Tag> {
        AnyRef::from_der_partial(self.rest).ok().map(|(any, _)| any.tag())
    }

    /// The next element, which is `field`.
    pub(crate) fn next(&mut self, field: &'static str) -> Result<Element<'a>, DerError> {
        if self.rest.is_empty() {
            return Err(DerProblem::Missing.at(field));
        }
        let (any, rest) =
            AnyRef::from_der_partial(self.rest).map_err(|error| DerProblem::Der(error.kind()).at(field))?;
        let length = self.rest.len() - rest.len();
        let whole = self.rest.get(..length).unwrap_or_default();
        self.rest = rest;
        Ok(Element { tag: any.tag(), value: any.value(), whole, field })
    }

    /// The next element, which has to be of this type.
    pub(crate) fn expect(&mut self, field: &'static str, tag: Tag) -> Result<Element<'a>, DerError> {
        self.next(field)?.expect(tag)
    }

    /// The next element if it has the context-specific tag `number`.
    pub(crate) fn optional(
        &mut self,
        field: &'static str,
        number: u32,
    ) -> Result<Option<Element<'a>>, DerError> {
        let wanted = context(number);
        if self.peek() == Some(wanted) { self.next(field).map(Some) } else { Ok(None) }
    }

    /// The next element, an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self, field: &'static str) -> Result<Oid, DerError> {
        self.expect(field, Tag::ObjectIdentifier)?.decode::<ObjectIdentifier>().map(Oid)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), DerError> {
        match self.rest.len() {
            0 => Ok(()),
            length => Err(DerProblem::Trailing(length).at(self.field)),
        }
    }

    /// All that is left, at most `limit` elements.
    pub(crate) fn all(mut self, field: &'static str, limit: usize) -> Result<Vec<Element<'a>>, DerError> {
        let mut found = Vec::new();
        while !self.is_empty() {
            if found.len() == limit {
                return Err(DerProblem::TooMany(limit).at(field));
            }
            found.push(self.next(field)?);
        }
        Ok(found)
    }
}

/// A constructed context-specific tag.
pub(crate) const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// A primitive context-specific tag.
pub(crate) const fn context_primitive(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

/// Tag, length and content of an element that is made of parts.
pub(crate) fn element(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut whole = Vec::with_capacity(content.len() + 8);
    let length = Length::try_from(content.len()).unwrap_or(Length::MAX);
    // Both are appended to memory, which does not fail.
    let _ = tag.encode_to_vec(&mut whole).and_then(|_| length.encode_to_vec(&mut whole));
    whole.extend(content);
    whole
}

/// A SET OF, in the order that DER demands.
pub(crate) fn set_of(tag: Tag, mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    element(tag, &elements.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// The DER of an object identifier.
pub(crate) fn oid(oid: Oid) -> Vec<u8> {
    element(Tag::ObjectIdentifier, &[oid.0.as_bytes()])
}
