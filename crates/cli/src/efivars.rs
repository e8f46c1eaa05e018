//! The firmware's variables, as efivarfs shows them.

use anyhow::{Context, bail};
use authenticode::lists::{self, SignatureDatabase};
use authenticode::variable::{Variable, VariableContent};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Where they are.
pub(crate) const EFIVARS: &str = "/sys/firmware/efi/efivars";
/// Firmware gives variables some hundred kilobytes at most.
const LARGEST: u64 = 16 << 20;

/// A folder of variables.
pub(crate) struct Efivars(PathBuf);

impl Efivars {
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!(
                "there are no variables at {}: this system was not started by UEFI, or efivarfs is not mounted",
                folder.display()
            );
        }
        Ok(Self(folder.to_owned()))
    }

    /// Adds what a list holds to a database; a variable that is not there is an empty list.
    pub(crate) fn add_to(&self, variable: Variable, database: &mut SignatureDatabase) -> anyhow::Result<()> {
        if let Some(content) = self.read(variable)? {
            let lists =
                lists::read(&content.data).with_context(|| self.path(variable).display().to_string())?;
            database.add_lists(variable.name, &lists);
        }
        Ok(())
    }

    fn path(&self, variable: Variable) -> PathBuf {
        self.0.join(variable.file_name())
    }

    /// The content of a variable, if it is there.
    pub(crate) fn read(&self, variable: Variable) -> anyhow::Result<Option<VariableContent>> {
        let path = self.path(variable);
        let failed = || format!("cannot read {}", path.display());
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(failed),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).with_context(failed)?;
        VariableContent::read(&bytes).map(Some).with_context(|| format!("{} is too short", path.display()))
    }

    /// Writes a variable in one piece, which is how efivarfs wants it.
    pub(crate) fn write(&self, variable: Variable, content: &VariableContent) -> anyhow::Result<()> {
        let path = self.path(variable);
        allow_changes(&path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot open {} for writing (are you root?)", path.display()))?;
        let bytes = content.write();
        let written = file.write(&bytes);
        let written = written.with_context(|| format!("the firmware refused to change {variable}"))?;
        if written != bytes.len() {
            bail!("the firmware took {written} of {} bytes of {variable}", bytes.len());
        }
        Ok(())
    }
}

/// The kernel marks variables as immutable, so that nobody removes them by accident.
fn allow_changes(path: &Path) -> anyhow::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
    };
    // Other file systems may have no such flags, and then nothing stands in the way.
    let Ok(flags) = ioctl_getflags(&file) else { return Ok(()) };
    if flags.contains(IFlags::IMMUTABLE) {
        ioctl_setflags(&file, flags - IFlags::IMMUTABLE)
            .with_context(|| format!("cannot make {} changeable (are you root?)", path.display()))?;
    }
    Ok(())
}
