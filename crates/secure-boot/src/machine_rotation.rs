//! Rotating the keys of a machine together with its programs: between the changes of a
//! [`Rotation`] programs are signed with the new db key, and the old one goes only if all of them
//! start without it.

use crate::efivars::Efivars;
use crate::file_list::read_file_list;
use crate::key_folder::KeyFolder;
use crate::rotation::{MachineLists, RotateError, Rotation, SignedRotation, policy_without, write_all};
use crate::trust::TrustError;
use crate::update::{Consequences, ProgramError, machine_policy};
use authenticode::file::ImageFile;
use authenticode::sign::{
    FileSigner, SecretSource, SignError, SignOptions, SignerCertificates, remove_signatures, sign,
};
use authenticode::variable::Variable;
use authenticode::{DigestAlgorithm, Time};
use files::{FileError, replace_bytes};
use std::path::{Path, PathBuf};

/// The list of programs in a folder of keys.
const PROGRAMS: &str = "files";

/// A machine, whose keys go and come, and where its programs are.
#[derive(Debug, Clone, Copy)]
pub struct RotationRequest<'a> {
    /// The firmware's variables.
    pub variables: &'a Efivars,
    /// The keys that go.
    pub old: &'a KeyFolder,
    /// The keys that come.
    pub new: &'a KeyFolder,
    /// Lists of programs to sign, besides those in the two folders of keys.
    pub lists: &'a [PathBuf],
    /// Folders in which programs are signed if they start by the old key.
    pub folders: &'a [PathBuf],
}

/// What a rotation changes.
#[derive(Debug)]
#[non_exhaustive]
pub struct MachineRotation<'a> {
    /// The variables.
    pub changes: Rotation,
    /// The programs that are signed, each once, in the order of their paths.
    pub programs: Vec<PathBuf>,
    request: RotationRequest<'a>,
}

/// How far a rotation came.
#[derive(Debug)]
pub enum RotationEnd {
    /// The old keys are gone.
    Done,
    /// Nobody said which programs there are, so db keeps the old key.
    Unknown,
    /// Programs still need the old key, or cannot be judged, so db keeps it: what was found in each
    /// of the folders.
    Needed(Vec<Consequences>),
}

/// Does something with each program. How many at a time, and what is shown of it, is the caller's;
/// it reports the errors, goes on with the rest, and says whether there was none.
pub type EachProgram<'a> =
    dyn Fn(&[PathBuf], &(dyn Fn(&Path) -> Result<(), ProgramError> + Sync)) -> bool + 'a;

impl<'a> MachineRotation<'a> {
    /// What the machine still lacks, and which programs are to be signed: those of the lists, and
    /// those that start by the old key. Nothing is written.
    pub fn plan(request: RotationRequest<'a>) -> Result<Self, RotateError> {
        let machine = MachineLists::read(request.variables)?;
        let changes = Rotation::plan(&machine, request.old.keys(), request.new.keys())?;
        let mut programs = Vec::new();
        for list in request.lists {
            programs.extend(listed(list)?);
        }
        // The list of the new keys is that of a rotation that was stopped, maybe when only old
        // signatures were left.
        let own = [request.old, request.new].map(|folder| folder.path().join(PROGRAMS));
        for list in own.iter().filter(|list| list.exists()) {
            // Programs of earlier generations may be gone since.
            programs.extend(listed(list)?.filter(|program| program.exists()));
        }
        for found in request.need_old_key()? {
            programs.extend(found.refused.into_iter().map(|program| program.path));
        }
        // Lists hold whole paths, folders may be named in any way, and no file is to be signed by
        // two threads.
        let file = |program: &PathBuf| program.canonicalize().unwrap_or_else(|_| program.clone());
        programs.sort_by_cached_key(file);
        programs.dedup_by_key(|program| file(program));
        Ok(Self { changes, programs, request })
    }

