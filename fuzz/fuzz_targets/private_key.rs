//! Files of private keys, PKCS #12 among them: a passphrase makes a difference for encrypted ones
//! only.
#![no_main]

use authenticode::sign::{PrivateKey, PrivateKeyError, Secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let without = PrivateKey::read(data, None);
    let with = PrivateKey::read(data, Some(&Secret::from(b"x".to_vec())));
    match without {
        Err(PrivateKeyError::PassphraseNeeded) => {}
        Err(error) => assert_eq!(with.unwrap_err(), error),
        Ok(_) => assert!(with.is_ok()),
    }
});
