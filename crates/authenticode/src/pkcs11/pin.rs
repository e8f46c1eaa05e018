//! PINs of tokens.

use crate::sign::Secret;
use cryptoki::types::AuthPin;

/// The PIN of a token. It is not printed.
#[derive(Debug, Clone)]
pub struct Pin(AuthPin);

impl Pin {
    /// A secret as a PIN; `None` if it is not UTF-8, which PINs are.
    pub fn new(secret: &Secret) -> Option<Self> {
        secret.as_str().map(|text| Self(AuthPin::from(text.to_owned())))
    }

    pub(super) const fn auth(&self) -> &AuthPin {
        &self.0
    }
}
