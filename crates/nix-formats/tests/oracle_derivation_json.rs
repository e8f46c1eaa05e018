//! Derivations from JSON as the real `nix derivation add` takes them: the same files, paths and
//! outputs, and the same ones refused.

#![allow(clippy::unwrap_used)]

mod generator;

use generator::Generator;
use nix_formats::{Derivation, HashAlgorithm, HashModulo, StoreDir, StorePath};
use serde_json::{Map, Value, json};
use std::fs;
use test_support::{Nix, NixStore};

fn derivation_command(nix_store: &NixStore, command: &str) -> Nix {
    let features = "nix-command ca-derivations dynamic-derivations impure-derivations";
    nix_store.nix("nix").args(["--extra-experimental-features", features, "derivation", command])
}

/// Reads JSON as Nix does before it writes a derivation; an error where a derivation is not
/// consistent.
fn ours(nix_store: &NixStore, json: &Value) -> Result<(Derivation<'static>, StorePath), String> {
    let mut derivation = Derivation::from_json(json).map_err(|e| e.to_string())?;
    let read = |path: &StorePath| fs::read(nix_store.outside("store").join(path.as_str()));
    let mut modulo = HashModulo::new(StoreDir::new(&nix_store.store_dir()).unwrap(), read);
    modulo.fill_in(&mut derivation).map_err(|e| e.to_string())?;
    modulo.check(&derivation).map_err(|e| e.to_string())?;
    let path =
        derivation.store_path(&StoreDir::new(&nix_store.store_dir()).unwrap()).map_err(|e| e.to_string())?;
    Ok((derivation, path))
}

/// Text with everything that JSON or ATerm may escape.
fn text(g: &mut Generator) -> String {
    g.text("ab $'\"\\/\n\r\t\u{1}\u{8}\u{c}\u{1f}\u{7f}ä\u{2028}😀", 12)
}

fn number(g: &mut Generator) -> Value {
    // Numbers whose spelling depends on the writer: large and small, and around the borders of
    // integers.
    let numbers = [
        "0",
        "1",
        "-1",
        "1.0",
        "0.5",
        "-0.0",
        "100.0",
        "1e14",
        "1e15",
        "1e16",
        "123456789012345.6",
        "1e-4",
        "1.5e-4",
        "1e-5",
        "1.5e-5",
        "1e22",
        "1.5e300",
        "5e-324",
        "1.7976931348623157e308",
        "0.1",
        "0.30000000000000004",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
    ];
    if g.below(2) == 0 {
        return serde_json::from_str(g.pick(&numbers)).unwrap();
    }
    let float = f64::from_bits(g.next());
    if float.is_finite() && g.below(2) == 0 {
        return json!(float);
    }
    let part = 10_u32.pow(u32::try_from(g.below(7)).unwrap());
    json!(f64::from(u32::try_from(g.below(2_000_000)).unwrap()) / f64::from(part))
}

fn structured(g: &mut Generator, depth: usize) -> Value {
    match g.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(g.below(2) == 0),
        2 | 3 => number(g),
        4 => json!(text(g)),
        5 => (0..g.below(4)).map(|_| structured(g, depth - 1)).collect(),
        _ => members(g, depth - 1),
    }
}

fn members(g: &mut Generator, depth: usize) -> Value {
    Value::Object((0..g.below(6)).map(|_| (text(g), structured(g, depth))).collect())
}

/// A derivation that was added.
struct Added {
    path: StorePath,
    outputs: Vec<String>,
    /// Whether the paths of the outputs are left open.
    open: bool,
}

/// What is needed of a derivation; rarely, of one that it makes. Only derivations whose paths are
/// left open make others here: with the rest, Nix 2.34 forgets that the inputs are not known, which
/// 2.36 has corrected.
fn needed(g: &mut Generator, outputs: &[String], depth: usize) -> Value {
    let wanted: Vec<&String> = outputs.iter().take(1 + g.below(outputs.len())).collect();
    if depth > 0 && g.below(12) == 0 {
        let inner = needed(g, &["out".to_owned()], depth - 1);
        return json!({ "dynamicOutputs": { wanted[0].as_str(): inner }, "outputs": [] });
    }
    json!({ "dynamicOutputs": {}, "outputs": wanted })
}

fn outputs(g: &mut Generator, kind: usize) -> Map<String, Value> {
    let names = ["dev", "lib", "out", "a-b_c"];
    let mut outputs = Map::new();
    let hash = HashAlgorithm::Sha256.hash(&g.bytes(8));
    if kind == 1 {
        let method = g.pick(&["flat", "nar", "text"]);
        let old = if g.below(2) == 0 { HashAlgorithm::Sha1 } else { HashAlgorithm::Sha512 };
        let hash = if method == "text" || g.below(2) == 0 { hash } else { old.hash(b"contents") };
        outputs.insert("out".to_owned(), json!({ "method": method, "hash": hash.sri() }));
        return outputs;
    }
    for name in names.into_iter().skip(g.below(4)) {
        let output = match kind {
            0 => json!({}),
            2 => json!({ "method": "nar", "hashAlgo": "sha256" }),
            _ => json!({ "method": "nar", "hashAlgo": "sha256", "impure": true }),
        };
        outputs.insert(name.to_owned(), output);
    }
    outputs
}

