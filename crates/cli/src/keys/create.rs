//! `snowguard keys create`

use crate::pe::signer::passphrase;
use anyhow::Context;
use authenticode::create::KeyType;
use authenticode::{Guid, Time};
use clap::{Args, ValueEnum};
use getrandom::SysRng;
use getrandom::rand_core::{Rng as _, UnwrapErr};
use secure_boot::{KeyFolder, NewKeys};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
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
    /// The name in the certificates; \"platform key\" and so on are added
    #[arg(long, value_name = "NAME", default_value = "Snowguard")]
    name: String,
    /// Who puts the keys there; a new one, if it is not given
    #[arg(long, value_name = "GUID")]
    owner: Option<Guid>,
    /// SignatureListKind of the keys; much firmware knows RSA of 2048 bits only
    #[arg(long, value_name = "KIND", default_value = "rsa2048")]
    key: Kinds,
    /// How long the certificates are valid; firmware does not look at it
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,
    /// Encrypt the private keys with the passphrase in this file; without it, with that in the
    /// variable SNOWGUARD_KEY_PASSPHRASE, and if there is none, not at all
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
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
    let mut random = UnwrapErr(SysRng);
    let owner = options.owner.unwrap_or_else(|| {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Guid::from_random(bytes)
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let later = now + u64::from(options.days) * 24 * 3600;
    let time = |seconds| Time::from_unix(seconds).context("that is after the year 9999");
    let new = NewKeys {
        name: &options.name,
        owner,
        kind: options.key.into(),
        valid: [time(now)?, time(later)?],
        passphrase: passphrase.as_ref(),
    };
    KeyFolder::create(&options.dir, &new, &mut random)?;
    let (mut out, folder) = (terminal::stdout(), Clean(options.dir.display()));
    writeln!(out, "{folder}: keys of the owner {owner}")?;
    writeln!(out, "  next: snowguard keys enroll --dir {folder}")?;
    Ok(ExitCode::SUCCESS)
}
