//! Where a signer's key and certificates are: in files, or in tokens (feature `pkcs11`).

use crate::certificate::{Certificate, CertificateError};
#[cfg(feature = "pkcs11")]
use crate::pkcs11::{DEFAULT_MODULE, Pin, Pkcs11Error, Pkcs11Module, Pkcs11Uri, Pkcs11UriError};
use crate::sign::{
    FileSigner, MAX_KEY_FILE, Pkcs12, PrivateKey, PrivateKeyError, Secret, SecretSource, SignError, Signer,
    SignerCertificates, is_indefinite, is_pkcs12,
};
use files::ReadError;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Files of certificates have some kilobytes.
const MAX_CERTIFICATES: u64 = 4 << 20;

/// Why a key or a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyLocationError {
    /// A file, or the file of a secret, cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file holds no key that can be used.
    #[error("cannot use the key {}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PrivateKeyError,
    },
    /// The file holds no certificate.
    #[error("cannot use the certificate {}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
    /// The key is not that of the certificate.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A PKCS #11 URI, in a program that does not know PKCS #11.
    #[cfg(not(feature = "pkcs11"))]
    #[error("this program was built without PKCS #11")]
    NoPkcs11,
    /// The URI is malformed. Its text is not shown: it may hold a PIN.
    #[cfg(feature = "pkcs11")]
    #[error("the PKCS #11 URI")]
    Uri(#[from] Pkcs11UriError),
    /// No module is named, and there is no default one.
    #[cfg(feature = "pkcs11")]
    #[error("no module is named, and the default does not work")]
    NoModule(#[source] Pkcs11Error),
    /// The token, or its module, refuses.
    #[cfg(feature = "pkcs11")]
    #[error(transparent)]
    Token(#[from] Pkcs11Error),
    /// PINs are text (PKCS #11, `CK_UTF8CHAR`).
    #[cfg(feature = "pkcs11")]
    #[error("the PIN is not UTF-8")]
    PinText,
}

impl KeyLocationError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Key { source, .. } => source.hint(),
            #[cfg(not(feature = "pkcs11"))]
            Self::NoPkcs11 => Some("build it with the feature `pkcs11`"),
            #[cfg(feature = "pkcs11")]
            Self::NoModule(_) => Some("name one with module-path= in the URI, or with --pkcs11-module"),
            #[cfg(feature = "pkcs11")]
            Self::Token(error) => error.hint(),
            _ => None,
        }
    }
}

/// Where a key or a certificate is.
#[derive(Debug)]
pub enum KeyLocation {
    /// In a file.
    File(PathBuf),
    /// In a token.
    #[cfg(feature = "pkcs11")]
    Token(Box<Pkcs11Uri>),
}

/// What is needed to use keys and certificates, once it is known where they are.
#[derive(Debug, Clone, Default)]
pub struct KeyAccess {
    /// The passphrase of encrypted files.
    pub passphrase: SecretSource,
    /// The PKCS #11 module of URIs that name none; without it, the default one of the machine.
    pub module: Option<PathBuf>,
    /// The PIN for URIs that have none.
    pub pin: SecretSource,
}

impl KeyLocation {
    /// Reads an argument: a PKCS #11 URI (RFC 7512), or a path.
    pub fn parse(argument: &Path) -> Result<Self, KeyLocationError> {
        match argument.to_str() {
            #[cfg(feature = "pkcs11")]
            Some(text) if Pkcs11Uri::is_uri(text) => Ok(Self::Token(Box::new(Pkcs11Uri::parse(text)?))),
            #[cfg(not(feature = "pkcs11"))]
            Some(text) if text.starts_with("pkcs11:") => Err(KeyLocationError::NoPkcs11),
            _ => Ok(Self::File(argument.to_owned())),
        }
    }

    /// The certificates there: those of the file, or the one that the URI names. Of PKCS #12 that
    /// of its key is the first.
    pub fn certificates(&self, access: &KeyAccess) -> Result<Vec<Certificate>, KeyLocationError> {
        match self {
            Self::File(path) => {
                // It may hold the key too.
                let file = Secret::read(path, MAX_CERTIFICATES)?;
                let file = file.as_bytes();
                let failed = |source| KeyLocationError::Key { path: path.clone(), source };
                if is_indefinite(file) {
                    return Err(failed(PrivateKeyError::Ber));
                }
                if is_pkcs12(file) {
                    let found = Pkcs12::read(file, access.passphrase.read()?.as_ref());
                    return Ok(found.map_err(failed)?.certificates);
                }
                Certificate::read_all(file)
                    .map_err(|source| KeyLocationError::Certificate { path: path.clone(), source })
            }
            #[cfg(feature = "pkcs11")]
            Self::Token(uri) => {
                let (module, pin) = open(uri, access)?;
                Ok(vec![module.certificate(uri, pin.as_ref())?])
            }
        }
    }

    /// The private key there, ready to sign for its certificate.
    pub fn signer(
        &self,
        access: &KeyAccess,
        certificates: SignerCertificates,
    ) -> Result<Box<dyn Signer>, KeyLocationError> {
        match self {
            Self::File(path) => {
                Ok(Box::new(FileSigner::new(read_key(path, &access.passphrase)?, certificates)?))
            }
            #[cfg(feature = "pkcs11")]
            Self::Token(uri) => {
                let (module, pin) = open(uri, access)?;
                Ok(Box::new(module.signer(uri, pin, certificates)?))
            }
        }
    }
}

/// The permissions of a file with a key, if it is one that everybody on the machine may read.
pub fn readable_by_all(path: &Path) -> Option<u32> {
    let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = found.permissions().mode() & 0o777;
    (mode & 0o004 != 0).then_some(mode)
}

/// The private key in a file.
pub fn read_key(path: &Path, passphrase: &SecretSource) -> Result<PrivateKey, KeyLocationError> {
    let failed = |source| KeyLocationError::Key { path: path.to_owned(), source };
    let passphrase = passphrase.read()?;
    let file = match Secret::read(path, MAX_KEY_FILE as u64) {
        Err(ReadError::TooLarge { .. }) => return Err(failed(PrivateKeyError::TooLarge)),
        other => other?,
    };
    PrivateKey::read(file.as_bytes(), passphrase.as_ref()).map_err(failed)
}

#[cfg(feature = "pkcs11")]
fn open(uri: &Pkcs11Uri, access: &KeyAccess) -> Result<(Pkcs11Module, Option<Pin>), KeyLocationError> {
    let module = match Pkcs11Module::named(uri).as_ref().or(access.module.as_ref()) {
        Some(path) => Pkcs11Module::load(path)?,
        None => Pkcs11Module::load(Path::new(DEFAULT_MODULE)).map_err(KeyLocationError::NoModule)?,
    };
    if let Some(pin) = &uri.pin_value {
        return Ok((module, Some(pin.clone())));
    }
    let of_uri = uri.pin_source.clone().map(SecretSource::File);
    let pin = of_uri.as_ref().unwrap_or(&access.pin).read()?;
    let pin = pin.map(|secret| Pin::new(&secret).ok_or(KeyLocationError::PinText)).transpose()?;
    Ok((module, pin))
}
