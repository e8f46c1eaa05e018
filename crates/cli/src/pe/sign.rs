//! `snowguard pe sign`

use super::digest::algorithms;
use super::image::each_at_once;
use super::signer::SignerOptions;
use super::timestamp;
use crate::exit;
use anyhow::{Context, anyhow, bail};
use authenticode::DigestAlgorithm;
use authenticode::file::ImageFile;
use authenticode::image_digest::gaps;
use authenticode::pe::Layout;
use authenticode::sign::{
    Countersigner, RequestFolder, SignOptions, Signer, SignerCertificates, Signing, sign,
};
use clap::Args;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sign EFI programs.
///
/// The signature stands behind those that a program has already; `--replace` removes them. A kill
/// leaves the old file or the new one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// EFI programs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    signer: SignerOptions,
    /// The digest; much firmware knows SHA-256 only
    #[arg(long, value_name = "NAME", default_value = "sha256", value_parser = algorithms(&SIGNED))]
    digest: DigestAlgorithm,
    /// Remove the signatures that are there
    #[arg(long)]
    replace: bool,
    /// Write to another file instead of in place; for one program
    #[arg(long, short, value_name = "FILE", conflicts_with = "output_dir")]
    output: Option<PathBuf>,
    /// Write into another folder, under the same names
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Sign nothing, but write into DIR what the key has to sign, wherever it is: NAME.tbs, and
    /// NAME.json about it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["complete", "key", "output", "output_dir"])]
    prepare: Option<PathBuf>,
    /// Let this authority say when each signature was made (RFC 3161, over HTTP), for instance
    /// http://timestamp.example/
    #[arg(long, value_name = "URL", conflicts_with = "prepare")]
    timestamp_url: Option<String>,
    /// Attach the signatures NAME.sig in DIR, which were made of what --prepare wrote
    #[arg(long, value_name = "DIR", conflicts_with = "key")]
    complete: Option<PathBuf>,
}

/// What is signed today.
const SIGNED: [DigestAlgorithm; 3] =
    [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];

const EXAMPLES: &str = "\
Examples:
  snowguard pe sign --key db.key --cert db.pem linux.efi
  snowguard pe sign --key db.key --cert db.pem --output signed.efi linux.efi
  snowguard pe sign --key db.key --cert db.pem --output-dir signed/ EFI/Linux/*.efi

  # With a key on a machine without network:
  snowguard pe sign --cert db.pem --prepare requests/ linux.efi
  openssl dgst -sha256 -sign db.key -out requests/linux.efi.sig requests/linux.efi.tbs
  snowguard pe sign --cert db.pem --complete requests/ linux.efi";

impl Options {
    fn how(&self) -> SignOptions {
        SignOptions { algorithm: self.digest, keep: !self.replace }
    }

    /// Where the signed program goes.
    fn output(&self, path: &Path) -> anyhow::Result<PathBuf> {
        Ok(match (&self.output, &self.output_dir) {
            (Some(output), _) => output.clone(),
            (None, Some(folder)) => folder.join(file_name(path)?),
            (None, None) => path.to_owned(),
        })
    }
}

fn file_name(path: &Path) -> anyhow::Result<&std::ffi::OsStr> {
    path.file_name().with_context(|| format!("{} names no file", path.display()))
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    if options.output.is_some() && options.files.len() > 1 {
        let count = options.files.len();
        return Err(exit::Failure::usage(anyhow!(
            "--output is for one program, and there are {count}; use --output-dir"
        )));
    }
    distinct(options).map_err(exit::Failure::usage)?;
    if let Some(folder) = &options.prepare {
        let certificates = options.signer.certificates().map_err(exit::Failure::failed)?;
        let folder = RequestFolder::new(folder);
        return each_at_once(&options.files, |path| {
            Ok(folder.write(path, &begin(path, &certificates, options)?)?)
        });
    }
    if let Some(folder) = &options.complete {
        let certificates = options.signer.certificates().map_err(exit::Failure::failed)?;
        let folder = RequestFolder::new(folder);
        return each_at_once(&options.files, |path| complete(path, folder, &certificates, options));
    }
    let Some(signer) = options.signer.signer().map_err(exit::Failure::failed)? else {
        return Err(exit::Failure::usage(anyhow!(
            "--key is missing (or --prepare, for a key that is elsewhere)"
        )));
    };
    each_at_once(&options.files, |path| one(path, signer.as_ref(), options))
}

/// Several are signed at a time, so two that go to one place would race.
fn distinct(options: &Options) -> anyhow::Result<()> {
    let mut places: HashMap<PathBuf, &Path> = HashMap::new();
    for path in &options.files {
        let output = match &options.prepare {
            Some(folder) => folder.join(file_name(path)?),
            None => options.output(path)?,
        };
        let place = std::fs::canonicalize(&output).unwrap_or_else(|_| output.clone());
        if let Some(other) = places.insert(place, path) {
            bail!(
                "{} and {} would both be written to {}; use different folders",
                other.display(),
                path.display(),
                output.display()
            );
        }
    }
    Ok(())
}

fn one(path: &Path, signer: &dyn Signer, options: &Options) -> anyhow::Result<()> {
    let image = open(path)?;
    let authority = options.timestamp_url.as_deref().map(|url| timestamp::authority(url, options.digest));
    let authority = authority.as_ref().map(|authority| authority as &dyn Countersigner);
    sign(image, signer, authority, options.how(), &options.output(path)?)
        .with_context(|| path.display().to_string())
}

fn begin(path: &Path, certificates: &SignerCertificates, options: &Options) -> anyhow::Result<Signing> {
    Signing::begin(open(path)?, certificates, options.how()).with_context(|| path.display().to_string())
}

/// Attaches the signature that the key made. What was signed is worked out again, so nothing but
/// the signature is believed.
fn complete(
    path: &Path,
    folder: RequestFolder<'_>,
    certificates: &SignerCertificates,
    options: &Options,
) -> anyhow::Result<()> {
    let signature = folder.signature(path)?;
    let signing = begin(path, certificates, options)?;
    folder.check(path, &signing)?;
    let from = folder.signature_path(path)?;
    let authority = options.timestamp_url.as_deref().map(|url| timestamp::authority(url, options.digest));
    let authority = authority.as_ref().map(|authority| authority as &dyn Countersigner);
    signing
        .complete(&signature, authority, &options.output(path)?)
        .with_context(|| format!("{}, with the signature {}", path.display(), from.display()))
}

fn open(path: &Path) -> anyhow::Result<ImageFile> {
    let image = ImageFile::open(path)?;
    warn_of_gaps(path, &image.layout);
    Ok(image)
}

fn warn_of_gaps(path: &Path, layout: &Layout) {
    if let Some(gap) = gaps(layout).first() {
        exit::warn(format_args!(
            "{}: bytes {:#x} to {:#x} belong to no section; programs disagree on the digest of such files",
            path.display(),
            gap.start,
            gap.end
        ));
    }
}
