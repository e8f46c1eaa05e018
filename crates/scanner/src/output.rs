//! Writing a report to a file so that a power cut leaves the old one or the new one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes `path` by way of a file beside it: written, synced, renamed, and the folder synced. If `write` fails the
/// old file stays as it was.
///
/// What is no regular file (a terminal, `/dev/null`, a pipe) is written to directly. A link is followed, so that it
/// stays a link.
pub fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|m| !m.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(&target)?);
        write(&mut out)?;
        out.flush()?;
        return Ok(());
    }
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut beside = Beside::create(&target, &folder)?;
    {
        let mut out = BufWriter::new(&mut beside.file);
        write(&mut out)?;
        out.flush()?;
    }
    if let Ok(old) = fs::metadata(&target) {
        beside.file.set_permissions(old.permissions())?;
    }
    beside.file.sync_all()?;
    fs::rename(&beside.path, &target)?;
    beside.done = true;
    File::open(&folder)?.sync_all()?;
    Ok(())
}

/// The file beside, removed again if it does not become the file.
struct Beside {
    path: PathBuf,
    file: File,
    done: bool,
}

impl Beside {
    fn create(target: &Path, folder: &Path) -> io::Result<Self> {
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
        for number in 0..100_u32 {
            let mut beside = std::ffi::OsString::from(".");
            beside.push(name);
            beside.push(format!(".{}.{number}.new", std::process::id()));
            let path = folder.join(beside);
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file, done: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done about it, and the error that led here is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_file_stays_if_writing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        fs::write(&path, "old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert!(failed.is_err());
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(folder.path())),
            ("old", vec!["report".into()])
        );
        replace(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(folder.path())),
            ("new", vec!["report".into()])
        );
    }

    #[test]
    fn links_stay_links_and_devices_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        replace(Path::new("/dev/null"), |out| out.write_all(b"x")).unwrap();
    }
}
