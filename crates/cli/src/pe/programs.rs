//! The arguments that name EFI programs.

use clap::Args;
use secure_boot::{FoundPrograms, ListedFile, read_file_list};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct Programs {
    /// EFI programs
    #[arg(required_unless_present = "files_from", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// More of them, from a list: a path a line, or what `find -print0` prints, or sbctl's
    /// files.json; `-` is standard input
    #[arg(long, value_name = "LIST")]
    files_from: Option<PathBuf>,
}

impl Programs {
    /// The files that are named, then those of the list.
    pub(super) fn listed(&self) -> anyhow::Result<Vec<ListedFile>> {
        let named = self.files.iter().cloned().map(|path| ListedFile { path, output: None });
        let mut listed: Vec<ListedFile> = named.collect();
        if let Some(list) = &self.files_from {
            let list = if list == Path::new("-") { Path::new("/dev/stdin") } else { list };
            listed.extend(read_file_list(list)?);
        }
        Ok(listed)
    }
}

/// Files, and what folders hold.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// The programs.
    pub(super) programs: Vec<PathBuf>,
    /// How many other files the folders hold; `None` if no folder was named.
    pub(super) others: Option<usize>,
    /// What could not be looked into, or holds nothing.
    pub(super) problems: Vec<anyhow::Error>,
}

/// Replaces folders by the programs in them.
pub(super) fn expand(listed: Vec<ListedFile>) -> Expanded {
    let mut all = Expanded::default();
    for ListedFile { path, .. } in listed {
        if !path.is_dir() {
            all.programs.push(path);
            continue;
        }
        let found = FoundPrograms::below(&path);
        if found.programs.is_empty() && found.unreadable.is_empty() {
            all.problems.push(anyhow::anyhow!("{} holds no EFI programs", path.display()));
        }
        all.programs.extend(found.programs);
        all.problems.extend(found.unreadable.into_iter().map(Into::into));
        *all.others.get_or_insert(0) += found.others;
    }
    all
}
