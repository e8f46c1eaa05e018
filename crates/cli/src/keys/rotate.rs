//! `snowguard keys rotate`

use super::change::{Planned, now};
use super::create::{KeyOptions, create_folder};
use crate::exit;
use crate::pe::image::each_at_once;
use crate::pe::signer::passphrase;
use anyhow::{Context, anyhow};
use authenticode::DigestAlgorithm;
use authenticode::file::ImageFile;
use authenticode::sign::{
    FileSigner, SecretSource, SignOptions, SignerCertificates, remove_signatures, sign,
};
use authenticode::variable::Variable;
use clap::Args;
use secure_boot::{
    Consequences, EFIVARS, Efivars, KeyFolder, MachineLists, Rotation, SignedRotation, machine_policy,
    policy_without, read_file_list, write_all,
};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::clean;

/// Replace the keys of a machine by new ones: PK, KEK and db.
///
/// The machine starts wherever this is stopped: the new db key is added first, then programs are
/// signed with it (they keep the old signature), then KEK and PK are replaced, and the old db key
/// goes last. It goes only if every program of --esp and of the lists starts without it. Called
/// again, it does what is left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys rotate --dir keys --new keys.2027 --esp /boot --dry-run
  snowguard keys rotate --dir keys --new keys.2027 --esp /boot
  snowguard keys rotate --dir keys --new keys.2027 --files-from list.txt --esp /boot")]
pub(crate) struct Options {
    /// The folder with the keys that are enrolled
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The folder with the new keys; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    new: PathBuf,
    #[command(flatten)]
    keys: KeyOptions,
    /// Programs to sign with the new key: a path a line, or what `find -print0` prints, or sbctl's
    /// files.json. The file `files` of the old folder is read without being named
    #[arg(long, value_name = "LIST")]
    files_from: Vec<PathBuf>,
    /// Sign all programs in this folder that start by the old key
    #[arg(long, value_name = "DIR")]
    esp: Vec<PathBuf>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only print what would be done; the new keys are not made either
    #[arg(long)]
    dry_run: bool,
    /// A file with the passphrase of the old keys, and of the new ones unless --new-passphrase-file
    /// names another; without it, the variable SNOWGUARD_KEY_PASSPHRASE is used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Encrypt the new private keys with the passphrase in this file
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

/// The list of files in a folder of keys.
const FILES: &str = "files";

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let old = KeyFolder::open(&options.dir).map_err(exit::Failure::failed)?;
    let variables = Efivars::open(&options.efivars).map_err(exit::Failure::failed)?;
    let machine = MachineLists::read(&variables).map_err(exit::Failure::failed)?;
    let old_secret = passphrase(options.passphrase_file.as_deref());
    let new_secret = match &options.new_passphrase_file {
        Some(path) => SecretSource::File(path.clone()),
        None => old_secret.clone(),
    };
    let scratch = tempfile::tempdir().map_err(exit::Failure::failed)?;
    let (new, made) = match options.new.exists() {
        true => (options.new.clone(), false),
        // The plan needs certificates; these are for looking only.
        false if options.dry_run => (scratch.path().join("new"), true),
        false => (options.new.clone(), true),
    };
    if made {
        let secret = new_secret.read().map_err(exit::Failure::failed)?;
        // Nothing is changed before the new keys are on disk.
        create_folder(&new, &options.keys, Some(old.keys().guid), secret.as_ref())?;
    }
    let new = KeyFolder::open(&new).map_err(exit::Failure::failed)?;
    let work = Work { options, old, new, variables, new_secret };
    let rotation =
        Rotation::plan(&machine, work.old.keys(), work.new.keys()).map_err(exit::Failure::failed)?;
    let files = work.files().map_err(exit::Failure::failed)?;
    work.show(&rotation, &files).map_err(exit::Failure::failed)?;
    // Against what the machine holds before anything is written.
    let changes = work.changes(&rotation).map_err(exit::Failure::failed)?;
    if options.dry_run {
        return work.finish(&changes, &files, Ending::DryRun).map_err(exit::Failure::failed);
    }
    // Everything is signed before anything is written.
    let time = now().map_err(exit::Failure::failed)?;
    let signed = rotation.sign(&work.old, &work.new, [&old_secret, &work.new_secret], time);
    let signed = signed.map_err(exit::Failure::failed)?;
    work.begin(&signed, &files).map_err(exit::Failure::failed)?;
    work.sign_files(&files)?;
    write_all(&work.variables, &signed.owner).map_err(exit::Failure::failed)?;
    let ending = work.end(&signed, &files).map_err(exit::Failure::failed)?;
    if ending == Ending::Done {
        work.remove_old_signatures(&files)?;
    }
    work.finish(&changes, &files, ending).map_err(exit::Failure::failed)
}

/// How far a rotation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Nothing was to be done.
    DryRun,
    /// The old keys are gone.
    Done,
    /// Nobody said which programs there are.
    Unknown,
    /// Programs still need the old db key.
    Needed(usize),
}

struct Work<'a> {
    options: &'a Options,
    old: KeyFolder,
    new: KeyFolder,
    variables: Efivars,
    new_secret: SecretSource,
}

