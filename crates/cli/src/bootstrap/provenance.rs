//! `snowguard bootstrap provenance`

use super::output::write;
use super::{StepOptions, StoreOptions};
use anyhow::Context as _;
use bootstrap::Built;
use bootstrap::provenance::{DsseKey, cyclonedx, statements};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Attest where the outputs come from, in a form that others can check: one in-toto statement with
/// SLSA provenance for each output.
///
/// One JSON text a line. With a key each is signed, in a DSSE envelope. Nothing in the statements
/// depends on when, where or how fast something was built, so those who build the same can compare
/// them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap provenance --output chain.intoto.jsonl
  openssl genpkey -algorithm ed25519 -out key.pem
  snowguard bootstrap provenance tcc2 --key key.pem --builder https://example.org/builders/1
  snowguard bootstrap provenance --sbom --output bootstrap.cdx.json")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Sign with this Ed25519 key: PEM as OpenSSL writes it, or Nix's NAME:BASE64
    #[arg(long, value_name = "FILE", conflicts_with = "sbom")]
    key: Option<PathBuf>,
    /// Who vouches for the build (SLSA's builder.id)
    #[arg(long, value_name = "URI", default_value = "urn:snowguard:bootstrap:local")]
    builder: String,
    /// A software bill of materials of the chain instead (CycloneDX 1.6)
    #[arg(long)]
    sbom: bool,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// No key is longer.
const LONGEST_KEY: u64 = 10_000;

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = options.steps.plan()?;
    let store = options.store.contents()?;
    let built = Built::read(&plan, &store)?;
    if options.sbom {
        let document = cyclonedx(&plan, &built);
        write(options.output.as_ref(), |out| writeln!(out, "{document:#}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let scheme = options.builder.split_once(':').map(|(scheme, rest)| (scheme.is_empty(), rest.is_empty()));
    anyhow::ensure!(scheme == Some((false, false)), "{:?} is no URI", options.builder);
    let key = options.key.as_ref().map(read_key).transpose()?;
    let all = statements(&plan, &built, &store, &options.builder)?;
    write(options.output.as_ref(), |out| {
        for statement in &all {
            match &key {
                Some(key) => writeln!(out, "{}", key.envelope(statement))?,
                None => writeln!(out, "{statement}")?,
            }
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn read_key(path: &PathBuf) -> anyhow::Result<DsseKey> {
    let context = || format!("cannot read the key {}", path.display());
    let size = std::fs::metadata(path).with_context(context)?.len();
    anyhow::ensure!(size <= LONGEST_KEY, "{} has {size} bytes: that is no key", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    DsseKey::from_text(&text).with_context(|| path.display().to_string())
}
