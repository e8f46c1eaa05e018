//! `snowguard pe digest`

use super::image::{each, hex};
use crate::exit;
use anyhow::Context;
use authenticode::DigestAlgorithm;
use authenticode::attach;
use authenticode::file::{self, ImageFile};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::Clean;

/// Print the Authenticode digests of EFI programs.
///
/// The digest is what signatures are made of and what hashes in db and dbx are: of everything but
/// the checksum and the signatures themselves. So it is the same before and after signing.
///
/// A file whose size is no multiple of 8 is padded with zeros when it is signed, and that changes
/// the digest: `--as-is` gives the digest without padding, by which firmware knows an unsigned
/// file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// EFI programs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which digest; may be given several times
    #[arg(long, short, value_name = "NAME", default_value = "sha256", value_parser = algorithms(&DigestAlgorithm::ALL))]
    algorithm: Vec<DigestAlgorithm>,
    /// Of the file as it is, without the padding that signing adds
    #[arg(long)]
    as_is: bool,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  snowguard pe digest /boot/EFI/systemd/systemd-bootx64.efi
  snowguard pe digest --algorithm sha384 --json shimx64.efi";

/// A parser for the names of these.
pub(super) fn algorithms(
    known: &'static [DigestAlgorithm],
) -> impl TypedValueParser<Value = DigestAlgorithm> {
    let names: Vec<_> = known.iter().copied().map(DigestAlgorithm::name).collect();
    PossibleValuesParser::new(names).try_map(|name| {
        let found = known.iter().copied().find(|a| a.name() == name);
        found.ok_or_else(|| format!("there is no digest `{name}`"))
    })
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let mut out = terminal::stdout();
    each(&options.files, |path| {
        let image = ImageFile::open(path)?;
        let padding = if options.as_is { 0 } else { attach::padding(&image.layout) };
        let found = file::digests(&image.source, &image.layout, padding, &options.algorithm)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if options.json {
            let digests: serde_json::Map<_, _> =
                found.digests.iter().map(|(a, digest)| (a.name().to_owned(), json!(hex(digest)))).collect();
            writeln!(out, "{}", json!({ "file": path.to_string_lossy(), "digests": digests }))?;
        } else {
            for (algorithm, digest) in &found.digests {
                let name = if options.algorithm.len() > 1 { format!("{algorithm}:") } else { String::new() };
                writeln!(out, "{name}{}  {}", hex(digest), Clean(path.display()))?;
            }
        }
        Ok(())
    })
}
