//! What people wrote for the chain, by folder: how much it is, and how long reading takes.

use crate::steps::{InputOrigin, Plan};
use files::FileError;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Lines that an expert reads in an hour, comments and blank lines included. Inspections of code
/// work at 200 to 400 lines an hour (Cohen, "Best Kept Secrets of Peer Code Review", 2006).
pub const LINES_PER_HOUR: u64 = 300;

/// A part of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPart {
    /// The folder below that of the chain.
    pub name: String,
    /// Files that steps use.
    pub files: usize,
    /// Lines of all of them.
    pub lines: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl WrittenPart {
    /// Adds a file.
    pub(super) fn add(&mut self, mut file: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut last = b'\n';
        self.files += 1;
        loop {
            let length = file.read(&mut buffer)?;
            let read = buffer.get(..length).unwrap_or_default();
            let Some(end) = read.last() else { break };
            last = *end;
            self.bytes += length as u64;
            self.lines += read.split(|byte| *byte == b'\n').skip(1).count() as u64;
        }
        // A last line without an end is one, too.
        self.lines += u64::from(last != b'\n');
        Ok(())
    }

    /// Minutes to read it, at [`LINES_PER_HOUR`].
    pub fn minutes(&self) -> u64 {
        (self.lines * 60).div_ceil(LINES_PER_HOUR)
    }
}

/// All files that steps use, by the first folder of their path, in the order in which the chain
/// needs them first.
pub(super) fn parts(plan: &Plan) -> Result<Vec<WrittenPart>, FileError> {
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut order: Vec<String> = Vec::new();
    let mut parts: BTreeMap<String, WrittenPart> = BTreeMap::new();
    let seed = InputOrigin::File("seed/seed.hex0".into());
    for origin in std::iter::once(&seed).chain(plan.steps.iter().flat_map(|step| step.inputs.values())) {
        let InputOrigin::File(path) = origin else { continue };
        let name = path.iter().next().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !order.contains(&name) {
            order.push(name.clone());
        }
        let mut files = Vec::new();
        collect(&plan.folder.join(path), &mut files)?;
        for file in files {
            if !seen.insert(file.clone()) {
                continue;
            }
            let part = parts.entry(name.clone()).or_insert_with(|| WrittenPart {
                name: name.clone(),
                files: 0,
                lines: 0,
                bytes: 0,
            });
            let opened = fs::File::open(&file).and_then(|opened| part.add(opened));
            opened.map_err(FileError::on("read", &file))?;
        }
    }
    Ok(order.iter().filter_map(|name| parts.remove(name)).collect())
}

/// The files that define the steps.
pub(super) fn steps(plan: &Plan) -> Result<WrittenPart, FileError> {
    let mut part = WrittenPart { name: "steps".into(), files: 0, lines: 0, bytes: 0 };
    for file in plan.steps.iter().map(|step| step.file.as_path()).collect::<BTreeSet<_>>() {
        let opened = fs::File::open(file).and_then(|opened| part.add(opened));
        opened.map_err(FileError::on("read", file))?;
    }
    Ok(part)
}

/// All files at or below a path. Folders named `tests` beside a stage are not part of it.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), FileError> {
    let found = path.symlink_metadata().map_err(FileError::on("read", path))?;
    if found.is_dir() {
        for entry in fs::read_dir(path).map_err(FileError::on("read", path))? {
            let entry = entry.map_err(FileError::on("read", path))?;
            let is_note = entry.path().extension().is_some_and(|kind| kind == "md");
            if entry.file_name() != "tests" && !is_note {
                collect(&entry.path(), files)?;
            }
        }
    } else if found.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}
