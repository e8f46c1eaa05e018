//! `snowguard keys export`

use anyhow::{Context, bail};
use authenticode::certificate::to_pem;
use authenticode::lists::{self, MAX_LISTS, SignatureDatabase, SignatureList};
use authenticode::trust_file::read_lists;
use authenticode::variable::Variable;
use clap::{Args, ValueEnum};
use files::{read_limited, replace_bytes};
use secure_boot::{EFIVARS, Efivars};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write what a variable or a file holds as signature lists or certificates.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys export db --format pem --output db.pem
  snowguard keys export dbx --output dbx.esl
  snowguard keys export keys/db.auth --format der --output db.der")]
pub(crate) struct Options {
    /// PK, KEK, db, dbx, dbt, MokListRT or MokListXRT; or a file with signature lists, of efivarfs,
    /// or an authorised change
    #[arg(value_name = "VARIABLE|FILE")]
    what: String,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "esl")]
    format: Form,
    /// Where it goes; standard output for PEM, if it is not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Signature lists, as they are
    Esl,
    /// All certificates
    Pem,
    /// The certificate, if there is just one
    Der,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let lists = read(options)?;
    let mut database = SignatureDatabase::default();
    database.add_lists(&options.what, &lists);
    let certificates: Vec<_> = database.certificates().map(|(_, certificate)| certificate).collect();
    let bytes = match (options.format, certificates.as_slice()) {
        (Form::Esl, _) => lists::write(&lists),
        (_, []) => bail!("{} holds no certificate", options.what),
        (Form::Pem, all) => {
            all.iter().map(|certificate| to_pem(certificate)).collect::<String>().into_bytes()
        }
        (Form::Der, [one]) => one.der().to_vec(),
        (Form::Der, all) => {
            bail!(
                "{} holds {} certificates, and DER has room for one: use --format pem",
                options.what,
                all.len()
            )
        }
    };
    match &options.output {
        Some(path) => replace_bytes(path, &bytes)?,
        None if options.format == Form::Pem => terminal::stdout_bytes().write_all(&bytes)?,
        None => bail!("--output is missing: this form is nothing for a terminal"),
    }
    Ok(ExitCode::SUCCESS)
}

fn read(options: &Options) -> anyhow::Result<Vec<SignatureList>> {
    if let Some(variable) = Variable::by_name(&options.what) {
        let lists = Efivars::open(&options.efivars)?.lists(variable)?;
        return lists.with_context(|| format!("there is no variable {variable}"));
    }
    let bytes = read_limited(Path::new(&options.what), MAX_LISTS as u64)?;
    read_lists(&bytes).with_context(|| options.what.clone())
}
