//! Opening images, with errors that name the file.

use crate::exit;
use anyhow::{Context, anyhow};
use authenticode::file;
use authenticode::pe::Layout;
use authenticode::source::FileSource;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// An image that was opened and laid out.
pub(crate) struct Image {
    pub(crate) source: FileSource,
    pub(crate) layout: Layout,
}

impl Image {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let source = file::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let layout = Layout::read(&source).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        Ok(Self { source, layout })
    }
}

/// Does something with each file. One that fails is told, and the rest goes on.
pub(crate) fn each(
    paths: &[PathBuf],
    mut act: impl FnMut(&Path) -> anyhow::Result<()>,
) -> Result<ExitCode, exit::Failure> {
    let mut failed = false;
    for path in paths {
        if let Err(error) = act(path) {
            exit::tell(&error);
            failed = true;
        }
    }
    if failed { Err(exit::Failure::told()) } else { Ok(ExitCode::SUCCESS) }
}

/// Digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
