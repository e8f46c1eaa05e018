//! `snowguard pe sign`

use super::image::{Image, each};
use crate::exit;
use anyhow::{Context, anyhow, bail};
use authenticode::attach::{attach, padding};
use authenticode::certificate::Certificate;
use authenticode::cms::{Content, Request, prepare};
use authenticode::digest::{Algorithm, gaps};
use authenticode::file;
use authenticode::key::{MAX_FILE, PrivateKey};
use authenticode::pe::certificates;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sign EFI programs.
///
/// The signature stands behind those that a program has already; `--replace` removes them. Files are written aside and
/// renamed, so a kill leaves the old file or the new one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// EFI programs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The private key: PKCS #8 (also encrypted), PKCS #1 or SEC 1, in PEM or DER
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// The certificate of the key, in PEM or DER; certificates behind it in the same file come along
    #[arg(long, value_name = "CERT")]
    cert: PathBuf,
    /// More certificates to put into the signature, between this one and the one that is trusted
    #[arg(long, value_name = "CERT")]
    chain: Vec<PathBuf>,
    /// A file with the passphrase of the key; without it, the variable SNOWGUARD_KEY_PASSPHRASE is used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Remove the signatures that are there
    #[arg(long)]
    replace: bool,
    /// Write to another file instead of in place; for one program
    #[arg(long, short, value_name = "FILE", conflicts_with = "output_dir")]
    output: Option<PathBuf>,
    /// Write into another folder, under the same names
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe sign --key db.key --cert db.pem linux.efi
  snowguard pe sign --key db.key --cert db.pem --output signed.efi linux.efi
  snowguard pe sign --key db.key --cert db.pem --output-dir signed/ EFI/Linux/*.efi";

/// The variable with the passphrase.
const PASSPHRASE: &str = "SNOWGUARD_KEY_PASSPHRASE";

/// Who signs.
struct Signer {
    key: PrivateKey,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    if options.output.is_some() && options.files.len() > 1 {
        let count = options.files.len();
        return Err(exit::Failure::usage(anyhow!(
            "--output is for one program, and there are {count}; use --output-dir"
        )));
    }
    let signer = Signer::read(options).map_err(exit::Failure::scan)?;
    each(&options.files, |path| {
        let output = match (&options.output, &options.output_dir) {
            (Some(output), _) => output.clone(),
            (None, Some(folder)) => {
                folder.join(path.file_name().with_context(|| format!("{} names no file", path.display()))?)
            }
            (None, None) => path.to_owned(),
        };
        sign(path, &output, &signer, options.replace)
    })
}

impl Signer {
    fn read(options: &Options) -> anyhow::Result<Self> {
        let passphrase = match &options.passphrase_file {
            Some(path) => {
                let mut bytes = small(path)?;
                while bytes.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                    bytes.pop();
                }
                Some(bytes)
            }
            None => std::env::var_os(PASSPHRASE).map(std::os::unix::ffi::OsStringExt::into_vec),
        };
        let key = PrivateKey::read(&small(&options.key)?, || passphrase)
            .with_context(|| format!("cannot use the key {}", options.key.display()))?;
        let mut all = read_certificates(&options.cert)?;
        if all.is_empty() {
            bail!("{} holds no certificate", options.cert.display());
        }
        let certificate = all.remove(0);
        for path in &options.chain {
            all.extend(read_certificates(path)?);
        }
        Ok(Self { key, certificate, chain: all })
    }
}

fn small(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > MAX_FILE as u64 {
        bail!("{} has {size} bytes, too many for a key or a passphrase", path.display());
    }
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Certificate::read_all(&bytes).with_context(|| format!("cannot use the certificate {}", path.display()))
}

fn sign(path: &Path, output: &Path, signer: &Signer, replace: bool) -> anyhow::Result<()> {
    let Image { source, layout } = Image::open(path)?;
    let name = || path.display().to_string();
    if let Some(gap) = gaps(&layout).first() {
        exit::warn(&format!(
            "{}: bytes {:#x} to {:#x} belong to no section; programs disagree on the digest of such files",
            path.display(),
            gap.start,
            gap.end
        ));
    }
    let digests =
        file::digests(&source, &layout, padding(&layout), &[Algorithm::Sha256]).with_context(name)?;
    let digest = digests.get(Algorithm::Sha256).unwrap_or_default().to_vec();
    let request = Request {
        content: Content::Image(digest),
        algorithm: Algorithm::Sha256,
        signer: &signer.certificate,
        chain: &signer.chain,
        signing_time: None,
    };
    let wanted = prepare(&request).with_context(name)?;
    let message = wanted.attributes.as_deref().unwrap_or_default();
    let signature = signer.key.sign(wanted.algorithm, message).context("cannot sign")?;
    let signature =
        wanted.complete(&signature, &[]).context("the key and the certificate do not belong together")?;
    let mut all: Vec<Vec<u8>> = Vec::new();
    if !replace {
        let there = certificates(&source, &layout).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        all.extend(there.into_iter().map(|c| c.content));
    }
    all.push(signature);
    let attachment = attach(&source, &layout, all.iter().map(Vec::as_slice))
        .map_err(|error| anyhow!("{}: {error}", path.display()))?;
    file::write_attached(&source, &attachment, output)
        .with_context(|| format!("cannot write {}", output.display()))
}
