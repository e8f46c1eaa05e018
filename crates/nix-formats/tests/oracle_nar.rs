//! Archives against the real `nix-store --dump` and `--restore`.

#![allow(clippy::unwrap_used)]

use nix_formats::HashAlgorithm;
use nix_formats::nar::{NarLimits, RestoreOptions, dump, hash_tree, restore};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use test_support::NixStore;

#[derive(Debug, Clone)]
enum Tree {
    File { executable: bool, contents: Vec<u8> },
    Link(Vec<u8>),
    Folder(BTreeMap<Vec<u8>, Tree>),
}

impl Tree {
    fn make(&self, path: &Path) {
        match self {
            Self::File { executable, contents } => {
                fs::write(path, contents).unwrap();
                // Bits that do not count must not matter.
                let mode = if *executable { 0o744 } else { 0o655 };
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            }
            Self::Link(target) => symlink(OsStr::from_bytes(target), path).unwrap(),
            Self::Folder(entries) => {
                fs::create_dir(path).unwrap();
                for (name, tree) in entries {
                    tree.make(&path.join(OsStr::from_bytes(name)));
                }
            }
        }
    }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-zA-Z0-9._-]{1,12}".prop_map(String::into_bytes),
        1 => "\\PC{1,20}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..30),
        1 => "[a-c]{255}".prop_map(String::into_bytes),
    ]
    .prop_filter("a file name", |name| {
        name.len() <= 255 && name != b"." && name != b".." && !name.iter().any(|byte| b"/\0".contains(byte))
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let contents = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..40),
        prop::collection::vec(any::<u8>(), 4090..4100),
    ];
    let target = prop::collection::vec(1_u8.., 1..50);
    let leaf = prop_oneof![
        3 => (any::<bool>(), contents).prop_map(|(executable, contents)| Tree::File { executable, contents }),
        1 => target.prop_map(Tree::Link),
        1 => Just(Tree::Folder(BTreeMap::new())),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop::collection::btree_map(name(), inner, 0..8).prop_map(Tree::Folder)
    })
}

/// The same trees each time, different ones for each `purpose`.
fn trees(purpose: u8, count: usize) -> Vec<Tree> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[purpose; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| tree().new_tree(&mut runner).unwrap().current()).collect()
}

fn dumped(path: &Path) -> Vec<u8> {
    dump(path, Vec::new(), &NarLimits::default()).unwrap()
}

