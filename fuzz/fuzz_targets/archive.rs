//! Archives of others, packed or not: nothing is made outside of the folder, and no link inside
//! leads out of it.
#![no_main]

use bootstrap::sources::{UnpackLimits, unpack_from};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let outer = tempfile::Builder::new().prefix("fuzz-").tempdir_in("/dev/shm").expect("memory for a folder");
    let folder = outer.path().join("inside");
    fs::create_dir(&folder).expect("memory for a folder");
    let limits = UnpackLimits { entries: 100, bytes: 1 << 20 };
    if let Err(error) = unpack_from(data, Path::new("archive"), &folder, limits) {
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(fs::read_dir(outer.path()).expect("the folder").count(), 1, "something was made outside");
    stays_inside(&folder, &folder);
});

fn stays_inside(root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder of the archive") {
        let path = entry.expect("an entry of the archive").path();
        let kind = path.symlink_metadata().expect("an entry of the archive").file_type();
        if kind.is_dir() {
            stays_inside(root, &path);
        } else if let Ok(real) = path.canonicalize() {
            assert!(real.starts_with(root), "a link leads out of the folder");
        }
    }
}
