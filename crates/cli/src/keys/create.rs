//! `snowguard keys create`

use anyhow::{Context, bail};
use authenticode::certificate::{Certificate, to_pem};
use authenticode::create::{CreatedKey, KeyType, create};
use authenticode::guid::Guid;
use authenticode::key::PrivateKey;
use authenticode::lists::{self, SignatureList, SignatureListKind};
use authenticode::time::Time;
use authenticode::variable::{Authenticated, Variable, attributes, prepare};
use clap::{Args, ValueEnum};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Make the keys of a machine's owner: PK, KEK and db.
///
/// For each: NAME.key (private, readable by you alone), NAME.pem and NAME.der (its certificate), NAME.esl (a signature list),
/// NAME.auth (an authorised change that enrols it). PK-remove.auth takes the platform key out again, which leads back to
/// setup mode. The folder must not be there yet; it appears at once, with everything in it.
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
    /// Encrypt the private keys with the passphrase in this file
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

/// Variables with their keys' purpose.
const ROLES: [(Variable, &str); 3] = [
    (Variable::PK, "platform key"),
    (Variable::KEK, "key exchange key"),
    (Variable::DB, "signature database key"),
];

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if options.dir.exists() {
        bail!("{} is there already; keys are never overwritten", options.dir.display());
    }
    let passphrase =
        options.passphrase_file.as_deref().map(crate::pe::signer::read_passphrase).transpose()?;
    let mut random = UnwrapErr(SysRng);
    let owner = options.owner.unwrap_or_else(|| random_guid(&mut random));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let later = now + u64::from(options.days) * 24 * 3600;
    let time = |seconds| Time::from_unix(seconds).context("that is after the year 9999");
    let valid = [time(now)?, time(later)?];
    let mut keys = Vec::new();
    for (variable, role) in ROLES {
        let name = format!("{} {role}", options.name);
        keys.push((variable, create(options.key.into(), &name, valid, &mut random)?));
    }

    let parent = options.dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::Builder::new().prefix(".snowguard-keys-").tempdir_in(parent);
    let beside = beside.with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    // Nobody else sees it while it is filled.
    let inside = beside.path().join("keys");
    DirBuilder::new().mode(0o700).create(&inside)?;
    write(&inside, "owner", 0o644, format!("{owner}\n").as_bytes())?;
    for (variable, key) in &keys {
        let file = |ending: &str| format!("{variable}.{ending}");
        write(&inside, &file("key"), 0o600, key.key_pem(passphrase.as_deref())?.as_bytes())?;
        write(&inside, &file("pem"), 0o644, to_pem(&key.certificate).as_bytes())?;
        write(&inside, &file("der"), 0o644, key.certificate.der())?;
        let list = SignatureList::single(SignatureListKind::X509, owner, key.certificate.der().to_vec());
        let list = lists::write(&[list]);
        write(&inside, &file("esl"), 0o644, &list)?;
        let by = if *variable == Variable::DB { Variable::KEK } else { Variable::PK };
        let signer = keys.iter().find(|(variable, _)| *variable == by).map(|(_, key)| key);
        let signer = signer.context("no key signs it")?;
        write(&inside, &file("auth"), 0o644, &authorise(*variable, valid[0], &list, signer)?)?;
        if *variable == Variable::PK {
            // A second later: firmware takes newer changes only. `enroll`, which signs anew, makes this one anew too.
            let after = time(now + 1)?;
            write(&inside, "PK-remove.auth", 0o644, &authorise(*variable, after, &[], key)?)?;
        }
    }
    File::open(&inside)?.sync_all()?;
    std::fs::rename(&inside, &options.dir)
        .with_context(|| format!("cannot make {}", options.dir.display()))?;
    File::open(parent)?.sync_all()?;
    println!("{}: keys of the owner {owner}", options.dir.display());
    println!("  next: snowguard keys enroll --dir {}", options.dir.display());
    Ok(ExitCode::SUCCESS)
}

fn authorise(variable: Variable, time: Time, data: &[u8], signer: &CreatedKey) -> anyhow::Result<Vec<u8>> {
    let key = PrivateKey::read(signer.key.as_bytes(), || None)?;
    authorised(variable, time, data, &key, &signer.certificate)
}

/// An authorised change, as a file.
pub(super) fn authorised(
    variable: Variable,
    time: Time,
    data: &[u8],
    key: &PrivateKey,
    certificate: &Certificate,
) -> anyhow::Result<Vec<u8>> {
    let (wanted, message) = prepare(variable, attributes::KEYS, time, data, certificate)?;
    let signature = key.sign(wanted.algorithm, &message)?;
    let signature = wanted.complete_bare(&signature, &[])?;
    Ok(Authenticated { time, signature, data: data.to_vec() }.write())
}

fn write(folder: &Path, name: &str, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(name);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {name}"))
}

/// A random GUID (RFC 9562, version 4).
fn random_guid(random: &mut impl getrandom::rand_core::Rng) -> Guid {
    let mut bytes = [0; 16];
    random.fill_bytes(&mut bytes);
    // In memory the third field is little-endian.
    bytes[7] = bytes[7] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Guid::from_bytes(bytes)
}
