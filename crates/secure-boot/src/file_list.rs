//! Lists of files to sign or to verify: text, what `find -print0` prints, or sbctl's `files.json`.

use files::{ReadError, read_limited};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Thousands of paths fit into this.
const MAX_LIST: u64 = 16 << 20;

/// Why a list of files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileListError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It begins as JSON does, and is not what sbctl writes.
    #[error("{} is no list of files as sbctl writes it", path.display())]
    Json {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// A file of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// The file.
    pub path: PathBuf,
    /// Where it goes once it is signed, if that is another file.
    pub output: Option<PathBuf>,
}

/// An entry of sbctl's `files.json` (older: `files.db`), by the file's path.
#[derive(Deserialize)]
struct SbctlFile {
    file: PathBuf,
    #[serde(default)]
    output_file: PathBuf,
}

/// Reads a list of files. One path a line, where blank lines and those that begin with `#` count
/// for nothing; or paths that end with a zero byte; or JSON as sbctl writes it.
pub fn read_file_list(path: &Path) -> Result<Vec<ListedFile>, FileListError> {
    let bytes = read_limited(path, MAX_LIST)?;
    parse(&bytes).map_err(|source| FileListError::Json { path: path.to_owned(), source })
}

fn parse(bytes: &[u8]) -> Result<Vec<ListedFile>, serde_json::Error> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        let files: BTreeMap<PathBuf, SbctlFile> = serde_json::from_slice(bytes)?;
        let listed = files.into_values().map(|SbctlFile { file, output_file }| ListedFile {
            output: (!output_file.as_os_str().is_empty() && output_file != file).then_some(output_file),
            path: file,
        });
        return Ok(listed.collect());
    }
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let line = |line: &'_ [u8]| -> PathBuf {
        OsStr::from_bytes(if end == 0 { line } else { line.trim_ascii() }).into()
    };
    let wanted = |path: &PathBuf| {
        !(path.as_os_str().is_empty() || end == b'\n' && path.as_os_str().as_bytes().starts_with(b"#"))
    };
    let paths = bytes.split(|byte| *byte == end).map(line).filter(wanted);
    Ok(paths.map(|path| ListedFile { path, output: None }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(bytes: &[u8]) -> Vec<String> {
        parse(bytes).unwrap().into_iter().map(|file| file.path.display().to_string()).collect()
    }

    #[test]
    fn three_forms() {
        assert_eq!(paths(b"# mine\n a b.efi \r\n\n/boot/c.efi"), ["a b.efi", "/boot/c.efi"]);
        assert_eq!(paths(b"a\nb\0#c\0\0"), ["a\nb", "#c"]);
        assert!(paths(b"").is_empty() && paths(b"\n").is_empty());
        let json = br#"
            {"/boot/v": {"checksum": "", "file": "/boot/v", "output_file": "/boot/v.signed"},
             "/boot/a": {"file": "/boot/a", "output_file": "/boot/a"}, "/b": {"file": "/b"}}"#;
        let listed = parse(json).unwrap();
        assert_eq!(listed[0], ListedFile { path: "/b".into(), output: None });
        assert_eq!(listed[1], ListedFile { path: "/boot/a".into(), output: None });
        assert_eq!(listed[2].output.as_deref(), Some(Path::new("/boot/v.signed")));
        assert!(parse(b"{").is_err() && parse(b"{\"a\": 1}").is_err());
    }
}
