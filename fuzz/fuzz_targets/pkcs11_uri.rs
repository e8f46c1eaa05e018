//! PKCS #11 URIs: whatever is read can be shown, and an error never shows the PIN.
#![no_main]

use authenticode::pkcs11::Pkcs11Uri;
use libfuzzer_sys::fuzz_target;

/// A PIN that is nowhere else in the input.
const PIN: &str = "Zq7Zq8Zq9";

fuzz_target!(|data: &str| {
    let _ = Pkcs11Uri::parse(data).map(|uri| uri.to_string());
    if data.contains("Zq") {
        return;
    }
    // As an attribute of its own.
    let separator = if data.contains('?') { '&' } else { '?' };
    match Pkcs11Uri::parse(&format!("{data}{separator}pin-value={PIN}")) {
        Ok(uri) => assert!(!format!("{uri} {uri:?}").contains(PIN)),
        Err(error) => assert!(!format!("{error} {error:?}").contains(PIN)),
    }
});
