//! `snowguard pe strip`, `attach` and `detach`: signatures as bytes, whoever made them.

use super::image::each;
use crate::exit;
use anyhow::{Context, anyhow, bail};
use authenticode::attach::attach as plan;
use authenticode::file::{self, ImageFile};
use authenticode::pe::certificates;
use clap::Args;
use files::{read_limited, replace_bytes};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Remove all signatures from EFI programs, in place.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  snowguard pe strip grubx64.efi\n  snowguard pe strip grubx64.efi --output bare.efi"
)]
pub(crate) struct StripOptions {
    /// EFI programs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write to another file instead; for one program
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Attach signatures to an EFI program, behind those that it has.
///
/// A signature is PKCS #7 signed data in DER, as `snowguard pe detach` and `sbsign --detached`
/// write it. It is not verified.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  snowguard pe attach linux.efi linux.p7 --output linux.signed.efi")]
pub(crate) struct AttachOptions {
    /// The EFI program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Signatures
    #[arg(required = true, value_name = "SIGNATURE")]
    signatures: Vec<PathBuf>,
    /// Where the program with the signatures goes; it may be the same file
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Write a signature of an EFI program to a file.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  snowguard pe detach shimx64.efi.signed --output shim.p7\n  openssl pkcs7 -inform der -in shim.p7 -print_certs"
)]
pub(crate) struct DetachOptions {
    /// The EFI program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the signature goes
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Which of several, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: usize,
}

/// Real signatures have a few kilobytes.
const LARGEST: u64 = 1 << 20;

pub(super) fn strip(options: &StripOptions) -> Result<ExitCode, exit::Failure> {
    if options.output.is_some() && options.files.len() > 1 {
        return Err(exit::Failure::usage(anyhow!(
            "--output is for one program, and there are {}",
            options.files.len()
        )));
    }
    each(&options.files, |path| write(path, &[], options.output.as_deref().unwrap_or(path)))
}

pub(super) fn attach(options: &AttachOptions) -> Result<ExitCode, exit::Failure> {
    let act = || {
        let ImageFile { source, layout } = ImageFile::open(&options.file)?;
        let there = certificates(&source, &layout).with_context(|| options.file.display().to_string())?;
        let mut all: Vec<Vec<u8>> = there.into_iter().map(|c| c.content).collect();
        for path in &options.signatures {
            all.push(signature(path)?);
        }
        write(&options.file, &all, &options.output)
    };
    act().map_err(exit::Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn detach(options: &DetachOptions) -> Result<ExitCode, exit::Failure> {
    let act = || {
        let ImageFile { source, layout } = ImageFile::open(&options.file)?;
        let there = certificates(&source, &layout).with_context(|| options.file.display().to_string())?;
        let file = options.file.display();
        let found = match (there.get(options.index), there.len()) {
            (Some(found), _) => found,
            (None, 0) => bail!("{file} is not signed"),
            (None, count) => {
                bail!("{file} has {count} signatures, 0 to {}; none is {}", count - 1, options.index)
            }
        };
        Ok(replace_bytes(&options.output, &found.content)?)
    };
    act().map_err(exit::Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, signatures: &[Vec<u8>], output: &Path) -> anyhow::Result<()> {
    let ImageFile { source, layout } = ImageFile::open(path)?;
    let attachment = plan(&source, &layout, signatures.iter().map(Vec::as_slice))
        .with_context(|| path.display().to_string())?;
    Ok(file::write_attached(&source, &attachment, output)?)
}

/// Reads a signature; one in PEM or of another kind is refused before it does harm.
fn signature(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = read_limited(path, LARGEST)?;
    // A SEQUENCE with a long length.
    if !matches!(bytes.first_chunk(), Some([0x30, 0x82 | 0x83])) {
        bail!("{} is not PKCS #7 signed data in DER", path.display());
    }
    Ok(bytes)
}
