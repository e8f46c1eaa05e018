//! Store paths as the real Nix computes them: texts, sources, and outputs whose contents are known.

#![allow(clippy::unwrap_used)]

mod generator;

use generator::Generator;
use nix_formats::nar::{NarLimits, hash_tree};
use nix_formats::{FixedMethod, Hash, HashAlgorithm, PathReferences, StoreDir, StorePath, check_name};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use test_support::NixStore;

const FEATURES: &str = "nix-command ca-derivations dynamic-derivations git-hashing blake3-hashes";

fn name(g: &mut Generator) -> String {
    let first = g.text("abcXYZ019+_?=", 3);
    let name = format!("{first}x{}", g.text("abcdefXYZ0123456789+-._?=", 20));
    if g.below(40) == 0 { format!("{name}{}", "n".repeat(170)) } else { name }
}

fn evaluate(nix_store: &NixStore, input: &Value, expression: &str) -> Vec<String> {
    fs::write(nix_store.outside("input.json"), input.to_string()).unwrap();
    let read = format!("builtins.fromJSON (builtins.readFile {})", nix_store.inside("input.json"));
    let expression = format!("let input = {read}; in {expression}");
    let nix = nix_store.nix("nix-instantiate").args(["--option", "experimental-features", FEATURES]);
    let output =
        nix.args(["--eval", "--strict", "--json", "--read-write-mode", "--expr", &expression]).bytes();
    serde_json::from_slice(&output).unwrap()
}

fn full(store: &StoreDir, path: &StorePath) -> String {
    store.display(path).to_string()
}

/// Outputs of fixed-output derivations: every method with every algorithm it takes.
#[test]
fn fixed_outputs() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let mut g = Generator::new(10);
    let methods = [
        (FixedMethod::Flat, "flat"),
        (FixedMethod::Recursive, "recursive"),
        (FixedMethod::Recursive, "nar"),
        (FixedMethod::Text, "text"),
        (FixedMethod::Git, "git"),
    ];
    let (mut input, mut ours) = (Vec::new(), Vec::new());
    for i in 0..3_000 {
        let (method, mode) = g.pick(&methods);
        let algorithm = match method {
            FixedMethod::Text => HashAlgorithm::Sha256,
            FixedMethod::Git => g.pick(&[HashAlgorithm::Sha1, HashAlgorithm::Sha256]),
            FixedMethod::Flat | FixedMethod::Recursive => g.pick(&HashAlgorithm::ALL),
        };
        let hash = Hash::new(algorithm, g.bytes(algorithm.size())).unwrap();
        let name = name(&mut g);
        let spelled = [Hash::sri, Hash::prefixed_base32, Hash::prefixed_base16][i % 3](&hash);
        input.push(json!({ "name": name, "outputHash": spelled, "outputHashMode": mode }));
        ours.push(full(
            &store,
            &store.make_fixed_path(&name, method, &hash, &PathReferences::default()).unwrap(),
        ));
    }
    let theirs = evaluate(
        &nix_store,
        &json!(input),
        "map (c: (derivation (c // { system = \"s\"; builder = \"b\"; outputHashAlgo = null; })).outPath) input",
    );
    for ((ours, theirs), input) in ours.iter().zip(&theirs).zip(&input) {
        assert_eq!(ours, theirs, "{input}");
    }
    assert_eq!(ours.len(), theirs.len());
}

/// Texts that mention texts that were made before them.
#[test]
fn texts() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let mut g = Generator::new(11);
    let (mut input, mut ours): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for i in 0..400 {
        let name = name(&mut g);
        let start = g.text("abc \n\t\"\\$ä日", 40);
        let mentioned: Vec<usize> = (0..g.below(4).min(i)).map(|_| g.below(i)).collect();
        let contents: String = mentioned.iter().fold(start.clone(), |text, i| text + &ours[*i] + "\n");
        let others = mentioned.iter().map(|i| store.parse(&ours[*i]).unwrap()).collect();
        let references = PathReferences { others, itself: false };
        let hash = HashAlgorithm::Sha256.hash(contents.as_bytes());
        ours.push(full(&store, &store.make_text_path(&name, &hash, &references).unwrap()));
        input.push(json!({ "name": name, "contents": start, "mentions": mentioned }));
    }
    let theirs = evaluate(
        &nix_store,
        &json!(input),
        "builtins.foldl' (made: c: made ++ [ (builtins.toFile c.name
            (c.contents + builtins.concatStringsSep \"\" (map (i: builtins.elemAt made i + \"\\n\") c.mentions))) ]) [ ] input",
    );
    assert_eq!(ours, theirs);
}

