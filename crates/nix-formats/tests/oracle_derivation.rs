//! Derivations that the real Nix made: their files, their JSON, their paths and those of their
//! outputs.

#![allow(clippy::unwrap_used)]

mod generator;

use generator::Generator;
use nix_formats::{
    Derivation, DerivationKind, DerivationOutput, Hash, HashAlgorithm, HashModulo, StoreDir, StorePath,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use test_support::{Nix, NixStore};

const FEATURES: &str =
    "nix-command ca-derivations dynamic-derivations impure-derivations git-hashing blake3-hashes";

fn nix(nix_store: &NixStore, program: &str) -> Nix {
    nix_store.nix(program).args(["--option", "experimental-features", FEATURES])
}

/// Numbers whose spelling in JSON is easy to get wrong.
fn floats(g: &mut Generator) -> Vec<f64> {
    let mut floats = vec![
        0.0,
        0.1,
        1.0,
        -1.5,
        100.0,
        1e15,
        1e16,
        123_456_789_012_345.0,
        1_234_567_890_123_456.0,
        1e14,
        1e-4,
        1e-5,
        0.001,
        0.000_123_4,
        1e20,
        1e21,
        1e100,
        1e-7,
        1e300,
        -2.5e-300,
        1.0 / 3.0,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        9_007_199_254_740_993.0,
        4_503_599_627_370_496.5,
    ];
    while floats.len() < 1_000 {
        let float = f64::from_bits(g.next());
        if float.is_finite() {
            floats.push(float);
        }
        // Of the size that people write.
        let (whole, part) = (g.below(2_000_000), 10_u32.pow(u32::try_from(g.below(9)).unwrap()));
        floats.push(f64::from(u32::try_from(whole).unwrap()) / f64::from(part));
    }
    floats
}

/// Derivations that use those before them.
fn nodes(g: &mut Generator, count: usize) -> Vec<Value> {
    (0..count)
        .map(|i| {
            let mut attrs = json!({ "kind": i });
            let kind = g.below(12);
            let outputs = ["out", "dev", "lib", "man"];
            if kind < 7 {
                attrs["outputs"] = json!(outputs[..=g.below(4)]);
            } else if kind < 9 {
                let algorithm = g.pick(&[
                    HashAlgorithm::Sha1,
                    HashAlgorithm::Sha256,
                    HashAlgorithm::Sha512,
                    HashAlgorithm::Blake3,
                ]);
                // Few different ones, so that several derivations have the same contents.
                let contents = g.below(4).to_string();
                attrs["outputHash"] = json!(algorithm.hash(contents.as_bytes()).sri());
                attrs["outputHashMode"] = json!(g.pick(&["flat", "recursive"]));
            } else if kind == 9 && i > count / 2 {
                // Not too early, or all the others would be deferred.
                attrs["__contentAddressed"] = json!(true);
                attrs["outputHashMode"] = json!("recursive");
                attrs["outputHashAlgo"] = json!("sha256");
            } else if kind == 10 {
                attrs["__structuredAttrs"] = json!(true);
                attrs["nested"] = json!({ "a": [g.below(9), { "b": g.text("ab\n\"\\ä", 9) }] });
            }
            for _ in 0..g.below(4) {
                let key = g.text("abcxyzABC_09", 8) + "_";
                attrs[key] = json!(g.text("abc \n\t\r\"\\$é日'{}[](),", 60));
            }
            let uses: Vec<[usize; 2]> =
                (0..g.below(5).min(i)).map(|_| [i - 1 - g.below(i.min(30)), g.below(4)]).collect();
            let name = format!("node-{}-{i}", g.text("abc+._?=XYZ", 5));
            json!({ "name": name, "attrs": attrs, "uses": uses })
        })
        .collect()
}

/// What Nix made of `oracle_derivation.nix`: files by their paths.
struct Made {
    nix_store: NixStore,
    store: StoreDir,
    files: BTreeMap<StorePath, Vec<u8>>,
}

fn make() -> Made {
    let nix_store = NixStore::new("nix-formats");
    let mut g = Generator::new(20);
    let characters: String = (1..=0xff_u8).map(char::from).collect();
    fs::write(nix_store.outside("bytes"), (1..=u8::MAX).rev().collect::<Vec<_>>()).unwrap();
    let input = json!({
        "characters": characters, "floats": floats(&mut g), "bytes": nix_store.inside("bytes"), "nodes": nodes(&mut g, 300),
    });
    fs::write(nix_store.outside("input.json"), input.to_string()).unwrap();
    fs::write(nix_store.outside("oracle_derivation.nix"), include_str!("oracle_derivation.nix")).unwrap();
    let input = format!("builtins.fromJSON (builtins.readFile {})", nix_store.inside("input.json"));
    let printed = nix(&nix_store, "nix-instantiate")
        .args([&nix_store.inside("oracle_derivation.nix"), "--arg", "input", &input])
        .lines();
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let files: BTreeMap<StorePath, Vec<u8>> = fs::read_dir(nix_store.outside("store"))
        .unwrap()
        .map(|entry| entry.unwrap())
        // Nix keeps things of its own there too, such as `.links`.
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<StorePath>().ok()?, entry.path())))
        .filter(|(path, _)| path.is_derivation())
        .map(|(path, file)| (path, fs::read(file).unwrap()))
        .collect();
    for path in printed {
        let path = path.split('!').next().unwrap();
        assert!(files.contains_key(&store.parse(path).unwrap()), "{path}");
    }
    assert!(files.len() > 340, "{}", files.len());
    Made { nix_store, store, files }
}

