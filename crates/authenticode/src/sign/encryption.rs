//! What encrypts private keys: PBES2 and PBES1 (RFC 8018), the schemes of PKCS #12 (RFC 7292,
//! appendix C), and the traditional one of OpenSSL.
//!
//! The old ones protect little. They are read because keys are still encrypted with them; nothing
//! is written with them.

use super::derive::{self, Octets, Purpose};
use super::key_error::PrivateKeyError;
use super::secret::Secret;
use crate::asn1::{DerError, Element, Elements};
use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;
use crate::oid::Oid;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use der::{Decode as _, Tag};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;

/// So many iterations take a second. OpenSSL writes 2048, careful people a million.
pub(super) const MAX_ITERATIONS: u32 = 2_000_000;
/// Memory that scrypt may take: OpenSSL writes keys that take 16 MiB.
const MAX_SCRYPT: u64 = 512 << 20;
/// `id-PBES2`.
const PBES2: Oid = Oid::new("1.2.840.113549.1.5.13");

/// A block cipher in CBC mode, with the length of its key.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    TripleDes,
    /// With two keys of three.
    DoubleDes,
    Rc2 {
        key: usize,
    },
}

impl Cipher {
    const fn key_length(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 | Self::DoubleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2 { key } => key,
        }
    }

    /// Decrypts in place; `None` if the padding is wrong, and so the passphrase.
    fn decrypt(self, key: &[u8], iv: &[u8], mut octets: Octets) -> Option<Octets> {
        let length = match self {
            Self::Aes128 => cbc::<aes::Aes128>(key, iv, &mut octets),
            Self::Aes192 => cbc::<aes::Aes192>(key, iv, &mut octets),
            Self::Aes256 => cbc::<aes::Aes256>(key, iv, &mut octets),
            Self::Des => cbc::<des::Des>(key, iv, &mut octets),
            Self::TripleDes => cbc::<des::TdesEde3>(key, iv, &mut octets),
            Self::DoubleDes => cbc::<des::TdesEde2>(key, iv, &mut octets),
            Self::Rc2 { .. } => cbc::<rc2::Rc2>(key, iv, &mut octets),
        }?;
        octets.truncate(length);
        Some(octets)
    }
}

fn cbc<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], octets: &mut [u8]) -> Option<usize> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded::<Pkcs7>(octets).ok().map(<[u8]>::len)
}

/// Decrypts what an `AlgorithmIdentifier` says how to.
pub(super) fn decrypt(
    algorithm: Element<'_>,
    encrypted: &[u8],
    passphrase: &Secret,
) -> Result<Octets, PrivateKeyError> {
    let mut fields = algorithm.inside();
    let oid = fields.oid("encryptionAlgorithm").map_err(malformed)?;
    if oid == PBES2 {
        return pbes2(algorithm.whole, encrypted, passphrase);
    }
    let (salt, iterations) = parameters(fields).map_err(malformed)?;
    let iterations = iterations.ok_or(PrivateKeyError::Iterations)?;
    let name = oid.to_string();
    let derive = |purpose, length| {
        let wide = derive::wide(passphrase.as_bytes());
        derive::pkcs12(DigestAlgorithm::Sha1, purpose, &wide, salt, iterations, length)
    };
    let of_pkcs12 =
        |cipher: Cipher| (cipher, derive(Purpose::Key, cipher.key_length()), derive(Purpose::Iv, 8));
    let of_pbkdf1 = |cipher: Cipher, md5| {
        let both = derive::pbkdf1(md5, passphrase.as_bytes(), salt, iterations);
        let (key, iv) = both.split_at_checked(8).unwrap_or_default();
        (cipher, Octets::new(key.to_vec()), Octets::new(iv.to_vec()))
    };
    let (cipher, key, iv) = match name.as_str() {
        "1.2.840.113549.1.12.1.3" => of_pkcs12(Cipher::TripleDes),
        "1.2.840.113549.1.12.1.4" => of_pkcs12(Cipher::DoubleDes),
        "1.2.840.113549.1.12.1.5" => of_pkcs12(Cipher::Rc2 { key: 16 }),
        "1.2.840.113549.1.12.1.6" => of_pkcs12(Cipher::Rc2 { key: 5 }),
        "1.2.840.113549.1.5.3" => of_pbkdf1(Cipher::Des, true),
        "1.2.840.113549.1.5.10" => of_pbkdf1(Cipher::Des, false),
        "1.2.840.113549.1.5.6" => of_pbkdf1(Cipher::Rc2 { key: 8 }, true),
        "1.2.840.113549.1.5.11" => of_pbkdf1(Cipher::Rc2 { key: 8 }, false),
        _ => return Err(PrivateKeyError::Encryption(name)),
    };
    cipher.decrypt(&key, &iv, Octets::new(encrypted.to_vec())).ok_or(PrivateKeyError::Decryption)
}

