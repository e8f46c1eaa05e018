//! What steps leave, made alike.

use crate::object::ObjectError;
use crate::sandbox::TIME;
use files::{NodeKind, TreeLimits, walk_tree};
use std::path::Path;

/// Gives everything permissions and times that a step's user, umask and mood cannot change: files
/// are read-only, executable or not; folders can be read by everybody; there is one time.
///
/// # Errors
/// If the tree is deeper, or has longer paths, than other steps could use, or holds something that
/// is neither file nor folder nor link.
pub(super) fn normalise(path: &Path) -> Result<(), ObjectError> {
    walk_tree(path, TreeLimits::default(), &mut |node| {
        match node.kind {
            // It may be closed even to its owner.
            NodeKind::Folder => node.set_mode(0o755)?,
            NodeKind::File => {
                node.set_mode(if node.mode & 0o100 == 0 { 0o444 } else { 0o555 })?;
                node.set_time(TIME)?;
            }
            // That of a folder at its end: what is done in it changes it.
            NodeKind::Link | NodeKind::FolderEnd => node.set_time(TIME)?,
            kind => return Err(ObjectError::Neither { path: path.join(node.path), kind }),
        }
        Ok(())
    })
}
