//! What several fuzz targets need.

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::write;
use std::path::Path;

/// Calls a parser that reads files with a file in memory that holds `data`.
pub fn with_file<T>(data: &[u8], call: impl FnOnce(&Path) -> T) -> T {
    use std::os::fd::AsRawFd;

    let file = memfd_create("fuzz", MemfdFlags::CLOEXEC).expect("memory for a file");
    let mut rest = data;
    while !rest.is_empty() {
        let count = write(&file, rest).expect("the file can be written");
        rest = &rest[count..];
    }
    call(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())))
}
