//! Bringing what was written to disk.

use crate::{FileError, NodeKind, TreeError, TreeLimits, folder_of, walk_tree};
use std::fs::{self, File};
use std::path::Path;

/// Brings a folder to disk: which names it holds, not what is in the files.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    let synced = File::open(folder).and_then(|opened| opened.sync_all());
    synced.map_err(FileError::on("bring to disk", folder))
}

/// Brings a file, or a folder with all that is in it, to disk. Links are not followed.
pub fn sync_tree(path: &Path) -> Result<(), FileError> {
    let walked = walk_tree(path, TreeLimits::default(), &mut |node| -> Result<(), TreeError> {
        if matches!(node.kind, NodeKind::File | NodeKind::FolderEnd) {
            node.open()?.sync_all().map_err(node.error("bring to disk"))?;
        }
        Ok(())
    });
    Ok(walked?)
}

/// Brings the file `temporary` to disk, renames it to `target`, and brings the folder of `target`
/// to disk. Both have to be on one file system.
pub fn put_in_place(temporary: &Path, target: &Path) -> Result<(), FileError> {
    let synced = File::open(temporary).and_then(|file| file.sync_all());
    synced.map_err(FileError::on("bring to disk", temporary))?;
    fs::rename(temporary, target).map_err(FileError::on("put in place", target))?;
    sync_folder(folder_of(target))
}
