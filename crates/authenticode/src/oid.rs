//! Object identifiers (X.660).

use core::fmt;
use der::asn1::ObjectIdentifier;

/// An object identifier: what ASN.1 names algorithms, attributes and purposes by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub(crate) ObjectIdentifier);

impl Oid {
    /// The identifier with these numbers, `1.2.840.113549.1.7.2` for instance.
    ///
    /// # Panics
    /// If the text is no object identifier: this is for constants.
    pub const fn new(text: &str) -> Self {
        Self(ObjectIdentifier::new_unwrap(text))
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
