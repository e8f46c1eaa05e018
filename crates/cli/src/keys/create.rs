//! `snowguard keys create`

use super::change::now;
use crate::pe::signer::passphrase;
use anyhow::{Context, ensure};
use authenticode::Guid;
use authenticode::create::KeyType;
use authenticode::sign::Secret;
use clap::{Args, ValueEnum};
use getrandom::SysRng;
use getrandom::rand_core::{Rng as _, UnwrapErr};
use secure_boot::{KeyFolder, NewKeys};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::Clean;

/// Make the keys of a machine's owner: PK, KEK and db.
///
/// For each: NAME.key (private, readable by you alone), NAME.pem and NAME.der (its certificate),
/// NAME.esl (a signature list), NAME.auth (an authorised change that enrols it). PK-remove.auth
/// takes the platform key out again, which leads back to setup mode. The folder must not be there
/// yet; it appears at once, with everything in it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys create --dir keys
  snowguard keys create --dir keys --name 'Example Inc.' --key rsa4096 --passphrase-file secret")]
pub(crate) struct Options {
    /// The new folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    keys: KeyOptions,
    /// Who puts the keys there; a new one, if it is not given
    #[arg(long, value_name = "GUID")]
    owner: Option<Guid>,
    /// Encrypt the private keys with the passphrase in this file; without it, with that in the
    /// variable SNOWGUARD_KEY_PASSPHRASE, and if there is none, not at all
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What new keys are like.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct KeyOptions {
    /// The name in the certificates; \"platform key\" and so on are added
    #[arg(long, value_name = "NAME", default_value = "Snowguard")]
    name: String,
    /// The kind of the keys; much firmware knows RSA of 2048 bits only
    #[arg(long, value_name = "KIND", default_value = "rsa2048")]
    key: Kinds,
    /// Make ECDSA keys all the same: for firmware that is not EDK2
    #[arg(long)]
    allow_ec: bool,
    /// How long the certificates are valid; firmware does not look at it
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kinds {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
}

impl From<Kinds> for KeyType {
    fn from(kind: Kinds) -> Self {
        match kind {
            Kinds::Rsa2048 => Self::Rsa { bits: 2048 },
            Kinds::Rsa3072 => Self::Rsa { bits: 3072 },
            Kinds::Rsa4096 => Self::Rsa { bits: 4096 },
            Kinds::P256 => Self::P256,
        }
    }
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let passphrase = passphrase(options.passphrase_file.as_deref()).read()?;
    let owner = create_folder(&options.dir, &options.keys, options.owner, passphrase.as_ref())?;
    let (mut out, folder) = (terminal::stdout(), Clean(options.dir.display()));
    writeln!(out, "{folder}: keys of the owner {owner}")?;
    writeln!(out, "  next: snowguard keys enroll --dir {folder}")?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a folder of new keys, of a new owner if none is given.
pub(super) fn create_folder(
    folder: &Path,
    keys: &KeyOptions,
    owner: Option<Guid>,
    passphrase: Option<&Secret>,
) -> anyhow::Result<Guid> {
    ensure!(
        !matches!(keys.key, Kinds::P256) || keys.allow_ec,
        "not by EDK2: no firmware that is built from it enrols a P-256 key, for it wants an RSA key in every \
         certificate; --allow-ec makes one all the same"
    );
    let mut random = UnwrapErr(SysRng);
    let owner = owner.unwrap_or_else(|| {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Guid::from_random(bytes)
    });
    let now = now()?;
    let later = now.plus_seconds(u64::from(keys.days) * 24 * 3600).context("that is after the year 9999")?;
    let (name, kind) = (keys.name.as_str(), keys.key.into());
    KeyFolder::create(folder, &NewKeys { name, owner, kind, valid: [now, later], passphrase }, &mut random)?;
    Ok(owner)
}