/// Files and trees of all kinds, put into the store by each program that can.
#[test]
fn sources() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let mut g = Generator::new(12);
    for i in 0..6 {
        let name = format!("{}-{i}", name(&mut g));
        let path = nix_store.outside(&name);
        let file = i % 2 == 0;
        if file {
            let size = g.below(5_000);
            fs::write(&path, g.bytes(size)).unwrap();
        } else {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("program"), g.bytes(300)).unwrap();
            fs::set_permissions(path.join("program"), fs::Permissions::from_mode(0o755)).unwrap();
            fs::create_dir(path.join("empty")).unwrap();
            symlink("program", path.join("link")).unwrap();
        }
        let inside = nix_store.inside(&name);
        let tree = |algorithm| hash_tree(&path, algorithm, &NarLimits::default()).unwrap().0;
        let make = |method, hash: &Hash| {
            full(&store, &store.make_fixed_path(&name, method, hash, &PathReferences::default()).unwrap())
        };
        let source = make(FixedMethod::Recursive, &tree(HashAlgorithm::Sha256));
        assert_eq!(nix_store.nix("nix-store").args(["--add", &inside]).text().trim(), source);
        let imported = evaluate(&nix_store, &json!([inside]), "map (p: builtins.path { path = p; }) input");
        assert_eq!(imported, [source]);
        for algorithm in
            [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512]
        {
            let add = |args: &[&str]| {
                let nix = nix_store
                    .nix("nix-store")
                    .arg("--add-fixed")
                    .args(args)
                    .args([algorithm.name(), &inside]);
                nix.text().trim().to_owned()
            };
            assert_eq!(add(&["--recursive"]), make(FixedMethod::Recursive, &tree(algorithm)), "{algorithm}");
            if file {
                let contents = algorithm.hash(&fs::read(&path).unwrap());
                assert_eq!(add(&[]), make(FixedMethod::Flat, &contents), "{algorithm}");
            }
        }
    }
}

/// Contents that mention other contents.
#[test]
fn contents_with_references() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let nix = |args: &[&str]| {
        nix_store
            .nix("nix")
            .args(["--extra-experimental-features", "nix-command ca-derivations"])
            .args(args)
            .bytes()
    };
    let texts = evaluate(
        &nix_store,
        &json!([]),
        "[ (builtins.toFile \"b\" \"b\") (builtins.toFile \"a\" \"${builtins.toFile \"b\" \"b\"}\") ]",
    );
    let output = nix(&["store", "make-content-addressed", "--json", &texts[1]]);
    let rewritten: Value = serde_json::from_slice(&output).unwrap();
    let theirs = rewritten["rewrites"][&texts[1]].as_str().unwrap();
    let add = |name: &str, contents: &str, others: Vec<StorePath>| {
        let file = nix_store.outside("contents");
        fs::write(&file, contents).unwrap();
        let hash = hash_tree(&file, HashAlgorithm::Sha256, &NarLimits::default()).unwrap().0;
        let references = PathReferences { others, itself: false };
        store.make_fixed_path(name, FixedMethod::Recursive, &hash, &references).unwrap()
    };
    let b = add("b", "b", Vec::new());
    let a = add("a", &full(&store, &b), vec![b]);
    assert_eq!(full(&store, &a), theirs);
}

/// Which names are allowed in a store.
#[test]
fn names() {
    let nix_store = NixStore::new("nix-formats");
    let longest = "n".repeat(211);
    let longer = "n".repeat(212);
    for name in [
        "a",
        "A-b.c_d?e=f+g",
        "0",
        "-",
        "-a",
        "--",
        ".a",
        "..a",
        ".",
        "..",
        ".-",
        "..-",
        ".-a",
        "..-a",
        "...",
        "...-",
        "._",
        "a.",
        "a b",
        "a/b",
        "a\\b",
        "a:b",
        "a~b",
        "a%b",
        "a\nb",
        "ä",
        "",
        "a*",
        "a@b",
        "a,b",
        "a!b",
        "a.drv",
        ".drv",
        &longest,
        &longer,
    ] {
        fs::write(nix_store.outside("name"), name).unwrap();
        let text = format!("builtins.toFile (builtins.readFile {}) \"\"", nix_store.inside("name"));
        let theirs =
            nix_store.nix("nix-instantiate").args(["--eval", "--expr", &text]).output().status.success();
        assert_eq!(check_name(name).is_ok(), theirs, "{name:?}");
    }
}
