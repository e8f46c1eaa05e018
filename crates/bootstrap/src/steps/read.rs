//! The TOML files, as they are written.

use super::error::StepsError;
use super::places::Tried;
use crate::object::Digest;
use crate::sandbox::{StepArch, StepLimits};
use files::FileError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The largest file of steps, in bytes.
pub(crate) const LARGEST_FILE: u64 = 4 << 20;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepsFile {
    #[serde(default)]
    pub(super) source: Vec<SourceText>,
    #[serde(default)]
    pub(super) step: Vec<StepText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceText {
    pub(super) name: String,
    /// That of Debian, if there is none.
    pub(super) file: Option<String>,
    pub(super) sha256: Digest,
    pub(super) size: u64,
    pub(super) debian: Option<Debian>,
    #[serde(rename = "crate")]
    pub(super) registry: Option<CrateText>,
    #[serde(default)]
    pub(super) urls: Vec<String>,
    #[serde(default)]
    pub(super) tried: BTreeMap<String, Tried>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Debian {
    pub(super) package: String,
    pub(super) version: Option<String>,
    pub(super) file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CrateText {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepText {
    pub(super) name: String,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) run: Vec<RunText>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) proc: bool,
    #[serde(default)]
    pub(super) arch: StepArch,
    #[serde(default)]
    pub(super) limits: StepLimits,
    pub(super) outputs: BTreeMap<String, OutputText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunText {
    pub(super) argv: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputText {
    pub(super) sha256: Option<Digest>,
}

/// All files `steps/*.toml` below `folder`, by name.
pub(super) fn files(folder: &Path) -> Result<Vec<(PathBuf, StepsFile)>, StepsError> {
    let mut files = Vec::new();
    for path in files_of_steps(folder)? {
        let text = files::read_text(&path, LARGEST_FILE)?;
        let file = parse(&path, &text)?;
        files.push((path, file));
    }
    Ok(files)
}

/// The paths of all files `steps/*.toml` below `folder`, by name.
pub(crate) fn files_of_steps(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let steps = folder.join("steps");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&steps).map_err(FileError::on("read", &steps))? {
        let path = entry.map_err(FileError::on("read", &steps))?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// One file's text.
pub(super) fn parse(path: &Path, text: &str) -> Result<StepsFile, StepsError> {
    toml::from_str(text).map_err(|error| StepsError::Toml { path: path.into(), source: error.into() })
}
