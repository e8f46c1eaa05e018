//! Keys, signatures and narinfo files: made by one side, accepted by the other.

#![allow(clippy::unwrap_used)]

use nix_formats::nar::{NarLimits, dump, hash_tree};
use nix_formats::store_db::{StoreDb, StoreDbOptions};
use nix_formats::{
    HashAlgorithm, KeyName, NarInfo, PublicKey, SecretKey, StoreDir, StorePath, TrustedKeys, path_fingerprint,
};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use test_support::NixStore;

/// A few paths that mention each other and themselves.
const PATHS: &str = r#"
let
  make = name: needs: derivation {
    inherit name needs;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "echo $needs $out > $out" ];
  };
  a = make "a" [ ];
  b = make "b" [ a ];
in [ a b (make "c" [ a b (builtins.toFile "text" "text") ]) ]
"#;

fn our_key(seed: u8) -> SecretKey {
    let name = KeyName::new("ours.example-1").unwrap();
    let fill = |bytes: &mut [u8; 32]| {
        *bytes = [seed; 32];
        Ok::<(), Infallible>(())
    };
    SecretKey::generate(name, fill).unwrap()
}

fn their_key(nix_store: &NixStore) -> SecretKey {
    let text = nix_store.nix("nix").args(["key", "generate-secret", "--key-name", "theirs.example-1"]).text();
    fs::write(nix_store.outside("their-key"), &text).unwrap();
    let key = SecretKey::from_secret_text(&text).unwrap();
    assert_eq!(&*key.to_secret_text(), text.trim_end());
    key
}

fn build(nix_store: &NixStore) -> Vec<String> {
    fs::write(nix_store.outside("paths.nix"), PATHS).unwrap();
    nix_store.nix("nix-build").args(["--no-out-link", &nix_store.inside("paths.nix")]).lines()
}

fn open(nix_store: &NixStore) -> StoreDb {
    let options = StoreDbOptions::new(StoreDir::new(&nix_store.store_dir()).unwrap());
    StoreDb::open_with(&nix_store.database(), options).unwrap()
}

#[test]
fn keys() {
    let nix_store = NixStore::new("nix-formats");
    for key in (0..10).map(our_key).chain([their_key(&nix_store)]) {
        let secret = key.to_secret_text();
        let public =
            nix_store.nix("nix").args(["key", "convert-secret-to-public"]).input(secret.as_bytes()).text();
        assert_eq!(public, key.public_key().to_string());
        assert_eq!(public.parse::<PublicKey>().unwrap(), key.public_key());
    }
}

/// Nix signs, we check; we sign, Nix checks.
#[test]
fn signatures_in_the_database() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let built = build(&nix_store);
    let theirs = their_key(&nix_store);
    nix_store
        .nix("nix")
        .args(["store", "sign", "-r", "--key-file", &nix_store.inside("their-key")])
        .args(&built)
        .bytes();
    let db = open(&nix_store);
    let trusted = TrustedKeys::from_iter([theirs.public_key()]);
    for path in db.valid_paths().unwrap().iter().filter(|path| !path.is_derivation()) {
        let info = db.query_path(path).unwrap().unwrap();
        let size = info.nar_size.unwrap();
        let text = path_fingerprint(&store, path, &info.nar_hash, size, &info.references);
        assert_eq!(trusted.valid_signers(text.as_bytes(), &info.signatures), [theirs.name()]);
        // Another size is another fingerprint.
        let other = path_fingerprint(&store, path, &info.nar_hash, size + 1, &info.references);
        assert!(trusted.valid_signers(other.as_bytes(), &info.signatures).is_empty());
        // And what was hashed is what is there.
        let tree = nix_store.outside("store").join(path.as_str());
        let hash = hash_tree(&tree, HashAlgorithm::Sha256, &NarLimits::default()).unwrap();
        assert_eq!(hash, (info.nar_hash, size));
    }
    drop(db);

    // Our signature, put where Nix looks for it.
    let ours = our_key(1);
    for (signer, accepted) in [(&ours, true), (&our_key(2), false)] {
        let db = open(&nix_store);
        let infos: Vec<_> =
            built.iter().map(|path| db.query_path(&store.parse(path).unwrap()).unwrap().unwrap()).collect();
        drop(db);
        let writer = rusqlite::Connection::open(nix_store.database()).unwrap();
        for info in infos {
            let text = path_fingerprint(
                &store,
                &info.path,
                &info.nar_hash,
                info.nar_size.unwrap(),
                &info.references,
            );
            let signature = signer.sign(text.as_bytes()).to_string();
            let path = store.display(&info.path).to_string();
            // What was built here needs no signature; that would prove nothing.
            let sql = "update ValidPaths set sigs = ?1, ultimate = null where path = ?2";
            assert_eq!(writer.execute(sql, (signature, path)).unwrap(), 1);
        }
        drop(writer);
        let trusted = format!("{}", ours.public_key());
        let output = nix_store
            .nix("nix")
            .args(["store", "verify", "--sigs-needed", "1", "--option", "trusted-public-keys", &trusted])
            .args(&built)
            .output();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), accepted, "{errors}");
        assert!(accepted || errors.contains("untrusted"), "{errors}");
    }
}

