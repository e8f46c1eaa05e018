//! One-time codes that change with time (RFC 6238), as authenticator apps show them: SHA-1, six
//! digits, thirty seconds.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;

/// How long a code counts, in seconds.
const STEP: i64 = 30;
/// The bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4).
const SECRET: usize = 20;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret.
pub fn new_secret() -> [u8; SECRET] {
    crate::secret::random()
}

/// The time step in which a code counts, if it does now or in the step before or after, and is
/// later than the last one that was used: each code counts once.
pub fn step_of(secret: &[u8], code: &str, now: Timestamp, used: Option<i64>) -> Option<i64> {
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let wanted = digits.as_bytes();
    if wanted.len() != 6 || !wanted.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let current = now.as_second().div_euclid(STEP);
    let mut found = None;
    for step in [current, current - 1, current + 1] {
        // All three, whichever is right: the time tells nothing.
        let same = crate::secret::same(code_at(secret, step).as_bytes(), wanted);
        if same && found.is_none() {
            found = Some(step);
        }
    }
    found.filter(|step| used.is_none_or(|used| *step > used))
}

/// The code of a time step: RFC 4226, section 5.3.
pub fn code_at(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { unreachable!("HMAC takes any key") };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0xf);
    let bytes = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    format!("{:06}", u32::from_be_bytes(bytes) % 1_000_000)
}

/// The secret in Base32 (RFC 4648), as people type it.
pub fn in_base32(secret: &[u8]) -> String {
    let (mut text, mut buffer, mut bits) = (String::new(), 0_u32, 0);
    for byte in secret {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}

/// The address that an app reads from a picture.
pub fn address(secret: &[u8], site: &str, account: &str) -> String {
    let encoded = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push('%');
                out.push_str(&crate::hex::encode(&[byte]).to_ascii_uppercase());
            }
            out
        })
    };
    let (site, account) = (encoded(site), encoded(account));
    format!("otpauth://totp/{site}:{account}?secret={}&issuer={site}", in_base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_of_the_standard() {
        let secret = b"12345678901234567890";
        let cases = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (second, code) in cases {
            let now = Timestamp::from_second(second).unwrap_or_default();
            assert_eq!(step_of(secret, code, now, None), Some(second / 30), "{second}");
            assert_eq!(step_of(secret, code, now, Some(second / 30)), None, "used");
            let later = Timestamp::from_second(second + 61).unwrap_or_default();
            assert_eq!(step_of(secret, code, later, None), None, "too old");
        }
        let now = Timestamp::from_second(59).unwrap_or_default();
        assert_eq!(step_of(secret, " 287 082 ", now, None), Some(1));
        for wrong in ["", "28708", "2870822", "٢٨٧٠٨٢", "287083"] {
            assert_eq!(step_of(secret, wrong, now, None), None, "{wrong}");
        }
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn base32_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(in_base32(bytes.as_bytes()), text);
        }
        assert_eq!(address(b"f", "A B", "x@y"), "otpauth://totp/A%20B:x%40y?secret=MY&issuer=A%20B");
    }
}
