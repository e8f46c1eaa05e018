//! Archives, as GNU tar and the programs that pack them make them, and as nobody should make them.

#![allow(clippy::unwrap_used)]

use bootstrap::Object;
use bootstrap::sources::{UnpackError, UnpackLimits, unpack, unpack_from};
use proptest::prelude::*;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// A tree with what source archives have: programs, empty folders, links of both kinds, names too
/// long for a header.
fn tree(folder: &Path) {
    let long = "a-long-name-".repeat(8);
    let deep = folder.join(&long).join(&long).join(&long);
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(deep.join(&long), "deep").unwrap();
    fs::write(folder.join("nothing"), "").unwrap();
    fs::write(folder.join("ünïcödé and blanks"), "x").unwrap();
    fs::write(folder.join("large"), vec![b'x'; 300_000]).unwrap();
    fs::write(folder.join("program"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(folder.join("program"), fs::Permissions::from_mode(0o750)).unwrap();
    fs::hard_link(folder.join("program"), folder.join("same-program")).unwrap();
    fs::hard_link(deep.join(&long), folder.join("link-to-deep")).unwrap();
    symlink("nothing", folder.join("link")).unwrap();
    symlink("nowhere/at/all", folder.join("broken")).unwrap();
    symlink(format!("{long}/{long}/{long}/{long}"), folder.join("long-link")).unwrap();
    symlink("../../program", folder.join(&long).join(&long).join("up")).unwrap();
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    assert!(status.unwrap_or_else(|error| panic!("{program}: {error}")).success(), "{program} {arguments:?}");
}

#[test]
fn what_tar_packs_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    fs::create_dir(&from).unwrap();
    tree(&from);
    let wanted = Object::at(&from).unwrap();
    for format in ["gnu", "pax", "posix"] {
        let name = format!("{format}.tar");
        run("tar", &["-C", "from", "--format", format, "-cf", &name, "."], folder.path());
        for (packer, packed) in [
            (None, String::new()),
            (Some("gzip"), format!("{name}.gz")),
            (Some("bzip2"), format!("{name}.bz2")),
            (Some("xz"), format!("{name}.xz")),
            (Some("zstd"), format!("{name}.zst")),
        ] {
            // By another name: what it is packed by is told by what it holds.
            let archive = folder.path().join("archive");
            if let Some(packer) = packer {
                run(packer, &["-k", "-q", &name], folder.path());
                fs::rename(folder.path().join(packed), &archive).unwrap();
            } else {
                fs::copy(folder.path().join(&name), &archive).unwrap();
            }
            let to = tempfile::tempdir().unwrap();
            unpack(&archive, to.path(), UnpackLimits::default()).unwrap();
            assert_eq!(Object::at(to.path()).unwrap(), wanted, "{format} {packer:?}");
        }
    }
}

/// What `program` makes of that many zeros.
fn packed_zeros(program: &str, arguments: &[&str], megabytes: usize) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // The header of a file that says it is that large.
        let mut header = tar::Header::new_gnu();
        header.set_path("zeros").unwrap();
        header.set_size((megabytes as u64) << 20);
        header.set_mode(0o644);
        header.set_cksum();
        stdin.write_all(header.as_bytes()).unwrap();
        (0..megabytes).for_each(|_| stdin.write_all(&vec![0; 1 << 20]).unwrap());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn refused(bytes: &[u8], limits: UnpackLimits) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = unpack_from(bytes, Path::new("a.tar"), folder.path(), limits).unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[test]
fn small_archives_of_large_files_are_refused() {
    for program in ["gzip", "bzip2", "xz", "zstd"] {
        let bytes = packed_zeros(program, &["-c"], 64);
        assert!(bytes.len() < 1 << 20, "{program}");
        let error = refused(&bytes, UnpackLimits { entries: 10, bytes: 1 << 20 });
        assert!(error.contains("more than 1048576 bytes"), "{program}: {error}");
    }
}

#[test]
fn large_memories_are_refused() {
    // RFC 8878, section 3.1.1.1: a frame with a window of 2 GB, and an empty last block.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];
    let error = refused(&zstd, UnpackLimits::default());
    assert!(error.contains("too much memory"), "{error}");

    // The .xz File Format, sections 2.1.1 and 3.1: a block of LZMA2 with a dictionary of almost 4
    // GB (property 40).
    let sum = |bytes: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum().to_le_bytes()
    };
    let mut xz = [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 1].to_vec();
    xz.extend(sum(&[0, 1]));
    let block = [2, 0, 0x21, 1, 40, 0, 0, 0];
    xz.extend(block);
    xz.extend(sum(&block));
    xz.extend([0; 64]);
    let error = refused(&xz, UnpackLimits::default());
    assert!(error.contains("memory"), "{error}");
}

#[test]
fn long_names_are_not_read_into_memory() {
    // A name of 8 GB, of which nothing follows: told by its size alone.
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..13].copy_from_slice(b"././@LongLink");
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(8 << 30);
    header.set_cksum();
    let error = refused(header.as_bytes(), UnpackLimits::default());
    assert!(error.contains("too many"), "{error}");
}

#[test]
fn archives_that_end_too_early_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), vec![b'a'; 2000]).unwrap();
    run("tar", &["-cf", "a.tar", "a"], folder.path());
    let whole = fs::read(folder.path().join("a.tar")).unwrap();
    for length in [513, 1000, 2000, 2500] {
        let to = tempfile::tempdir().unwrap();
        let error = unpack_from(&whole[..length], Path::new("a.tar"), to.path(), UnpackLimits::default())
            .unwrap_err();
        assert!(matches!(error, UnpackError::Entry { .. } | UnpackError::Archive { .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed in an archive: nothing is made outside of the folder, and nothing inside
    /// leads out of it.
    #[test]
    fn changed_archives_stay_inside(changes in prop::collection::vec((0_usize..3072, any::<u8>()), 1..12)) {
        let mut bytes = small();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        // Most changes would only be caught by the headers' sums.
        for header in [0, 512, 1536, 2048] {
            mend(&mut bytes[header..header + 512]);
        }
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("inside");
        fs::create_dir(&folder).unwrap();
        let limits = UnpackLimits { entries: 20, bytes: 1 << 20 };
        let _ = unpack_from(bytes.as_slice(), Path::new("a.tar"), &folder, limits);
        prop_assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
        stay_inside(&folder, &folder);
    }
}

/// A folder, a file in it, and links of both kinds to that.
fn small() -> Vec<u8> {
    use tar::EntryType as Type;
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, link, content) in [
        ("a/", Type::Directory, "", ""),
        ("a/b", Type::Regular, "", "content"),
        ("a/c", Type::Symlink, "../a/b", ""),
        ("d", Type::Link, "a/b", ""),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        if !link.is_empty() {
            header.set_link_name(link).unwrap();
        }
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn mend(block: &mut [u8]) {
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    header.set_cksum();
    block.copy_from_slice(header.as_bytes());
}

fn stay_inside(root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            stay_inside(root, &path);
        } else if let Ok(real) = path.canonicalize() {
            assert!(real.starts_with(root.canonicalize().unwrap()), "{}", path.display());
        }
    }
}
