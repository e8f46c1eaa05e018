//! `snowguard pe sign`

use super::digest::algorithms;
use super::image::each_at_once;
use super::programs::Programs;
use super::signer::SignerOptions;
use super::timestamp;
use crate::exit;
use anyhow::{Context, anyhow, bail};
use authenticode::DigestAlgorithm;
use authenticode::file::ImageFile;
use authenticode::image_digest::gaps;
use authenticode::pe::Layout;
use authenticode::sign::{
    Countersigner, RequestFolder, SignOptions, SignOutcome, Signer, SignerCertificates, Signing, sign,
};
use clap::Args;
use secure_boot::ListedFile;
use serde_json::json;
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sign EFI programs.
///
/// The signature stands behind those that a program has already; `--replace` removes them. What
/// this key signed already, and did not change since, stays as it is: signing twice is as good as
/// once. A kill leaves the old file or the new one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    programs: Programs,
    #[command(flatten)]
    signer: SignerOptions,
    /// The digest; much firmware knows SHA-256 only
    #[arg(long, value_name = "NAME", default_value = "sha256", value_parser = algorithms(&SIGNED))]
    digest: DigestAlgorithm,
    /// Remove the signatures that are there
    #[arg(long)]
    replace: bool,
    /// Sign again what this key signed already
    #[arg(long)]
    again: bool,
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
    /// JSON: one object a line, as programs are done
    #[arg(long)]
    json: bool,
}

/// What is signed today.
const SIGNED: [DigestAlgorithm; 3] =
    [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];

const EXAMPLES: &str = "\
Examples:
  snowguard pe sign --key db.key --cert db.pem linux.efi
  snowguard pe sign --key db.key --cert db.pem --output signed.efi linux.efi
  snowguard pe sign --key db.key --cert db.pem --output-dir signed/ EFI/Linux/*.efi
  snowguard pe sign --key db.key --cert db.pem --files-from list.txt
  find /boot -name '*.efi' -print0 | snowguard pe sign --key db.key --cert db.pem --files-from -

  # With a key on a machine without network:
  snowguard pe sign --cert db.pem --prepare requests/ linux.efi
  openssl dgst -sha256 -sign db.key -out requests/linux.efi.sig requests/linux.efi.tbs
  snowguard pe sign --cert db.pem --complete requests/ linux.efi";

impl Options {
    fn how(&self) -> SignOptions {
        SignOptions { algorithm: self.digest, keep: !self.replace, again: self.again }
    }

    /// Where the signed program goes.
    fn output(&self, file: &ListedFile) -> anyhow::Result<PathBuf> {
        Ok(match (&self.output, &self.output_dir) {
            (Some(output), _) => output.clone(),
            (None, Some(folder)) => folder.join(file_name(&file.path)?),
            (None, None) => file.output.as_ref().unwrap_or(&file.path).clone(),
        })
    }
}

fn file_name(path: &Path) -> anyhow::Result<&std::ffi::OsStr> {
    path.file_name().with_context(|| format!("{} names no file", path.display()))
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let files = options.programs.listed().map_err(exit::Failure::failed)?;
    if options.output.is_some() && files.len() > 1 {
        let count = files.len();
        return Err(exit::Failure::usage(anyhow!(
            "--output is for one program, and there are {count}; use --output-dir"
        )));
    }
    let outputs = outputs(&files, options).map_err(exit::Failure::usage)?;
    let paths: Vec<PathBuf> = files.into_iter().map(|file| file.path).collect();
    let each = |act: &(dyn Fn(&Path, &Path) -> anyhow::Result<&'static str> + Sync)| {
        each_at_once(&paths, |path| {
            let output = outputs.get(path).map_or(path, PathBuf::as_path);
            let result = act(path, output)?;
            report(path, output, result, options)
        })
    };
    if let Some(folder) = &options.prepare {
        let certificates = options.signer.certificates().map_err(exit::Failure::failed)?;
        let folder = RequestFolder::new(folder);
        return each(&|path, _| {
            let signing = begin(path, &certificates, options)?;
            if signing.is_done(false) {
                return Ok(ALREADY);
            }
            folder.write(path, &signing)?;
            Ok("prepared")
        });
    }
    if let Some(folder) = &options.complete {
        let certificates = options.signer.certificates().map_err(exit::Failure::failed)?;
        let folder = RequestFolder::new(folder);
        return each(&|path, output| complete(path, folder, &certificates, output, options));
    }
    let Some(signer) = options.signer.signer().map_err(exit::Failure::failed)? else {
        return Err(exit::Failure::usage(anyhow!(
            "--key is missing (or --prepare, for a key that is elsewhere)"
        )));
    };
    each(&|path, output| one(path, output, signer.as_ref(), options))
}

/// What is reported of a program that needs no signature.
const ALREADY: &str = "already signed";

fn report(path: &Path, output: &Path, result: &str, options: &Options) -> anyhow::Result<()> {
    if options.json {
        let line = json!({
            "file": path.to_string_lossy(),
            "output": output.to_string_lossy(),
            "result": result,
        });
        // In one piece, for several are signed at a time.
        terminal::stdout().write_all(format!("{line}\n").as_bytes())?;
    } else if result == ALREADY {
        exit::detail(|| format!("{}: signed by this key already", path.display()));
    }
    Ok(())
}

/// Where each program goes. Several are signed at a time, so two that go to one place would race.
fn outputs(files: &[ListedFile], options: &Options) -> anyhow::Result<HashMap<PathBuf, PathBuf>> {
    let mut places: HashMap<PathBuf, &Path> = HashMap::new();
    let mut outputs = HashMap::new();
    for file in files {
        let path = &file.path;
        let output = match &options.prepare {
            Some(folder) => folder.join(file_name(path)?),
            None => options.output(file)?,
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
        outputs.insert(path.clone(), output);
    }
    Ok(outputs)
}

fn one(path: &Path, output: &Path, signer: &dyn Signer, options: &Options) -> anyhow::Result<&'static str> {
    let image = open(path)?;
    let authority = options.timestamp_url.as_deref().map(|url| timestamp::authority(url, options.digest));
    let authority = authority.as_ref().map(|authority| authority as &dyn Countersigner);
    let outcome =
        sign(image, signer, authority, options.how(), output).with_context(|| path.display().to_string())?;
    Ok(match outcome {
        SignOutcome::Signed => "signed",
        SignOutcome::AlreadySigned => ALREADY,
    })
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
    output: &Path,
    options: &Options,
) -> anyhow::Result<&'static str> {
    let signing = begin(path, certificates, options)?;
    if signing.is_done(options.timestamp_url.is_some()) {
        signing.copy_to(output).with_context(|| path.display().to_string())?;
        return Ok(ALREADY);
    }
    let signature = folder.signature(path)?;
    folder.check(path, &signing)?;
    let from = folder.signature_path(path)?;
    let authority = options.timestamp_url.as_deref().map(|url| timestamp::authority(url, options.digest));
    let authority = authority.as_ref().map(|authority| authority as &dyn Countersigner);
    signing
        .complete(&signature, authority, output)
        .with_context(|| format!("{}, with the signature {}", path.display(), from.display()))?;
    Ok("signed")
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