fn narinfos(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "narinfo")).collect()
}

/// Nix writes a binary cache, we read it; we sign it again, Nix takes the paths from it.
#[test]
fn binary_caches() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let built = build(&nix_store);
    let theirs = their_key(&nix_store);
    for compression in ["none", "xz", "zstd"] {
        let url = format!(
            "file://{}?compression={compression}&secret-key={}",
            nix_store.inside(compression),
            nix_store.inside("their-key")
        );
        nix_store.nix("nix").args(["copy", "--to", &url]).args(&built).bytes();
        let files = narinfos(&nix_store.outside(compression));
        assert_eq!(files.len(), 4);
        let ours = our_key(1);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let mut info = NarInfo::parse(&store, &text).unwrap();
            assert_eq!(info.display(&store).to_string(), text);
            assert_eq!(info.compression, compression);
            assert_eq!(file.file_stem().unwrap().to_str().unwrap(), info.store_path.digest());
            let trusted = TrustedKeys::from_iter([theirs.public_key(), ours.public_key()]);
            assert_eq!(info.valid_signers(&store, &trusted), [theirs.name()]);
            let archive = fs::read(nix_store.outside(compression).join(&info.url)).unwrap();
            assert_eq!(Some(HashAlgorithm::Sha256.hash(&archive)), info.file_hash);
            assert_eq!(Some(archive.len() as u64), info.file_size);
            if compression == "none" {
                assert_eq!(HashAlgorithm::Sha256.hash(&archive), info.nar_hash);
                let tree = nix_store.outside("store").join(info.store_path.as_str());
                assert!(dump(&tree, Vec::new(), &NarLimits::default()).unwrap() == archive);
            }

            info.signatures.clear();
            info.sign(&store, &ours);
            info.sign(&store, &ours);
            assert_eq!(info.signatures.len(), 1);
            assert_eq!(info.valid_signers(&store, &trusted), [ours.name()]);
            fs::write(&file, info.display(&store).to_string()).unwrap();
        }

        // A second store with the same name takes the paths only if it trusts our key.
        for (key, accepted) in [(our_key(2), false), (our_key(1), true)] {
            let target = format!("{compression}-{accepted}");
            let output = nix_store
                .nix("nix")
                .args(["copy", "--from", &format!("file://{}", nix_store.inside(compression))])
                .args([
                    "--to",
                    &format!("local?store={store}&real={0}/s&state={0}/v", nix_store.inside(&target)),
                ])
                .args(["--option", "require-sigs", "true", "--option", "trusted-public-keys"])
                .arg(key.public_key().to_string())
                .args(&built)
                .output();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), accepted, "{errors}");
            let arrived =
                |path: &StorePath| nix_store.outside(&target).join("s").join(path.as_str()).exists();
            let all = built.iter().all(|path| arrived(&store.parse(path).unwrap()));
            assert_eq!(all, accepted, "{errors}");
        }
    }
}
