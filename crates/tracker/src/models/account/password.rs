//! Passwords: kept as Argon2id, and what one must be.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::OnceLock;

/// The fewest characters. Length is what helps; rules about kinds of characters do not.
pub const SHORTEST: usize = 12;
/// The most bytes: hashing a novel is a way to keep the service busy.
pub const LONGEST: usize = 1024;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// It is too long.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// It is the account's name, or one character again and again.
    #[error("this password is too easy to guess")]
    Easy,
    /// It cannot be hashed.
    #[error("the password cannot be hashed")]
    Hash,
}

/// 19 MiB, two passes, one lane: what OWASP recommends at the least.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Checks a new password and gives what is kept of it: a PHC string.
///
/// # Errors
/// Where it is none that one should have.
pub fn hash(password: &str, name: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    let mut characters = password.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) || password.eq_ignore_ascii_case(name) {
        return Err(PasswordError::Easy);
    }
    let hashed = argon2().hash_password(password.as_bytes()).map_err(|_| PasswordError::Hash)?;
    Ok(hashed.to_string())
}

/// Whether a password is the one that was hashed. Where there is none, it takes as long to say no:
/// the time does not tell which accounts exist.
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    if password.len() > LONGEST {
        return false;
    }
    let nobody = || NOBODY.get_or_init(|| hash(&crate::secret::new(), "").unwrap_or_default()).as_str();
    let parsed = PasswordHash::new(kept.unwrap_or_else(nobody));
    parsed.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok()) && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_password_must_be() {
        assert_eq!(hash("elevenchars", "a"), Err(PasswordError::Short));
        assert_eq!(hash(&"ab".repeat(600), "a"), Err(PasswordError::Long));
        assert_eq!(hash("aaaaaaaaaaaaaaa", "a"), Err(PasswordError::Easy));
        assert_eq!(hash("Administrator", "administrator"), Err(PasswordError::Easy));
    }

    #[test]
    fn only_the_password_is_taken() {
        let kept = hash("Schneefang am Dach", "ada").unwrap_or_default();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("Schneefang am Dach", Some(&kept)));
        assert!(!verify("Schneefang am Dacj", Some(&kept)));
        assert!(!verify("", Some(&kept)) && !verify("x", Some("")) && !verify("x", None));
    }
}
