//! The options that name a key and its certificates.

use crate::exit;
use anyhow::bail;
use authenticode::key_location::{KeyAccess, KeyLocation, readable_by_all};
use authenticode::sign::{Secret, SecretSource, Signer, SignerCertificates};
use clap::Args;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The variable with the passphrase.
const PASSPHRASE: &str = "SNOWGUARD_KEY_PASSPHRASE";
/// The variable with the PIN.
#[cfg(feature = "pkcs11")]
const PIN: &str = "SNOWGUARD_PIN";

#[derive(Debug, Args)]
pub(crate) struct SignerOptions {
    /// The private key: PKCS #8 (also encrypted), PKCS #1 or SEC 1, in PEM or DER, or PKCS #12; or
    /// a key in a token, as a PKCS #11 URI (`pkcs11:token=…;object=…`)
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    /// The certificate of the key, in PEM, DER or PKCS #12, or a PKCS #11 URI; certificates behind
    /// it in the same file come along. If it is not given, the file of the key holds it too
    #[arg(long, value_name = "CERT", required_unless_present = "key")]
    cert: Option<PathBuf>,
    /// More certificates to put into the signature, between this one and the one that is trusted
    #[arg(long, value_name = "CERT")]
    chain: Vec<PathBuf>,
    /// A file with the passphrase of the key; without it, the variable SNOWGUARD_KEY_PASSPHRASE is
    /// used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    token: TokenOptions,
}

/// What tokens need in addition to the URI.
#[cfg(feature = "pkcs11")]
#[derive(Debug, Args)]
#[group(skip)]
struct TokenOptions {
    /// The PKCS #11 module for keys in tokens, unless the URI has module-path=; without it,
    /// p11-kit-proxy.so
    #[arg(long, value_name = "FILE")]
    pkcs11_module: Option<PathBuf>,
    /// A file with the token's PIN, unless the URI has pin-source= or pin-value=; without it, the
    /// variable SNOWGUARD_PIN
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

/// Without the feature `pkcs11`, keys are in files only.
#[cfg(not(feature = "pkcs11"))]
#[derive(Debug, Args)]
#[group(skip)]
struct TokenOptions {}

impl SignerOptions {
    #[cfg_attr(
        feature = "pkcs11",
        expect(clippy::needless_update, reason = "without tokens there are fewer fields here than there")
    )]
    fn access(&self) -> KeyAccess {
        KeyAccess {
            passphrase: passphrase(self.passphrase_file.as_deref()),
            #[cfg(feature = "pkcs11")]
            module: self.token.pkcs11_module.clone(),
            #[cfg(feature = "pkcs11")]
            pin: secret(self.token.pin_file.as_deref(), PIN),
            ..KeyAccess::default()
        }
    }

    /// The certificate of the key, and those that go into the signature with it.
    pub(crate) fn certificates(&self) -> anyhow::Result<SignerCertificates> {
        let access = self.access();
        let Some(cert) = self.cert.as_ref().or(self.key.as_ref()) else { bail!("--cert is missing") };
        let mut all = KeyLocation::parse(cert)?.certificates(&access)?;
        if all.is_empty() {
            bail!("{} holds no certificate", cert.display());
        }
        let signer = all.remove(0);
        for path in &self.chain {
            all.extend(KeyLocation::parse(path)?.certificates(&access)?);
        }
        Ok(SignerCertificates { signer, chain: all })
    }

    /// The signer; `None` if no key is named.
    pub(crate) fn signer(&self) -> anyhow::Result<Option<Box<dyn Signer>>> {
        let Some(key) = &self.key else { return Ok(None) };
        let key = KeyLocation::parse(key)?;
        if let KeyLocation::File(path) = &key
            && let Some(mode) = readable_by_all(path)
        {
            warn_of_open_key(path, mode);
        }
        Ok(Some(key.signer(&self.access(), self.certificates()?)?))
    }
}

/// Warns that a private key is not private.
pub(crate) fn warn_of_open_key(path: &Path, mode: u32) {
    let path = path.display();
    exit::warn(format_args!(
        "everybody on this machine may read the private key {path} (mode {mode:04o}): chmod 600 {path}"
    ));
}

/// The passphrase of a key, from a file or from the environment.
pub(crate) fn passphrase(file: Option<&Path>) -> SecretSource {
    secret(file, PASSPHRASE)
}

fn secret(file: Option<&Path>, variable: &str) -> SecretSource {
    match (file, std::env::var_os(variable)) {
        (Some(path), _) => SecretSource::File(path.to_owned()),
        (None, Some(value)) => SecretSource::Given(Secret::from(value.into_vec())),
        (None, None) => SecretSource::None,
    }
}