/// `PBEParameter`, `pkcs-12PbeParams`: the salt, and the iterations if they are not too many.
fn parameters(mut fields: Elements<'_>) -> Result<(&[u8], Option<u32>), DerError> {
    let mut parameters = fields.expect("PBEParameter", Tag::Sequence)?.inside();
    let salt = parameters.expect("salt", Tag::OctetString)?.value;
    let iterations = iterations(parameters.next("iterations")?)?;
    Ok((salt, iterations))
}

/// A number of iterations; `None` if it is more than [`MAX_ITERATIONS`], or none.
pub(super) fn iterations(found: Element<'_>) -> Result<Option<u32>, DerError> {
    let number = found.integer()?.iter().try_fold(0u32, |number, byte| {
        number.checked_mul(256)?.checked_add(u32::from(*byte)).filter(|number| *number <= MAX_ITERATIONS)
    });
    Ok(number.filter(|number| *number > 0))
}

fn pbes2(algorithm: &[u8], encrypted: &[u8], passphrase: &Secret) -> Result<Octets, PrivateKeyError> {
    // What cannot be read is mostly an algorithm that is not known.
    let scheme = EncryptionScheme::from_der(algorithm)
        .map_err(|error| PrivateKeyError::Encryption(format!("PBES2: {error}")))?;
    match scheme.pbes2().map(|parameters| &parameters.kdf) {
        Some(Kdf::Pbkdf2(parameters)) if parameters.iteration_count > MAX_ITERATIONS => {
            return Err(PrivateKeyError::Iterations);
        }
        Some(Kdf::Scrypt(parameters)) => {
            let lanes = u64::from(parameters.parallelization).max(1);
            let memory = u64::from(parameters.block_size)
                .saturating_mul(128 * lanes)
                .saturating_mul(parameters.cost_parameter);
            if memory > MAX_SCRYPT {
                return Err(PrivateKeyError::Iterations);
            }
        }
        _ => {}
    }
    let mut octets = Octets::new(encrypted.to_vec());
    let length = match scheme.decrypt_in_place(passphrase.as_bytes(), &mut octets) {
        Ok(decrypted) => decrypted.len(),
        Err(pkcs8::pkcs5::Error::DecryptFailed) => return Err(PrivateKeyError::Decryption),
        Err(error) => return Err(PrivateKeyError::Encryption(format!("PBES2: {error}"))),
    };
    octets.truncate(length);
    Ok(octets)
}

/// Decrypts a block of PEM by its header `DEK-Info`: the cipher, and the initialisation vector in
/// hexadecimal, whose first octets are the salt.
pub(super) fn traditional(
    dek_info: &[u8],
    encrypted: Octets,
    passphrase: &Secret,
) -> Result<Octets, PrivateKeyError> {
    let text = std::str::from_utf8(dek_info).unwrap_or_default();
    let unknown = || PrivateKeyError::Encryption(text.to_owned());
    let (name, iv) = text.split_once(',').ok_or_else(unknown)?;
    let cipher = match name.trim().to_ascii_uppercase().as_str() {
        "AES-128-CBC" => Cipher::Aes128,
        "AES-192-CBC" => Cipher::Aes192,
        "AES-256-CBC" => Cipher::Aes256,
        "DES-CBC" => Cipher::Des,
        "DES-EDE3-CBC" => Cipher::TripleDes,
        _ => return Err(unknown()),
    };
    let iv = hexadecimal(iv.trim()).ok_or_else(unknown)?;
    let salt = iv.get(..8).ok_or_else(unknown)?;
    let key = derive::traditional(passphrase.as_bytes(), salt, cipher.key_length());
    cipher.decrypt(&key, &iv, encrypted).ok_or(PrivateKeyError::Decryption)
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()).collect()
}

fn malformed(error: DerError) -> PrivateKeyError {
    PrivateKeyError::Format(ForeignError::new(error))
}
