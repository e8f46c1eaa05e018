//! Why keys are not used.

use crate::digest::DigestAlgorithm;
use crate::foreign::ForeignError;

/// No file with a key is larger.
pub const MAX_KEY_FILE: usize = 64 << 10;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// The file is too large.
    #[error("more than {MAX_KEY_FILE} bytes are too many for a key")]
    TooLarge,
    /// The file is neither PEM nor DER of a private key.
    #[error("it holds no private key in PEM or DER: {0}")]
    Format(#[source] ForeignError),
    /// What NSS exports: PKCS #12 with lengths that are not known in advance.
    #[error("it is BER with indefinite lengths, as NSS and Firefox export PKCS #12; only DER is read")]
    Ber,
    /// PKCS #12 with another number of keys than one.
    #[error("it holds {0} private keys, not one")]
    Keys(usize),
    /// PEM with something else in it.
    #[error("it holds `{0}` instead of a private key")]
    Label(String),
    /// It is encrypted, and there is no passphrase.
    #[error("it is encrypted: a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase is wrong, or what it decrypts is damaged.
    #[error("it cannot be decrypted: the passphrase is wrong")]
    Decryption,
    /// It is encrypted in a way that is not known here.
    #[error("it is encrypted or authenticated in a way that is not supported ({0})")]
    Encryption(String),
    /// Whoever wrote it wants the computer to stand still.
    #[error("its passphrase takes more time or memory to check than is allowed")]
    Iterations,
    /// A key for something else than RSA or ECDSA.
    #[error("it is no RSA key of 2048 to 4096 bits and no ECDSA key on P-256 or P-384: its algorithm is {0}")]
    Algorithm(String),
    /// A key that firmware would not accept, or that is damaged.
    #[error("it is no RSA key of 2048 to 4096 bits and no ECDSA key on P-256 or P-384: {0}")]
    Kind(#[source] ForeignError),
    /// A key on another curve.
    #[error(
        "it is no RSA key of 2048 to 4096 bits and no ECDSA key on P-256 or P-384: the curve of the EC key is another one"
    )]
    Curve,
    /// Keys on a curve sign one digest only.
    #[error("a key on {curve} signs {wanted} digests, not {given}")]
    Digest {
        /// The curve of the key.
        curve: &'static str,
        /// The digests that keys on this curve sign.
        wanted: DigestAlgorithm,
        /// The digest that it should sign.
        given: DigestAlgorithm,
    },
    /// Signing failed, or the digest is one that nothing is signed with any more.
    #[error("the key cannot sign")]
    Signing,
}

impl PrivateKeyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PassphraseNeeded => {
                Some("give --passphrase-file, or the variable SNOWGUARD_KEY_PASSPHRASE")
            }
            Self::Ber => Some(
                "write it anew: `openssl pkcs12 -in OLD -nodes -out x.pem`, then `openssl pkcs12 -export -in x.pem -out NEW`",
            ),
            Self::Digest { .. } => Some("choose the digest with --digest"),
            Self::Encryption(_) | Self::Iterations => {
                Some("encrypt it anew: `openssl pkey -in OLD -aes256 -out NEW`, or `openssl pkcs12` twice")
            }
            _ => None,
        }
    }
}
