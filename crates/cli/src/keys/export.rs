//! `snowguard keys export`

use crate::efivars::{EFIVARS, Efivars};
use crate::pe::lists as files;
use anyhow::{Context, bail};
use authenticode::certificate::to_pem;
use authenticode::file;
use authenticode::lists::{self, SignatureDatabase, SignatureList};
use authenticode::variable::{Authenticated, Variable};
use clap::{Args, ValueEnum};
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
    /// PK, KEK, db, dbx, dbt, MokListRT or MokListXRT; or a file with signature lists, of efivarfs, or an authorised change
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
        Some(path) => file::replace(path, None, |file| file.write_all(&bytes))
            .with_context(|| format!("cannot write {}", path.display()))?,
        None if options.format == Form::Pem => std::io::stdout().lock().write_all(&bytes)?,
        None => bail!("--output is missing: this form is nothing for a terminal"),
    }
    Ok(ExitCode::SUCCESS)
}

fn read(options: &Options) -> anyhow::Result<Vec<SignatureList>> {
    if let Some(variable) = Variable::by_name(&options.what) {
        let content = Efivars::open(&options.efivars)?.read(variable)?;
        let content = content.with_context(|| format!("there is no variable {variable}"))?;
        return lists::read(&content.data).with_context(|| variable.to_string());
    }
    let bytes = files::read_file(Path::new(&options.what))?;
    let change = || lists::read(&Authenticated::read(&bytes).ok()?.data).ok();
    let of_efivarfs = || bytes.get(4..).and_then(|data| lists::read(data).ok());
    lists::read(&bytes)
        .or_else(|error| of_efivarfs().or_else(change).ok_or(error))
        .with_context(|| options.what.clone())
}