impl Work<'_> {
    /// The programs to sign: those of lists, and those that start by the old key. The list of the
    /// new keys is that of a rotation that was stopped, maybe when only old signatures were left.
    fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let read = |list: &Path| -> anyhow::Result<Vec<PathBuf>> {
            let listed = read_file_list(list)?;
            Ok(listed.into_iter().map(|file| file.output.unwrap_or(file.path)).collect())
        };
        let mut files = Vec::new();
        for list in &self.options.files_from {
            files.extend(read(list)?);
        }
        let own = [&self.old, &self.new].map(|folder| folder.path().join(FILES));
        for list in own.iter().filter(|list| list.exists()) {
            // Programs of earlier generations may be gone since.
            files.extend(read(list)?.into_iter().filter(|file| file.exists()));
        }
        for found in self.need_old_key()? {
            files.extend(found.refused.into_iter().map(|program| program.path));
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// What would not start without the old db key.
    fn need_old_key(&self) -> anyhow::Result<Vec<Consequences>> {
        let mut before = machine_policy(&self.variables)?;
        before.db.add_certificate("the old key", &self.old.keys().db);
        let mut after = policy_without(&before, &self.old.keys().db);
        after.db.add_certificate("the new key", &self.new.keys().db);
        Ok(self.options.esp.iter().map(|esp| Consequences::below(esp, &before, &after)).collect())
    }

    fn show(&self, rotation: &Rotation, files: &[PathBuf]) -> anyhow::Result<()> {
        if self.options.json {
            return Ok(());
        }
        let mut out = terminal::stdout();
        let print = |out: &mut terminal::Output, steps: &[secure_boot::RotationStep]| -> anyhow::Result<()> {
            for step in steps {
                Planned::new(&step.change, &self.variables)?.print(out)?;
            }
            Ok(())
        };
        print(&mut out, &rotation.before)?;
        for file in files {
            writeln!(out, "sign {}", clean(&file.to_string_lossy()))?;
        }
        print(&mut out, &rotation.owner)?;
        print(&mut out, &rotation.end)
    }

    /// Makes the way back, and lets programs with the new signature start.
    fn begin(&self, signed: &SignedRotation, files: &[PathBuf]) -> anyhow::Result<()> {
        if !files.is_empty() {
            let mut list: Vec<u8> = Vec::new();
            for file in files {
                let file = std::path::absolute(file)?;
                list.extend_from_slice(file.as_os_str().as_encoded_bytes());
                list.push(b'\n');
            }
            files::replace_bytes(&self.new.path().join(FILES), &list)?;
        }
        signed.prepare(&self.new)?;
        Ok(write_all(&self.variables, &signed.before)?)
    }

    fn sign_files(&self, files: &[PathBuf]) -> Result<(), exit::Failure> {
        let signer = || {
            let key = self.new.private_key(Variable::DB, &self.new_secret)?;
            let certificates = SignerCertificates { signer: self.new.keys().db.clone(), chain: Vec::new() };
            Ok::<_, anyhow::Error>(FileSigner::new(key, certificates)?)
        };
        let signer = signer().map_err(exit::Failure::failed)?;
        let options = SignOptions { algorithm: DigestAlgorithm::Sha256, keep: true, again: false };
        each_at_once(files, |path| {
            sign(ImageFile::open(path)?, &signer, None, options, path)
                .with_context(|| path.display().to_string())?;
            Ok(())
        })?;
        Ok(())
    }

    /// Takes the old db key out, if nothing needs it.
    fn end(&self, signed: &SignedRotation, files: &[PathBuf]) -> anyhow::Result<Ending> {
        if self.options.esp.is_empty() && files.is_empty() {
            return Ok(if signed.end.is_empty() { Ending::Done } else { Ending::Unknown });
        }
        let found = self.need_old_key()?;
        for program in found.iter().flat_map(|found| &found.refused) {
            exit::warn(format_args!("{} still needs the old key", program.path.display()));
        }
        for error in found.iter().flat_map(|found| &found.unreadable) {
            exit::report(&anyhow!("cannot judge: {error}"));
        }
        let needed = found.iter().map(|found| found.refused.len() + found.unreadable.len()).sum();
        if needed > 0 {
            return Ok(Ending::Needed(needed));
        }
        write_all(&self.variables, &signed.end)?;
        Ok(Ending::Done)
    }

    /// The signatures of a key that is gone are of no use, and once it is in dbx they stop what
    /// bears them.
    fn remove_old_signatures(&self, files: &[PathBuf]) -> Result<(), exit::Failure> {
        let old = &self.old.keys().db;
        each_at_once(files, |path: &Path| {
            remove_signatures(&ImageFile::open(path)?, old, path)
                .with_context(|| path.display().to_string())?;
            Ok(())
        })?;
        Ok(())
    }

    /// The changes, for the report in JSON.
    fn changes(&self, rotation: &Rotation) -> anyhow::Result<Vec<Value>> {
        let steps = rotation.before.iter().chain(&rotation.owner).chain(&rotation.end);
        steps.map(|step| Ok(Planned::new(&step.change, &self.variables)?.describe())).collect()
    }

    fn finish(&self, changes: &[Value], files: &[PathBuf], ending: Ending) -> anyhow::Result<ExitCode> {
        let mut out = terminal::stdout();
        if self.options.json {
            let value = json!({
                "changes": changes,
                "files": files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
                "written": ending != Ending::DryRun,
                "done": ending == Ending::Done,
            });
            writeln!(out, "{value}")?;
        } else {
            let text = match ending {
                Ending::DryRun => "nothing was written (--dry-run)",
                Ending::Done => "done: the machine has the new keys, and starts nothing by the old ones",
                Ending::Unknown => {
                    "db keeps the old key: name the programs with --esp or --files-from, and call this again"
                }
                Ending::Needed(_) => {
                    "db keeps the old key until these start without it: call this again then"
                }
            };
            writeln!(out, "{text}")?;
        }
        let open = matches!(ending, Ending::Unknown | Ending::Needed(_));
        Ok(if open { ExitCode::from(exit::FOUND) } else { ExitCode::SUCCESS })
    }
}
