//! Who signs: a key and its certificates.

use super::token::{Place, TokenOptions};
use anyhow::{Context, bail};
use authenticode::certificate::Certificate;
use authenticode::key::{MAX_FILE, PrivateKey};
use authenticode::sign::{FileSigner, Signer};
use clap::Args;
use std::path::{Path, PathBuf};

/// The variable with the passphrase.
const PASSPHRASE: &str = "SNOWGUARD_KEY_PASSPHRASE";

#[derive(Debug, Args)]
pub(crate) struct SignerOptions {
    /// The private key: PKCS #8 (also encrypted), PKCS #1 or SEC 1, in PEM or DER; or a key in a token, as a PKCS #11 URI
    /// (`pkcs11:token=…;object=…`)
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    /// The certificate of the key, in PEM or DER, or a PKCS #11 URI; certificates behind it in the same file come along
    #[arg(long, value_name = "CERT")]
    cert: PathBuf,
    /// More certificates to put into the signature, between this one and the one that is trusted
    #[arg(long, value_name = "CERT")]
    chain: Vec<PathBuf>,
    /// A file with the passphrase of the key; without it, the variable SNOWGUARD_KEY_PASSPHRASE is used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    token: TokenOptions,
}

/// The signer's certificate, and those that come along.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) signer: Certificate,
    pub(crate) chain: Vec<Certificate>,
}

impl SignerOptions {
    pub(crate) fn certificates(&self) -> anyhow::Result<Certificates> {
        let mut all = read_certificates(&self.cert, &self.token)?;
        if all.is_empty() {
            bail!("{} holds no certificate", self.cert.display());
        }
        let signer = all.remove(0);
        for path in &self.chain {
            all.extend(read_certificates(path, &self.token)?);
        }
        Ok(Certificates { signer, chain: all })
    }
}

/// The passphrase of a key, from a file or from the environment.
pub(crate) fn passphrase(file: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    match file {
        Some(path) => read_passphrase(path).map(Some),
        None => Ok(std::env::var_os(PASSPHRASE).map(std::os::unix::ffi::OsStringExt::into_vec)),
    }
}

/// The passphrase in a file, without the end of the line.
pub(crate) fn read_passphrase(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = small(path)?;
    while bytes.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(bytes)
}

/// The signer; `None` if no key is named.
pub(crate) fn read(options: &SignerOptions) -> anyhow::Result<Option<Box<dyn Signer>>> {
    let Some(path) = &options.key else { return Ok(None) };
    if let Some(place) = Place::of(path, &options.token)? {
        let Certificates { signer: certificate, chain } = options.certificates()?;
        return place.signer(certificate, chain).map(Some);
    }
    let passphrase = passphrase(options.passphrase_file.as_deref())?;
    let key = PrivateKey::read(&small(path)?, || passphrase)
        .with_context(|| format!("cannot use the key {}", path.display()))?;
    let Certificates { signer: certificate, chain } = options.certificates()?;
    Ok(Some(Box::new(FileSigner { key, certificate, chain }.check()?)))
}

fn small(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > MAX_FILE as u64 {
        bail!("{} has {size} bytes, too many for a key or a passphrase", path.display());
    }
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_certificates(path: &Path, token: &TokenOptions) -> anyhow::Result<Vec<Certificate>> {
    if let Some(place) = Place::of(path, token)? {
        return Ok(vec![place.certificate()?]);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Certificate::read_all(&bytes).with_context(|| format!("cannot use the certificate {}", path.display()))
}
