//! How much of a source of others there is to read.

use super::written::WrittenPart;
use crate::steps::{InputOrigin, Plan, Step};
use files::{FileError, NodeKind, TreeError, TreeLimits, walk_tree};
use std::collections::BTreeSet;
use std::io::{Read as _, Seek as _};
use std::path::{Component, Path, PathBuf};

/// The texts of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTexts {
    /// All its files that are text: documentation and tests too.
    pub all: WrittenPart,
    /// Of these, program texts of C and assembly.
    pub programs: WrittenPart,
    /// The files that commands of the steps name, and those that they include, whatever the
    /// conditions are. Nothing, if commands name folders only.
    pub named: WrittenPart,
}

impl SourceTexts {
    /// What has to be read: what is compiled, as far as the commands say it.
    pub fn to_read(&self) -> &WrittenPart {
        if self.named.files > 0 { &self.named } else { &self.programs }
    }
}

/// Counts the source `name` of a plan, unpacked in `folder`.
pub(super) fn count(plan: &Plan, name: &str, folder: &Path) -> Result<SourceTexts, FileError> {
    const PROGRAMS: &[&str] = &["c", "h", "cc", "cpp", "hpp", "def", "inc", "y", "l", "S", "s", "asm"];
    let part = |name: &str| WrittenPart { name: name.to_owned(), files: 0, lines: 0, bytes: 0 };
    let mut texts =
        SourceTexts { all: part("all texts"), programs: part("program texts"), named: part("compiled") };
    walk_tree(folder, TreeLimits::default(), &mut |node| -> Result<(), TreeError> {
        if node.kind != NodeKind::File {
            return Ok(());
        }
        let mut file = node.open()?;
        let mut head = Vec::new();
        let mut begin = || {
            (&file).take(8192).read_to_end(&mut head)?;
            (&file).rewind()
        };
        begin().map_err(node.error("read"))?;
        if head.contains(&0) {
            return Ok(());
        }
        texts.all.add(&mut file).map_err(node.error("read"))?;
        if node.path.extension().and_then(|ending| ending.to_str()).is_some_and(|e| PROGRAMS.contains(&e)) {
            file.rewind().map_err(node.error("read"))?;
            texts.programs.add(&mut file).map_err(node.error("read"))?;
        }
        Ok(())
    })?;
    for file in included(plan, name, folder)? {
        let opened = std::fs::File::open(&file).and_then(|file| texts.named.add(file));
        opened.map_err(FileError::on("read", &file))?;
    }
    Ok(texts)
}

/// The files of a source that commands name, and those that these include.
fn included(plan: &Plan, name: &str, folder: &Path) -> Result<BTreeSet<PathBuf>, FileError> {
    let mut found = BTreeSet::new();
    let mut folders = BTreeSet::from([folder.to_owned()]);
    let mut left = Vec::new();
    for step in &plan.steps {
        for argument in step.run.iter().flatten() {
            let Some(path) = within(step, name, argument) else { continue };
            let path = folder.join(path);
            if path.is_dir() {
                folders.insert(path);
            } else {
                left.push(path);
            }
        }
    }
    while let Some(file) = left.pop() {
        if !file.is_file() || !file.starts_with(folder) || !found.insert(file.clone()) {
            continue;
        }
        let bytes = std::fs::read(&file).map_err(FileError::on("read", &file))?;
        let beside = file.parent().map(Path::to_owned);
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some(wanted) = includes(line) else { continue };
            let places = beside.iter().chain(&folders).filter_map(|place| joined(place, wanted));
            left.extend(places.filter(|path| path.is_file()).take(1));
        }
    }
    Ok(found)
}

/// What a line of C includes: `#include "…"` or `<…>`.
fn includes(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?.trim_start();
    let (open, rest) = rest.split_at_checked(1)?;
    rest.split(if open == "<" { '>' } else { '"' }).next().filter(|_| open == "<" || open == "\"")
}

/// A path in a folder, without `..`.
fn joined(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut whole = folder.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            _ => return None,
        }
    }
    Some(whole)
}

/// The path in the unpacked source that an argument names, if it does.
fn within(step: &Step, source: &str, argument: &str) -> Option<PathBuf> {
    let (_, rest) = argument.split_once("/in/")?;
    let (input, below) = rest.split_once('/').unwrap_or((rest, ""));
    match step.inputs.get(input)? {
        InputOrigin::Unpacked { source: name, path } if name == source => joined(path, below),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_include() {
        assert_eq!(includes("#include \"a.h\""), Some("a.h"));
        assert_eq!(includes("  # include <sys/b.h> // c"), Some("sys/b.h"));
        assert_eq!(includes("#include MACRO"), None);
        assert_eq!(includes("#included"), None);
        assert_eq!(includes("int include;"), None);
        assert_eq!(joined(Path::new("/a/b"), "../c.h"), Some("/a/c.h".into()));
    }
}