    /// Does it, in the order in which the machine starts wherever it is stopped. Everything is
    /// signed before anything is written. `passphrases` are those of the old and the new keys.
    ///
    /// # Errors
    /// [`RotateError::Programs`] if `each` had errors: then nothing is done after that.
    pub fn apply(
        &self,
        passphrases: [&SecretSource; 2],
        now: Time,
        each: &EachProgram<'_>,
    ) -> Result<RotationEnd, RotateError> {
        let RotationRequest { variables, old, new, .. } = self.request;
        let signed = self.changes.sign(old, new, passphrases, now)?;
        let signer = self.signer(passphrases[1])?;
        self.keep_programs()?;
        signed.prepare(new)?;
        write_all(variables, &signed.before)?;
        self.each(each, &|path| {
            let options = SignOptions { algorithm: DigestAlgorithm::Sha256, keep: true, again: false };
            sign(ImageFile::open(path)?, &signer, None, options, path).map(drop).map_err(in_program(path))
        })?;
        write_all(variables, &signed.owner)?;
        let end = self.end(&signed)?;
        if matches!(end, RotationEnd::Done) {
            // The signatures of a key that is gone are of no use, and once it is in dbx they stop
            // what bears them.
            self.each(each, &|path| {
                let image = ImageFile::open(path)?;
                remove_signatures(&image, &old.keys().db, path).map(drop).map_err(in_program(path))
            })?;
        }
        Ok(end)
    }

    fn each(
        &self,
        each: &EachProgram<'_>,
        act: &(dyn Fn(&Path) -> Result<(), ProgramError> + Sync),
    ) -> Result<(), RotateError> {
        if each(&self.programs, act) { Ok(()) } else { Err(RotateError::Programs) }
    }

    fn signer(&self, passphrase: &SecretSource) -> Result<FileSigner, RotateError> {
        let new = self.request.new;
        let key = new.private_key(Variable::DB, passphrase)?;
        let certificates = SignerCertificates { signer: new.keys().db.clone(), chain: Vec::new() };
        FileSigner::new(key, certificates).map_err(RotateError::Signer)
    }

    /// Writes the list of programs into the folder of the new keys, for whoever goes on when this
    /// is stopped, and for the next rotation.
    fn keep_programs(&self) -> Result<(), RotateError> {
        if self.programs.is_empty() {
            return Ok(());
        }
        let mut list: Vec<u8> = Vec::new();
        for program in &self.programs {
            let program = std::path::absolute(program).map_err(FileError::on("name", program))?;
            list.extend_from_slice(program.as_os_str().as_encoded_bytes());
            list.push(b'\n');
        }
        Ok(replace_bytes(&self.request.new.path().join(PROGRAMS), &list)?)
    }

    /// Takes the old db key out, if nothing needs it.
    fn end(&self, signed: &SignedRotation) -> Result<RotationEnd, RotateError> {
        let request = self.request;
        if request.folders.is_empty() && self.programs.is_empty() {
            return Ok(if signed.end.is_empty() { RotationEnd::Done } else { RotationEnd::Unknown });
        }
        let found = request.need_old_key()?;
        if found.iter().any(|found| !found.refused.is_empty() || !found.unreadable.is_empty()) {
            return Ok(RotationEnd::Needed(found));
        }
        write_all(request.variables, &signed.end)?;
        Ok(RotationEnd::Done)
    }
}

impl RotationRequest<'_> {
    /// What would not start without the old db key.
    fn need_old_key(self) -> Result<Vec<Consequences>, TrustError> {
        let (old, new) = (&self.old.keys().db, &self.new.keys().db);
        let mut before = machine_policy(self.variables)?;
        before.db.add_certificate("the old key", old);
        let mut after = policy_without(&before, old);
        after.db.add_certificate("the new key", new);
        Ok(self.folders.iter().map(|folder| Consequences::below(folder, &before, &after)).collect())
    }
}

/// The programs of a list, where they are once they are signed.
fn listed(list: &Path) -> Result<impl Iterator<Item = PathBuf>, RotateError> {
    Ok(read_file_list(list)?.into_iter().map(|file| file.output.unwrap_or(file.path)))
}

fn in_program(path: &Path) -> impl FnOnce(SignError) -> ProgramError {
    |source| ProgramError::Sign { path: path.to_owned(), source }
}