/// Both directions for what stands at `name` in `nix_store`; gives the archive.
fn agree(nix_store: &NixStore, name: &str) -> Vec<u8> {
    let theirs = nix_store.nix("nix-store").args(["--dump", &nix_store.inside(name)]).bytes();
    let ours = dumped(&nix_store.outside(name));
    assert!(ours == theirs, "different archives of {name}: {} and {} bytes", ours.len(), theirs.len());

    // What we unpack is the same to Nix, and what Nix unpacks from our bytes is the same to us.
    let size = restore(&theirs[..], &nix_store.outside("ours"), &RestoreOptions::default()).unwrap();
    assert_eq!(size, theirs.len() as u64);
    assert!(nix_store.nix("nix-store").args(["--dump", &nix_store.inside("ours")]).bytes() == theirs);
    nix_store.nix("nix-store").args(["--restore", &nix_store.inside("theirs")]).input(ours).bytes();
    assert!(dumped(&nix_store.outside("theirs")) == theirs);
    for copy in ["ours", "theirs"] {
        remove(&nix_store.outside(copy));
    }
    theirs
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

#[test]
fn generated_trees() {
    let nix_store = NixStore::new("nix-formats");
    for (number, tree) in trees(1, 40).into_iter().enumerate() {
        let name = format!("tree-{number}");
        tree.make(&nix_store.outside(&name));
        agree(&nix_store, &name);
    }
}

#[test]
fn hashes() {
    let nix_store = NixStore::new("nix-formats");
    for (number, tree) in trees(3, 4).into_iter().enumerate() {
        let name = format!("tree-{number}");
        tree.make(&nix_store.outside(&name));
        for algorithm in HashAlgorithm::ALL {
            let (hash, size) =
                hash_tree(&nix_store.outside(&name), algorithm, &NarLimits::default()).unwrap();
            let theirs = nix_store
                .nix("nix")
                // First: it must hold when the name of the algorithm is read.
                .args(["--extra-experimental-features", "blake3-hashes"])
                .args(["hash", "path", "--algo", algorithm.name(), "--base16"])
                .arg(nix_store.inside(&name))
                .text();
            assert_eq!(theirs.trim(), hash.base16());
            assert_eq!(size, dumped(&nix_store.outside(&name)).len() as u64);
        }
    }
}

#[test]
fn deep_and_large() {
    let nix_store = NixStore::new("nix-formats");
    // A file in 63 folders is the deepest that Nix takes.
    fs::create_dir_all(nix_store.outside("deep").join(["d"; 62].join("/"))).unwrap();
    fs::write(nix_store.outside("deep").join(["d"; 62].join("/")).join("file"), "x").unwrap();
    agree(&nix_store, "deep");
    fs::create_dir_all(nix_store.outside("deeper").join(["d"; 64].join("/"))).unwrap();
    assert!(dump(&nix_store.outside("deeper"), Vec::new(), &NarLimits::default()).is_err());
    let output = nix_store.nix("nix-store").args(["--dump", &nix_store.inside("deeper")]).output();
    assert!(!output.status.success());

    let mut state = 1_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    // Around the sizes of buffers, and much larger than any.
    for size in [0, 1, 7, 8, 9, 65_535, 65_536, 131_071, 131_072, 131_073, 20 << 20] {
        let contents: Vec<u8> = (0..size).map(|_| noise()).collect();
        fs::write(nix_store.outside("file"), contents).unwrap();
        agree(&nix_store, "file");
    }
    let many = nix_store.outside("many");
    fs::create_dir(&many).unwrap();
    for number in 0..3000 {
        fs::write(many.join(number.to_string()), []).unwrap();
    }
    agree(&nix_store, "many");
}

/// Damaged archives are refused by both or accepted by both.
#[test]
fn damaged_archives() {
    let nix_store = NixStore::new("nix-formats");
    let mut refused = 0;
    let mut accepted = 0;
    for (number, tree) in trees(2, 12).into_iter().enumerate() {
        tree.make(&nix_store.outside("tree"));
        let archive = dumped(&nix_store.outside("tree"));
        remove(&nix_store.outside("tree"));
        let mut rng = number * 7919;
        for _ in 0..25 {
            rng = rng.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493);
            let at = (rng >> 16) % archive.len();
            let mut damaged = archive.clone();
            match rng % 5 {
                0 => damaged.truncate(at),
                1 => damaged[at] ^= 1 << (rng % 8),
                2 => damaged[at / 8 * 8] ^= 1 << (rng % 8),
                3 => {
                    let end = (at + 8).min(damaged.len());
                    damaged.drain(at / 8 * 8..end / 8 * 8);
                }
                _ => damaged.extend_from_slice(&[0; 8]),
            }
            let ours = restore(&damaged[..], &nix_store.outside("ours"), &RestoreOptions::default());
            let theirs = nix_store
                .nix("nix-store")
                .args(["--restore", &nix_store.inside("theirs")])
                .input(damaged.clone())
                .output();
            assert_eq!(
                ours.is_ok(),
                theirs.status.success(),
                "ours: {ours:?}, theirs: {}",
                String::from_utf8_lossy(&theirs.stderr)
            );
            if ours.is_ok() {
                accepted += 1;
                assert!(dumped(&nix_store.outside("ours")) == dumped(&nix_store.outside("theirs")));
            } else {
                refused += 1;
                assert!(!nix_store.outside("ours").exists(), "a half unpacked tree was left behind");
            }
            remove(&nix_store.outside("ours"));
            remove(&nix_store.outside("theirs"));
        }
    }
    // Otherwise this compares nothing.
    assert!(refused > 50 && accepted > 20, "{refused} refused, {accepted} accepted");
}
