//! The bootstrap chain, to be built from its seed again and again.

use super::inputs;
use super::ours::Snowguard;
use crate::{process, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sources that were fetched once, and a store that goes when this goes.
pub(super) struct Chain {
    fetched: PathBuf,
    folder: tempfile::TempDir,
}

impl Chain {
    /// Fetches the sources, if an earlier run has not.
    pub(super) fn prepare(snowguard: &Snowguard) -> anyhow::Result<Self> {
        let fetched = inputs::scratch()?.join("bootstrap-sources");
        let mut fetch = snowguard.command(workspace::root(), &["bootstrap", "fetch", "--store"]);
        process::run(fetch.arg(&fetched).stdout(std::io::stderr()))?;
        let folder = tempfile::Builder::new().prefix("bootstrap-").tempdir_in(inputs::scratch()?)?;
        Ok(Self { fetched, folder })
    }

    /// A folder for what a measurement needs besides the store.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the fetched sources are, by their sums.
    pub(super) fn sources(&self) -> PathBuf {
        self.fetched.join("sources")
    }

    /// The command that builds what the store does not have yet.
    pub(super) fn build(&self, snowguard: &Snowguard) -> Command {
        let mut command = snowguard
            .command(workspace::root(), &["bootstrap", "build", "--from=mirror", "--json", "--store"]);
        command.arg(self.store());
        command
    }

    /// The same, with a store that has nothing but the sources: how fast an archive answers says
    /// nothing about the chain.
    pub(super) fn build_from_nothing(&self, snowguard: &Snowguard) -> anyhow::Result<Command> {
        let store = self.store();
        if store.exists() {
            fs::remove_dir_all(&store)?;
        }
        fs::create_dir_all(store.join("sources"))?;
        for entry in fs::read_dir(self.sources())? {
            let entry = entry?;
            fs::copy(entry.path(), store.join("sources").join(entry.file_name()))?;
        }
        Ok(self.build(snowguard))
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}
