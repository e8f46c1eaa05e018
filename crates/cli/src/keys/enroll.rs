//! `snowguard keys enroll`

use super::change::{Planned, now};
use crate::exit;
use crate::pe::signer::{passphrase, warn_of_open_key};
use anyhow::bail;
use authenticode::variable::Variable;
use clap::{Args, ValueEnum};
use secure_boot::{
    EFIVARS, EVENT_LOG, Efivars, Enrolment, KeyFolder, MICROSOFT, MoreLists, SecureBootState,
    SignedEnrolment, ThirdPartyKeys, digest_list, microsoft_of_machine, plan, read_database,
    read_option_roms, read_signature_lists, vendor_of_machine,
};
use serde_json::json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Enrol the keys that `snowguard keys create` made.
///
/// In setup mode db and KEK are written first and PK last, which switches Secure Boot on: stopped
/// before, the machine starts as it did. A machine that has these keys already takes changes of its
/// lists.
///
/// Cards with programs in option ROMs (graphics, network, storage) need Microsoft's certificates,
/// which sign them: without, the machine may not even show a picture. So one of `--microsoft`,
/// `--vendor` and `--option-roms` is taken for granted, and leaving it out wants `--yes`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys enroll --dir keys --microsoft --dry-run
  snowguard keys enroll --dir keys --microsoft
  snowguard keys enroll --dir keys --vendor            # all that the firmware came with
  snowguard keys enroll --dir keys --option-roms       # no certificates of others
  snowguard keys enroll --dir keys --append            # what is enrolled already stays
  snowguard keys enroll --dir keys --only db --append --db colleague.pem
  snowguard keys enroll --dir keys --only dbx --append --dbx revoked.esl
  snowguard keys enroll --dir keys --yes     # option ROMs are known to be none, or signed by these keys")]
#[expect(clippy::struct_excessive_bools, reason = "they are options of the command line")]
pub(crate) struct Options {
    /// The folder that `snowguard keys create` made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Microsoft's certificates too: those that the firmware brought (dbDefault, KEKDefault, db,
    /// KEK), or those in PATH
    #[arg(long, value_name = "PATH")]
    #[expect(clippy::option_option, reason = "how clap says that the value may be left out")]
    microsoft: Option<Option<PathBuf>>,
    /// All that the firmware brought too: dbDefault, KEKDefault, dbxDefault
    #[arg(long)]
    vendor: bool,
    /// The digests of the programs in option ROMs too, as the TPM's event log of this start, or the
    /// log in FILE, has them: so they start without Microsoft's certificates. Another card, or an
    /// update of its program, needs this again
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = EVENT_LOG)]
    option_roms: Option<PathBuf>,
    /// Keep what is enrolled, and add what is new
    #[arg(long)]
    append: bool,
    /// Write these variables only
    #[arg(long, value_name = "VARIABLE")]
    only: Vec<Only>,
    /// More that may start: certificates (PEM, DER), signature lists, or a folder of them
    #[arg(long, value_name = "PATH")]
    db: Vec<PathBuf>,
    /// What may not start: the same
    #[arg(long, value_name = "PATH")]
    dbx: Vec<PathBuf>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only print what would be written
    #[arg(long)]
    dry_run: bool,
    /// Do it although option ROMs will not be let through
    #[arg(long)]
    yes: bool,
    /// A file with the passphrase of the keys; without it, the variable SNOWGUARD_KEY_PASSPHRASE is
    /// used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    #[value(name = "PK", alias = "pk")]
    Pk,
    #[value(name = "KEK", alias = "kek")]
    Kek,
    Db,
    Dbx,
}

impl Only {
    fn variable(self) -> Variable {
        match self {
            Self::Pk => Variable::PK,
            Self::Kek => Variable::KEK,
            Self::Db => Variable::DB,
            Self::Dbx => Variable::DBX,
        }
    }
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let folder = KeyFolder::open(&options.dir)?;
    let variables = Efivars::open(&options.efivars)?;
    let state = SecureBootState::read(|variable| variables.read(variable))?;
    let others = others(options, &variables)?;
    let more = more(options, &folder, &variables)?;
    let only: Vec<Variable> = options.only.iter().map(|only| only.variable()).collect();
    let owner = folder.keys();
    let wanted = Enrolment { owner, others: &others, more: &more, append: options.append, only: &only };
    let changes = plan(&state, &wanted)?;
    let planned =
        changes.iter().map(|change| Planned::new(change, &variables)).collect::<Result<Vec<_>, _>>()?;
    let mut out = terminal::stdout();
    if !options.json {
        planned.iter().try_for_each(|change| change.print(&mut out))?;
    }
    let writes_db = changes.iter().any(|change| change.variable == Variable::DB);
    if writes_db && !wanted.lets_option_roms_through(&state) {
        let warning = "option ROMs of cards will not be let through: without Microsoft's certificates the machine may not \
                       even show a picture";
        if !options.yes && !options.dry_run {
            bail!("{warning}; add --microsoft, --vendor or --option-roms, or --yes if you are sure");
        }
        exit::warn(warning);
    }
    let write = !options.dry_run && !changes.is_empty();
    if write {
        let passphrase = passphrase(options.passphrase_file.as_deref());
        for (path, mode) in folder.readable_by_all() {
            warn_of_open_key(&path, mode);
        }
        // Everything is signed before anything is written.
        SignedEnrolment::sign(&changes, &folder, &passphrase, now()?)?.apply(&folder, &variables)?;
    }
    if options.json {
        let changes: Vec<_> = planned.iter().map(Planned::describe).collect();
        writeln!(out, "{}", json!({ "changes": changes, "written": write }))?;
    } else if changes.is_empty() {
        writeln!(out, "nothing to do: all of it is enrolled already")?;
    } else if options.dry_run {
        writeln!(out, "nothing was written (--dry-run)")?;
    } else if changes.iter().any(|change| change.variable == Variable::PK) {
        writeln!(
            out,
            "enrolled; Secure Boot is on from the next start. Sign what is to start: snowguard pe sign"
        )?;
    } else {
        writeln!(out, "enrolled")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn others(options: &Options, variables: &Efivars) -> anyhow::Result<ThirdPartyKeys> {
    let mut others = ThirdPartyKeys::default();
    match &options.microsoft {
        None => {}
        Some(None) => others = microsoft_of_machine(variables)?,
        Some(Some(path)) => {
            let database = read_database(std::slice::from_ref(path))?;
            others.add_certificates(MICROSOFT, database.certificates().map(|(_, certificate)| certificate));
        }
    }
    Ok(others)
}

fn more(options: &Options, folder: &KeyFolder, variables: &Efivars) -> anyhow::Result<MoreLists> {
    let mut more = if options.vendor { vendor_of_machine(variables)? } else { MoreLists::default() };
    more.db.extend(read_signature_lists(&options.db, folder.keys().guid)?);
    if let Some(log) = &options.option_roms {
        let roms = read_option_roms(log)?;
        exit::detail(|| {
            let own = roms.iter().filter(|rom| rom.in_firmware).count();
            format!("{} drivers in {}, of which {own} are the firmware's own", roms.len(), log.display())
        });
        more.option_roms = !roms.is_empty();
        more.db.extend(digest_list(&roms, folder.keys().guid));
    }
    more.dbx.extend(read_signature_lists(&options.dbx, folder.keys().guid)?);
    Ok(more)
}
