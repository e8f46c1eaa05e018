//! Owner, mode and extended attributes: what a file keeps when another takes its place.

use rustix::fs::{Gid, Uid, XattrFlags, fchown, fremovexattr, fsetxattr, getxattr, listxattr};
use std::ffi::CStr;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// Lists and values are at most so long (Linux, `XATTR_SIZE_MAX`).
const LONGEST: usize = 64 << 10;
/// Of the old content: hashes and signatures of it, and rights that the kernel takes away from
/// files that change.
const OF_CONTENT: [&[u8]; 3] = [b"security.ima", b"security.evm", b"security.capability"];
/// The access control list.
const ACL: &[u8] = b"system.posix_acl_access";

/// Gives a new file what the old one at `path` has. What this user may not give, such as another
/// owner, is left out; nobody gets more rights by that.
pub(crate) fn keep(old: &Metadata, path: &Path, new: &File) -> io::Result<()> {
    let mut mode = old.mode() & 0o7777;
    let made = new.metadata()?;
    let group = made.gid() == old.gid() || fchown(new, None, Some(Gid::from_raw(old.gid()))).is_ok();
    let owner = made.uid() == old.uid() || fchown(new, Some(Uid::from_raw(old.uid())), None).is_ok();
    if !group {
        // What its group was allowed to, another group is not.
        mode &= !0o2070 | (mode & 0o7) << 3;
    }
    if !owner {
        mode &= !0o4000;
    }
    let names = names(path);
    // A folder may give lists to what is made in it.
    if !names.iter().any(|name| name == ACL) {
        let _ = fremovexattr(new, ACL);
    }
    for name in names.iter().filter(|name| !OF_CONTENT.contains(&name.as_slice())) {
        let mut value = vec![0; LONGEST];
        // Not every attribute may be read or written by everybody.
        if let Ok(length) = getxattr(path, name.as_slice(), &mut value[..]) {
            let _ =
                fsetxattr(new, name.as_slice(), value.get(..length).unwrap_or_default(), XattrFlags::empty());
        }
    }
    new.set_permissions(Permissions::from_mode(mode))
}

/// The names of a file's attributes; none where the file system has none.
fn names(path: &Path) -> Vec<Vec<u8>> {
    let mut list = vec![0; LONGEST];
    let length = listxattr(path, &mut list[..]).unwrap_or(0);
    list.truncate(length);
    let names = list.split_inclusive(|byte| *byte == 0);
    names
        .filter_map(|name| CStr::from_bytes_with_nul(name).ok())
        .map(|name| name.to_bytes().to_vec())
        .collect()
}
