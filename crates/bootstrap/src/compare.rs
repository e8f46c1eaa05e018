//! Where two outputs begin to differ.

use files::FileError;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that are shown before and behind the first that differs.
const AROUND: usize = 16;

/// The first difference of two files or folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// In folders: a name is in one of them only.
    Missing {
        /// Below the folder.
        path: PathBuf,
        /// Whether the first folder has it.
        in_first: bool,
    },
    /// One is a file where the other is a folder or a link, or one may be executed and the other
    /// not.
    Kind {
        /// Below the folder; empty for the file itself.
        path: PathBuf,
    },
    /// Links lead elsewhere.
    Target {
        /// Below the folder.
        path: PathBuf,
    },
    /// Bytes.
    Bytes {
        /// Below the folder; empty for the file itself.
        path: PathBuf,
        /// Of the first byte that differs.
        offset: usize,
        /// How long the files are.
        sizes: [usize; 2],
        /// What stands around it in each, from `from` on.
        around: [Vec<u8>; 2],
        /// Where what is shown begins.
        from: usize,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &Path| {
            if path.as_os_str().is_empty() { String::new() } else { format!("{}: ", path.display()) }
        };
        match self {
            Self::Missing { path, in_first } => {
                write!(
                    f,
                    "  {} is only in the {}",
                    path.display(),
                    if *in_first { "first" } else { "second" }
                )
            }
            Self::Kind { path } => {
                write!(f, "  {}one is of another kind than the other, or may be executed", name(path))
            }
            Self::Target { path } => write!(f, "  {}links to different places", name(path)),
            Self::Bytes { path, offset, sizes: [a, b], around, from } => {
                write!(
                    f,
                    "  {}first difference at byte {offset} ({offset:#x}); {a} and {b} bytes",
                    name(path)
                )?;
                for bytes in around {
                    write!(f, "\n  {from:08x} ")?;
                    bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))?;
                    let text = bytes
                        .iter()
                        .map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' });
                    write!(f, "  {}", text.collect::<String>())?;
                }
                Ok(())
            }
        }
    }
}

/// The first difference of what is at `a` and at `b`, in the order of names; None if there is none.
pub fn first_difference(a: &Path, b: &Path) -> Result<Option<Difference>, FileError> {
    compare(a, b, &PathBuf::new())
}

fn compare(a: &Path, b: &Path, path: &Path) -> Result<Option<Difference>, FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = |path: &Path| path.symlink_metadata().map_err(FileError::on("read", path));
    let (one, two) = (found(a)?, found(b)?);
    let executable = |found: &fs::Metadata| found.is_file() && found.permissions().mode() & 0o100 != 0;
    if one.file_type() != two.file_type() || executable(&one) != executable(&two) {
        return Ok(Some(Difference::Kind { path: path.into() }));
    }
    if one.is_symlink() {
        let target = |path: &Path| fs::read_link(path).map_err(FileError::on("read", path));
        let same = target(a)? == target(b)?;
        return Ok((!same).then(|| Difference::Target { path: path.into() }));
    }
    if one.is_dir() {
        let names = |folder: &Path| -> Result<BTreeSet<_>, FileError> {
            let list =
                || fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>();
            list().map_err(FileError::on("list", folder))
        };
        let (in_a, in_b) = (names(a)?, names(b)?);
        for name in in_a.union(&in_b) {
            let path = path.join(name);
            if in_a.contains(name) != in_b.contains(name) {
                return Ok(Some(Difference::Missing { path, in_first: in_a.contains(name) }));
            }
            if let Some(difference) = compare(&a.join(name), &b.join(name), &path)? {
                return Ok(Some(difference));
            }
        }
        return Ok(None);
    }
    let bytes = |path: &Path| fs::read(path).map_err(FileError::on("read", path));
    let (one, two) = (bytes(a)?, bytes(b)?);
    if one == two {
        return Ok(None);
    }
    let offset = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    let from = offset.saturating_sub(AROUND);
    let around = [&one, &two].map(|bytes| bytes.iter().skip(from).take(2 * AROUND).copied().collect());
    Ok(Some(Difference::Bytes { path: path.into(), offset, sizes: [one.len(), two.len()], around, from }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        for side in [&a, &b] {
            fs::create_dir_all(side.join("x")).unwrap();
            fs::write(side.join("x/same"), "same").unwrap();
        }
        assert_eq!(first_difference(&a, &b).unwrap(), None);
        fs::write(a.join("x/z"), "0123456789abcdefghij-one").unwrap();
        fs::write(b.join("x/z"), "0123456789abcdefghij+two!").unwrap();
        let shown = first_difference(&a, &b).unwrap().unwrap().to_string();
        assert!(shown.contains("x/z: first difference at byte 20 (0x14); 24 and 25 bytes"), "{shown}");
        assert!(shown.contains("456789abcdefghij-one") && shown.contains("+two!"), "{shown}");
        fs::write(a.join("x/y"), "").unwrap();
        let difference = Difference::Missing { path: "x/y".into(), in_first: true };
        assert_eq!(first_difference(&a, &b).unwrap(), Some(difference));
    }
}