impl Made {
    fn parse<'f>(&self, path: &'f StorePath, file: &'f [u8]) -> Derivation<'f> {
        let name = path.derivation_name().unwrap();
        Derivation::parse_in(file, name, &self.store).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn modulo(&self) -> HashModulo<impl FnMut(&StorePath) -> std::io::Result<Vec<u8>>> {
        HashModulo::new(self.store.clone(), |path: &StorePath| {
            self.files.get(path).cloned().ok_or_else(|| std::io::ErrorKind::NotFound.into())
        })
    }
}

#[test]
fn files_and_paths() {
    let made = make();
    let mut kinds = BTreeMap::new();
    let (mut dynamic, mut structured) = (0, 0);
    for (path, file) in &made.files {
        let derivation = made.parse(path, file);
        assert!(derivation.is_sorted(), "{path}");
        let printed = derivation.to_aterm(&made.store).unwrap();
        assert_eq!(printed.as_slice(), file.as_slice(), "{path}");
        assert_eq!(derivation.store_path(&made.store).unwrap(), *path);
        *kinds.entry(format!("{:?}", derivation.kind().unwrap())).or_insert(0) += 1;
        dynamic += usize::from(derivation.is_dynamic());
        structured += usize::from(derivation.env("__json").is_some());
    }
    assert_eq!(kinds.len(), 5, "all kinds: {kinds:?}");
    assert!(dynamic >= 2 && structured > 20, "{dynamic} dynamic, {structured} structured");
}

/// `nix derivation show`.
#[test]
fn json_form() {
    let made = make();
    // JSON cannot hold what is not UTF-8, and Nix refuses it as we do.
    let is_bytes = |path: &&StorePath| path.name() == "bytes.drv";
    let bytes = made.files.keys().find(is_bytes).unwrap();
    let show = |paths: Vec<String>| nix(&made.nix_store, "nix").args(["derivation", "show"]).args(paths);
    let full = |path: &StorePath| made.store.display(path).to_string();
    assert!(!show(vec![full(bytes)]).output().status.success());
    let derivation = made.parse(bytes, &made.files[bytes]);
    assert_eq!(derivation.to_json().unwrap_err().place, "env.raw");
    assert_eq!(derivation.env_bytes("raw").unwrap().len(), 255);

    let others: Vec<&StorePath> = made.files.keys().filter(|path| !is_bytes(path)).collect();
    let shown = show(others.iter().map(|path| full(path)).collect()).bytes();
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    assert_eq!(shown["derivations"].as_object().unwrap().len(), others.len());
    for path in others {
        let theirs = &shown["derivations"][path.as_str()];
        let derivation = made.parse(path, &made.files[path]);
        assert_eq!(derivation.to_json().unwrap(), *theirs, "{path}");
        let read = Derivation::from_json(theirs).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(read, derivation, "{path}");
        assert_eq!(read.to_aterm(&made.store).unwrap(), made.files[path], "{path}");
    }
}

/// Nix takes the JSON that we write, and gives it the path that we compute.
#[test]
fn nix_reads_our_json() {
    let made = make();
    let other = NixStore::new("nix-formats");
    let store = StoreDir::new(&other.store_dir()).unwrap();
    let names =
        ["plain", "many-1.0", "texts", "fixed-tree-512", "git-floating", "impure", "structured-fixed"];
    let mut added = BTreeSet::new();
    for (path, file) in &made.files {
        let derivation = made.parse(path, file);
        if !names.contains(&derivation.name.as_ref()) {
            continue;
        }
        // For another store, where all paths are others.
        let mut moved = derivation.clone().into_owned();
        moved.input_sources.clear();
        moved.input_derivations.clear();
        for (name, output) in &mut moved.outputs {
            if matches!(output, DerivationOutput::InputAddressed(_)) {
                *output = DerivationOutput::Deferred;
            }
            if derivation.kind().unwrap() != DerivationKind::Floating
                && derivation.kind().unwrap() != DerivationKind::Impure
            {
                for (variable, value) in &mut moved.env {
                    if variable.as_ref() == name.as_bytes() {
                        *value = std::borrow::Cow::Borrowed(&[]);
                    }
                }
            }
        }
        let missing =
            |_: &StorePath| -> std::io::Result<Vec<u8>> { Err(std::io::ErrorKind::NotFound.into()) };
        HashModulo::new(store.clone(), missing).fill_in(&mut moved).unwrap();
        let json = moved.to_json().unwrap().to_string();
        let theirs = nix(&other, "nix").args(["derivation", "add"]).input(json).text();
        assert_eq!(theirs.trim(), store.display(&moved.store_path(&store).unwrap()).to_string());
        added.insert(derivation.name.to_string());
    }
    assert_eq!(added.len(), names.len(), "{added:?}");
}

/// Paths of outputs, computed from nothing but the inputs.
#[test]
fn outputs() {
    let made = make();
    let mut modulo = made.modulo();
    let mut computed = 0;
    for (path, file) in &made.files {
        let derivation = made.parse(path, file);
        modulo.check(&derivation).unwrap_or_else(|e| panic!("{path}: {e}"));
        match derivation.kind().unwrap() {
            DerivationKind::Deferred => assert!(modulo.own_hash(&derivation).unwrap().is_none(), "{path}"),
            DerivationKind::InputAddressed => {
                let mut blank = derivation.clone();
                for (name, output) in &mut blank.outputs {
                    *output = DerivationOutput::Deferred;
                    let variable = blank.env.iter_mut().find(|(v, _)| v.as_ref() == name.as_bytes());
                    variable.unwrap().1 = std::borrow::Cow::Borrowed(&[]);
                }
                modulo.fill_in(&mut blank).unwrap();
                assert_eq!(blank, derivation);
                computed += blank.outputs.len();
                // And a wrong path does not pass.
                let wrong = Hash::new(HashAlgorithm::Sha256, vec![7; 32]).unwrap();
                let wrong = made.store.make_output_path(&blank.outputs[0].0, &wrong, &blank.name).unwrap();
                blank.outputs[0].1 = DerivationOutput::InputAddressed(wrong);
                assert!(modulo.check(&blank).is_err(), "{path}");
            }
            _ => {}
        }
    }
    assert!(computed > 200, "{computed}");
}
