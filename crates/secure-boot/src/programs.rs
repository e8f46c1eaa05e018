//! The EFI programs below a folder, an EFI system partition for instance.

use files::FileError;
use std::fs::{self, DirEntry, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Folders of folders are looked into so deep.
const MAX_DEPTH: usize = 64;
/// No partition that boots holds more files.
const MAX_FILES: usize = 1 << 20;
/// Where the DOS header says where the PE header is.
const E_LFANEW: u64 = 0x3c;

/// What a folder holds.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct FoundPrograms {
    /// Its EFI programs, in the order of their paths.
    pub programs: Vec<PathBuf>,
    /// How many other files there are.
    pub others: usize,
    /// What could not be looked into.
    pub unreadable: Vec<FileError>,
}

impl FoundPrograms {
    /// Looks into a folder and all that are in it. Links are not followed: what they lead to is
    /// found where it is, or is not part of the folder.
    pub fn below(folder: &Path) -> Self {
        let mut found = Self::default();
        found.look_into(folder, 0);
        found.programs.sort();
        found
    }

    fn look_into(&mut self, folder: &Path, depth: usize) {
        let refused = |text: &str| FileError::new("look into", folder, io::Error::other(text.to_owned()));
        if depth > MAX_DEPTH {
            return self.unreadable.push(refused("folders are nested too deeply"));
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push(FileError::new("read", folder, error)),
        };
        for entry in entries {
            if self.programs.len() + self.others >= MAX_FILES {
                return self.unreadable.push(refused("it holds too many files"));
            }
            self.look_at(&entry, depth);
        }
    }

    fn look_at(&mut self, entry: &DirEntry, depth: usize) {
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.unreadable.push(FileError::new("read", &path, error)),
        };
        if kind.is_dir() {
            return self.look_into(&path, depth + 1);
        }
        if !kind.is_file() {
            self.others += 1;
            return;
        }
        match is_program(&path) {
            Ok(true) => self.programs.push(path),
            Ok(false) => self.others += 1,
            Err(error) => self.unreadable.push(error),
        }
    }
}

/// Whether a file begins as the programs do that firmware starts: `MZ`, and `PE\0\0` where the DOS
/// header says.
fn is_program(path: &Path) -> Result<bool, FileError> {
    let file = File::open(path).map_err(FileError::on("read", path))?;
    let read = |offset: u64, bytes: &mut [u8]| match file.read_exact_at(bytes, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(FileError::new("read", path, error)),
    };
    let (mut magic, mut offset, mut signature) = ([0; 2], [0; 4], [0; 4]);
    Ok(read(0, &mut magic)?
        && magic == *b"MZ"
        && read(E_LFANEW, &mut offset)?
        && read(u64::from(u32::from_le_bytes(offset)), &mut signature)?
        && signature == *b"PE\0\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("EFI/BOOT");
        fs::create_dir_all(&inner).unwrap();
        let mut program = vec![0; 0x44];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x40;
        program[0x40..].copy_from_slice(b"PE\0\0");
        let dos = [&program[..0x40], b"NE\0\0"].concat();
        for (name, bytes) in [
            ("EFI/BOOT/b.bin", program.as_slice()),
            ("a.efi", &program),
            ("dos.efi", &dos),
            ("short.efi", &program[..0x41]),
            ("empty.efi", b""),
            ("loader.conf", b"timeout 3\n"),
        ] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        std::os::unix::fs::symlink("a.efi", folder.path().join("link.efi")).unwrap();
        std::os::unix::fs::symlink("..", inner.join("up")).unwrap();
        let found = FoundPrograms::below(folder.path());
        assert_eq!(found.programs, [inner.join("b.bin"), folder.path().join("a.efi")]);
        assert_eq!((found.others, found.unreadable.len()), (6, 0));
        assert_eq!(FoundPrograms::below(&folder.path().join("none")).unreadable.len(), 1);
    }
}
