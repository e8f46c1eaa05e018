//! Signatures, public keys and secret keys: printing what was read gives a text that reads the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nix_formats::{PublicKey, SecretKey, Signature};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(signature) = text.parse::<Signature>() {
        assert_eq!(signature.to_string().parse().ok(), Some(signature));
    }
    if let Ok(key) = text.parse::<PublicKey>() {
        assert_eq!(key.to_string().parse().ok(), Some(key));
    }
    if let Ok(key) = SecretKey::from_secret_text(text) {
        let signature = key.sign(data);
        assert!(key.public_key().verify(data, &signature).is_ok());
    }
});
