//! Secrets that the service makes: cookies, tokens, keys. It keeps their SHA-256 only, which is
//! enough for what nobody can guess.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("the system has no random numbers: {error}"));
    bytes
}

/// A new secret: 256 random bits in hexadecimal.
pub(crate) fn new() -> String {
    crate::hex::encode(&random::<32>())
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two secrets are the same; how long this takes tells nothing of where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// The proof that a form comes from a page that was made for the holder of this cookie: derived
/// from the cookie, which no other site can read, and under a mask that is another one each time,
/// so that the length of compressed pages says nothing about it.
pub(crate) fn form_token(cookie: &str) -> String {
    let mask = random::<32>();
    let masked: Vec<u8> = mask.iter().zip(form_key(cookie)).map(|(mask, key)| mask ^ key).collect();
    crate::hex::encode(&mask) + &crate::hex::encode(&masked)
}

/// Whether a form's token was made for this cookie.
pub(crate) fn is_form_token(cookie: &str, token: &str) -> bool {
    let Some(bytes) = crate::hex::decode(token).filter(|bytes| bytes.len() == 64) else { return false };
    let (mask, masked) = bytes.split_at(32);
    let key: Vec<u8> = mask.iter().zip(masked).map(|(mask, masked)| mask ^ masked).collect();
    same(&key, &form_key(cookie))
}

fn form_key(cookie: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"snowguard form\0").chain_update(cookie.as_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_is_for_one_cookie() {
        let (cookie, other) = (new(), new());
        let (one, two) = (form_token(&cookie), form_token(&cookie));
        assert_ne!(one, two);
        assert!(is_form_token(&cookie, &one) && is_form_token(&cookie, &two));
        assert!(!is_form_token(&other, &one));
        let mut changed = one.clone().into_bytes();
        changed[100] = if changed[100] == b'0' { b'1' } else { b'0' };
        assert!(!is_form_token(&cookie, std::str::from_utf8(&changed).unwrap_or_default()));
        for wrong in ["", "zz", &one[..126], &"é".repeat(64), &"0".repeat(128)] {
            assert!(!is_form_token(&cookie, wrong), "{wrong}");
        }
    }
}