fn document(g: &mut Generator, number: usize, added: &[Added], sources: &[StorePath]) -> Value {
    let mut outputs = {
        let kind = g.pick(&[0, 0, 0, 0, 1, 1, 2, 3]);
        outputs(g, kind)
    };
    // Some are wrong: outputs of two kinds, and paths that they cannot have.
    let wrong = StorePath::from_base_name("c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-wrong").unwrap();
    match g.below(20) {
        0 => drop(outputs.insert("other".to_owned(), json!({ "method": "nar", "hashAlgo": "sha256" }))),
        1 => drop(outputs.insert("out".to_owned(), json!({ "path": wrong.as_str() }))),
        2 => drop(outputs.insert("other".to_owned(), json!({ "method": "nar", "hashAlgo": "sha512" }))),
        _ => {}
    }
    let mut env: Map<String, Value> = (0..g.below(5)).map(|_| (text(g), json!(text(g)))).collect();
    for name in outputs.keys() {
        match g.below(20) {
            0 => {}
            1 => drop(env.insert(name.clone(), json!("/elsewhere"))),
            _ => drop(env.insert(name.clone(), json!(""))),
        }
    }
    let mut inputs = Map::new();
    for Added { path, outputs, open } in added {
        // What needs an open one is open too; there should be others.
        if g.below(added.len()) < 3 && !(*open && g.below(4) > 0) {
            inputs.insert(path.to_string(), needed(g, outputs, if *open { 2 } else { 0 }));
        }
    }
    let sources: Vec<&str> = sources.iter().take(g.below(sources.len() + 1)).map(StorePath::as_str).collect();
    let mut document = json!({
        "args": (0..g.below(4)).map(|_| text(g)).collect::<Vec<_>>(),
        "builder": "/bin/sh", "env": env, "inputs": { "drvs": inputs, "srcs": sources },
        "name": format!("{}-{number}", g.pick(&["hello", "a+b", "x_y?=", "source.tar.gz"])),
        "outputs": outputs, "system": g.pick(&["x86_64-linux", "builtin"]), "version": 4,
    });
    if g.below(2) == 0 {
        document["structuredAttrs"] = members(g, 3);
    }
    document
}

#[test]
fn added_and_refused() {
    let nix_store = NixStore::new("nix-formats");
    let store: StoreDir = StoreDir::new(&nix_store.store_dir()).unwrap();
    let mut sources = Vec::new();
    for name in ["b-source", "a-source"] {
        fs::write(nix_store.outside(name), name).unwrap();
        let path = nix_store.nix("nix-store").args(["--add", &nix_store.inside(name)]).text();
        sources.push(store.parse(path.trim()).unwrap());
    }
    let mut g = Generator::new(7);
    let mut added = Vec::<Added>::new();
    let (mut refused, mut filled_in, mut open) = (0, 0, 0);
    for number in 0..120 {
        let json = document(&mut g, number, &added, &sources);
        let output = derivation_command(&nix_store, "add").input(json.to_string()).output();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let ours = ours(&nix_store, &json);
        if !output.status.success() {
            assert!(ours.is_err(), "Nix refuses:\n{errors}\n{json:#}");
            refused += 1;
            continue;
        }
        let theirs = String::from_utf8(output.stdout).unwrap();
        let theirs = store.parse(theirs.trim()).unwrap();
        let (derivation, path) = ours.unwrap_or_else(|error| panic!("{error}\n{json:#}"));
        let file = fs::read(nix_store.outside("store").join(theirs.as_str())).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&derivation.to_aterm(&store).unwrap()),
            String::from_utf8_lossy(&file),
            "{json:#}"
        );
        assert_eq!(path, theirs);
        let read = Derivation::parse_in(&file, path.derivation_name().unwrap(), &store).unwrap();
        assert_eq!(read, derivation);
        let mut is_open = false;
        for (_, path) in read.output_paths(&store).map(Result::unwrap) {
            is_open = path.is_none();
            *(if is_open { &mut open } else { &mut filled_in }) += 1;
        }
        let outputs = derivation.outputs.iter().map(|(name, _)| name.to_string()).collect();
        added.push(Added { path, outputs, open: is_open });
    }
    let counts = format!("{refused} refused, {filled_in} outputs filled in, {open} left open");
    assert!(refused >= 10 && filled_in >= 60 && open >= 60, "{counts}");

    // All of them as Nix shows them again.
    let paths = added.iter().map(|added| store.display(&added.path).to_string());
    let shown: Value =
        serde_json::from_slice(&derivation_command(&nix_store, "show").args(paths).bytes()).unwrap();
    let shown = shown["derivations"].as_object().unwrap();
    assert_eq!(shown.len(), added.len());
    for (path, theirs) in shown {
        let file = fs::read(nix_store.outside("store").join(path)).unwrap();
        let path = StorePath::from_base_name(path).unwrap();
        let derivation = Derivation::parse_in(&file, path.derivation_name().unwrap(), &store).unwrap();
        assert_eq!(&derivation.to_json().unwrap(), theirs);
    }
}
