//! `snowguard keys enroll`

use super::create::authorised;
use crate::efivars::{EFIVARS, Efivars};
use crate::exit;
use crate::pe::{lists as files, signer};
use anyhow::{Context, bail};
use authenticode::certificate::Certificate;
use authenticode::file;
use authenticode::guid::Guid;
use authenticode::key::PrivateKey;
use authenticode::lists::{self, SignatureDatabase};
use authenticode::secure_boot::{Change, MICROSOFT, Others, Owner, State, describe, plan};
use authenticode::time::Time;
use authenticode::variable::{Variable, VariableContent, attributes};
use clap::Args;
use scanner::report::clean;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Enrol the keys that `snowguard keys create` made. The machine must be in setup mode.
///
/// db and KEK are written first and PK last, which switches Secure Boot on: stopped before, the machine starts as it did.
///
/// Cards with programs in option ROMs (graphics, network, storage) need Microsoft's certificates, which sign them: without, the
/// machine may not even show a picture. So `--microsoft` is taken for granted, and leaving it out wants `--yes`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys enroll --dir keys --microsoft --dry-run
  snowguard keys enroll --dir keys --microsoft
  snowguard keys enroll --dir keys --yes     # option ROMs are known to be none, or signed by these keys")]
pub(crate) struct Options {
    /// The folder that `snowguard keys create` made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Microsoft's certificates too: those that the firmware brought (dbDefault, KEKDefault, db, KEK), or those in PATH
    #[arg(long, value_name = "PATH")]
    #[expect(clippy::option_option, reason = "how clap says that the value may be left out")]
    microsoft: Option<Option<PathBuf>>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only tell what would be written
    #[arg(long)]
    dry_run: bool,
    /// Do it although option ROMs will not be let through
    #[arg(long)]
    yes: bool,
    /// A file with the passphrase of the keys; without it, the variable SNOWGUARD_KEY_PASSPHRASE is used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let owner = read_owner(&options.dir)?;
    let variables = Efivars::open(&options.efivars)?;
    let state = State::read(|variable| variables.read(variable))?;
    let others = others(options, &variables)?;
    let changes = plan(&state, &owner, &others)?;
    for change in &changes {
        println!("{}", change.variable);
        let mut database = SignatureDatabase::default();
        database.add_lists(change.variable.name, &change.lists);
        for (entry, certificate) in database.certificates() {
            println!("  {}", clean(&describe(entry.owner, certificate)));
        }
    }
    if !others.let_option_roms_through() {
        let told = "option ROMs of cards will not be let through: without Microsoft's certificates the machine may not even \
                    show a picture";
        if !options.yes && !options.dry_run {
            bail!("{told}; add --microsoft, or --yes if you are sure");
        }
        exit::warn(told);
    }
    if options.dry_run {
        println!("nothing was written (--dry-run)");
        return Ok(ExitCode::SUCCESS);
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let time = |seconds| Time::from_unix(seconds).context("the clock is after 9999");
    let now = time(seconds)?;
    // Everything is signed before anything is written.
    let signed: Vec<(Variable, Vec<u8>)> = changes
        .iter()
        .map(|change| Ok((change.variable, sign(options, &owner, change, now)?)))
        .collect::<anyhow::Result<_>>()?;
    // Firmware takes nothing older than what it has (UEFI specification, section 8.2.2), so the way back that `create` made is of no
    // use from now on. The new one is there before it can be needed.
    let removal = Change { variable: Variable::PK, lists: Vec::new(), by: Variable::PK };
    let removal = sign(options, &owner, &removal, time(seconds + 1)?)?;
    let path = options.dir.join("PK-remove.auth");
    file::replace(&path, None, |file| file.write_all(&removal))
        .with_context(|| format!("cannot write {}; nothing was enrolled", path.display()))?;
    for (variable, data) in signed {
        variables.write(variable, &VariableContent { attributes: attributes::KEYS, data })?;
    }
    println!("enrolled; Secure Boot is on from the next start. Sign what is to start: snowguard pe sign");
    Ok(ExitCode::SUCCESS)
}

fn read_owner(folder: &Path) -> anyhow::Result<Owner> {
    let guid = folder.join("owner");
    let text = std::fs::read_to_string(&guid).with_context(|| {
        format!("cannot read {}; is {} what `snowguard keys create` made?", guid.display(), folder.display())
    })?;
    let guid: Guid = text.trim().parse().with_context(|| guid.display().to_string())?;
    let certificate = |variable: Variable| -> anyhow::Result<Certificate> {
        let path = folder.join(format!("{variable}.pem"));
        let bytes = files::read_file(&path)?;
        let mut all = Certificate::read_all(&bytes).with_context(|| path.display().to_string())?;
        Ok(all.remove(0))
    };
    Ok(Owner {
        guid,
        pk: certificate(Variable::PK)?,
        kek: certificate(Variable::KEK)?,
        db: certificate(Variable::DB)?,
    })
}

fn others(options: &Options, variables: &Efivars) -> anyhow::Result<Others> {
    let Some(microsoft) = &options.microsoft else { return Ok(Others::default()) };
    if let Some(path) = microsoft {
        let database = files::read(std::slice::from_ref(path))?;
        let mut others = Others::default();
        others.add_certificates(MICROSOFT, database.certificates().map(|(_, certificate)| certificate));
        return Ok(others);
    }
    let mut databases = Vec::new();
    for variable in [Variable::DB_DEFAULT, Variable::KEK_DEFAULT, Variable::DB, Variable::KEK] {
        if let Some(content) = variables.read(variable)? {
            let mut database = SignatureDatabase::default();
            let lists = lists::read(&content.data).with_context(|| variable.to_string())?;
            database.add_lists(variable.name, &lists);
            databases.push((variable, database));
        }
    }
    let others = Others::of_microsoft(&databases);
    if others.db.is_empty() {
        bail!(
            "the firmware's variables hold no certificates of Microsoft: give a folder with them, --microsoft PATH"
        );
    }
    Ok(others)
}

fn sign(options: &Options, owner: &Owner, change: &Change, now: Time) -> anyhow::Result<Vec<u8>> {
    let path = options.dir.join(format!("{}.key", change.by));
    let passphrase = signer::passphrase(options.passphrase_file.as_deref())?;
    let key = PrivateKey::read(&files::read_file(&path)?, || passphrase)
        .with_context(|| format!("cannot use the key {}", path.display()))?;
    let certificate = if change.by == Variable::PK { &owner.pk } else { &owner.kek };
    authorised(change.variable, now, &lists::write(&change.lists), &key, certificate)
        .with_context(|| format!("cannot authorise the change of {}", change.variable))
}
