//! Files, as every part of the house handles them.
//!
//! - [`replace`] and [`replace_bytes`] write a file so that a kill or a power cut leaves the old
//!   content or the new one; [`Replacement`] has the choices, [`TemporaryFile`] and
//!   [`put_in_place`] are the steps of it, and [`create_folder`] is the same for a whole new
//!   folder.
//! - [`read_limited`] and [`read_text`] read a file up to a limit.
//! - [`TemporaryFile`] and [`TemporaryFolder`] are removed when they are dropped.
//! - [`walk_tree`], [`copy_tree`] and [`remove_tree`] take trees that anybody may have made: of any
//!   depth, with closed folders and links to elsewhere.
//! - [`forbids_programs`] tells whether programs can be started from a folder.
//! - [`LockFile`] keeps other processes away.
//!
//! Every error names the path. Nothing here knows what the files hold.

mod attributes;
mod copy;
mod error;
mod folder;
mod left_over;
mod lock;
mod mounts;
mod read;
mod remove;
mod replace;
mod sync;
mod target;
mod temporary;
mod tree;

pub use copy::copy_tree;
pub use error::FileError;
pub use folder::{create_folder, create_new};
pub use lock::{LockError, LockFile};
pub use mounts::forbids_programs;
pub use read::{ReadError, read_limited, read_regular, read_text};
pub use remove::remove_tree;
pub use replace::{ReplaceError, Replacement, replace, replace_bytes};
pub use sync::{put_in_place, sync_folder, sync_tree};
pub use temporary::{TemporaryFile, TemporaryFolder, remove_left_over, unnamed_file};
pub use tree::{NodeKind, TreeError, TreeLimits, TreeNode, walk_tree};

use std::path::Path;

/// The folder that a path is in, `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
