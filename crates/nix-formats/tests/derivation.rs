//! Derivations of Nix's own tests: files, their JSON, and what their outputs may be.

#![allow(clippy::unwrap_used)]

use nix_formats::{
    Derivation, DerivationOutput, DerivationProblem, FixedMethod, HashAlgorithm, HashModulo, InputHash,
    OutputPathError, StoreDir, StorePath,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    test_support::data("nix/derivation").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(data(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn read_json(name: &str) -> Value {
    serde_json::from_slice(&read(name)).unwrap()
}

/// All files in a folder of the data with this ending, sorted.
fn list(folder: &str, ending: &str) -> Vec<String> {
    let files = fs::read_dir(data(folder)).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files
        .filter(|f| f.ends_with(ending))
        .map(|f| Path::new(folder).join(f).display().to_string())
        .collect();
    files.sort();
    files
}

/// What Nix's tests call the derivation in a file of this name.
fn name_of(file: &str) -> String {
    let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let twins = [("source", "source-"), ("intermediate", "intermediate-"), ("parent", "parent-")];
    let twin = twins.iter().find(|(_, prefix)| file.starts_with("hash-modulo/") && name.starts_with(prefix));
    twin.map_or(name, |(name, _)| name).to_owned()
}

#[test]
fn files_survive_and_equal_their_json() {
    let store = StoreDir::default();
    let (mut files, mut twins) = (0, 0);
    for file in list("", ".drv").into_iter().chain(list("hash-modulo", ".drv")) {
        // Those are what is hashed, not what is in the store.
        if file.starts_with("bad-") || file.ends_with("-modulo.drv") {
            continue;
        }
        let text = read(&file);
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let derivation = Derivation::parse(text, name_of(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(derivation.to_aterm(&store).unwrap(), text, "{file}");
        assert_eq!(derivation.clone().into_owned(), derivation);
        files += 1;
        let twin = file.replace(".drv", ".json");
        if data(&twin).exists() {
            let json = read_json(&twin);
            assert_eq!(derivation.to_json().unwrap(), json, "{file}");
            assert_eq!(Derivation::from_json(&json).unwrap(), derivation, "{file}");
            twins += 1;
        }
    }
    assert!(files >= 10 && twins >= 8, "{files} files, {twins} with JSON");
}

/// JSON -> derivation -> file -> derivation -> JSON.
#[test]
fn json_survives() {
    let store = StoreDir::default();
    let (mut count, mut checked) = (0, 0);
    for folder in ["", "ia", "ca", "hash-modulo", "invariants", "try-resolve"] {
        for file in list(folder, ".json") {
            let json = read_json(&file);
            if json.get("builder").is_none() {
                continue;
            }
            let derivation = Derivation::from_json(&json).unwrap_or_else(|e| panic!("{file}: {e}"));
            let text = derivation.to_aterm(&store).unwrap();
            let name = json["name"].as_str().unwrap();
            let again = Derivation::parse(&text, name).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert_eq!(again, derivation, "{file}");
            let mut expected = json.clone();
            if expected["inputs"].is_array() {
                // Resolved derivations are written like others.
                expected["inputs"] = json!({ "drvs": {}, "srcs": expected["inputs"] });
            }
            if expected.get("structuredAttrs").is_some() {
                expected["env"].as_object_mut().unwrap().remove("__json");
            }
            assert_eq!(again.to_json().unwrap(), expected, "{file}");
            count += 1;
            // Where nothing else is needed, the paths of the outputs can be checked too.
            if ["ia", "ca"].contains(&folder) && derivation.input_derivations.is_empty() {
                Files(BTreeMap::new()).modulo().check(&derivation).unwrap_or_else(|e| panic!("{file}: {e}"));
                checked += 1;
            }
        }
    }
    assert!(count >= 25 && checked >= 4, "{count}, {checked} checked");
}

#[test]
fn outputs_of_each_kind() {
    let with = |output: Value| {
        json!({
            "args": [], "builder": "b", "env": {}, "inputs": { "drvs": {}, "srcs": [] }, "name": "drv-name",
            "outputs": { "output-name": output }, "system": "s", "version": 4,
        })
    };
    let mut kinds = BTreeMap::new();
    for file in list("", ".json").into_iter().filter(|f| f.starts_with("output-")) {
        let output = read_json(&file);
        let derivation = Derivation::from_json(&with(output.clone())).unwrap();
        assert_eq!(derivation.to_json().unwrap(), with(output));
        let text = derivation.to_aterm(&StoreDir::default()).unwrap();
        assert_eq!(Derivation::parse(&text, "drv-name").unwrap(), derivation);
        let kind = match derivation.outputs[0].1 {
            DerivationOutput::InputAddressed(_) => "inputAddressed",
            DerivationOutput::Fixed { .. } => "caFixed",
            DerivationOutput::Floating { .. } => "caFloating",
            DerivationOutput::Deferred => "deferred",
            DerivationOutput::Impure { .. } => "impure",
            ref other => panic!("{other:?}"),
        };
        assert!(file.starts_with(&format!("output-{kind}")), "{file}");
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(kinds.values().sum::<i32>(), 7, "{kinds:?}");
}

#[test]
fn bad_files_are_refused_for_what_is_bad() {
    let problem = |name: &str| {
        let error = Derivation::parse(&read(name), "fixed").unwrap_err();
        (error.offset, error.problem)
    };
    assert!(matches!(problem("bad-ca-fixed-path.drv"), (8, DerivationProblem::FixedPath { .. })));
    assert!(
        matches!(problem("bad-version.drv"), (15, DerivationProblem::Version(v)) if v == "invalid-version")
    );
    let (offset, problem) = problem("bad-old-version-dyn-deps.drv");
    assert_eq!((offset, problem), (67, DerivationProblem::DynamicInOldVersion));
}

/// A small file must not take a large memory.
#[test]
fn too_many_items() {
    let with_args = |count: usize| {
        let args = vec!["\"\""; count].join(",");
        format!("Derive([(\"out\",\"\",\"\",\"\")],[],[],\"x\",\"y\",[{args}],[])")
    };
    let most = Derivation::MAX_ITEMS - 1;
    assert_eq!(Derivation::parse(with_args(most).as_bytes(), "a").unwrap().args.len(), most);
    let error = Derivation::parse(with_args(most + 1).as_bytes(), "a").unwrap_err();
    assert_eq!(error.problem, DerivationProblem::TooMany);
}

#[test]
fn attributes() {
    let text = read("hello.drv");
    let hello = Derivation::parse(&text, "hello-2.12.2").unwrap();
    let attributes = hello.attributes().unwrap();
    assert_eq!(hello.env("pname"), Some("hello"));
    assert_eq!(attributes.pname().as_deref(), Some("hello"));
    assert_eq!(attributes.version().as_deref(), Some("2.12.2"));
    assert!(attributes.patch_names().is_empty());
    assert!(attributes.source_urls().is_empty(), "it is not fixed");
    assert_eq!(hello.input_derivations.len(), 4);

    let text = read("firefox.drv");
    let firefox = Derivation::parse(&text, "firefox-140.0.4").unwrap();
    let attributes = firefox.attributes().unwrap();
    assert_eq!(firefox.env("pname"), None, "it has structured attributes");
    assert_eq!(attributes.pname().as_deref(), Some("firefox"));
    assert_eq!(attributes.version().as_deref(), Some("140.0.4"));

    let path = "/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9";
    let variables = format!(
        "(\"patches\",\"{path}-CVE-2021-1234.patch {path}-source/patches/fix.patch\\n\\t{path}-CVE-2022-1.diff\"),\
         (\"url\",\"https://a/b\"),(\"urls\",\"mirror://gnu/b https://a/b\")"
    );
    let text = format!("Derive([(\"out\",\"\",\"\",\"\")],[],[],\"x\",\"y\",[],[{variables}])");
    let unfixed = Derivation::parse(text.as_bytes(), "a").unwrap();
    let attributes = unfixed.attributes().unwrap();
    assert_eq!(attributes.patch_names(), ["CVE-2021-1234.patch", "fix.patch", "CVE-2022-1.diff"]);
    assert!(attributes.source_urls().is_empty());
    let mut fixed = unfixed.clone();
    let hash = HashAlgorithm::Sha256.hash(b"b");
    fixed.outputs[0].1 = DerivationOutput::Fixed { method: FixedMethod::Flat, hash };
    assert_eq!(fixed.attributes().unwrap().source_urls(), ["mirror://gnu/b", "https://a/b"]);

    let structured = "{\\\"patches\\\":[\\\"/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-CVE-1.patch\\\"],\
                      \\\"version\\\":1.5,\\\"pname\\\":null}";
    let text =
        format!("Derive([(\"out\",\"\",\"\",\"\")],[],[],\"x\",\"y\",[],[(\"__json\",\"{structured}\")])");
    let derivation = Derivation::parse(text.as_bytes(), "a").unwrap();
    let attributes = derivation.attributes().unwrap();
    assert_eq!(attributes.patch_names(), ["CVE-1.patch"]);
    assert_eq!(attributes.version().as_deref(), Some("1.5"));
    assert_eq!(attributes.pname(), None);
}

/// A store of a few derivations.
struct Files(BTreeMap<StorePath, Vec<u8>>);

impl Files {
    fn modulo(self) -> HashModulo<impl FnMut(&StorePath) -> std::io::Result<Vec<u8>>> {
        HashModulo::new(StoreDir::default(), move |path: &StorePath| {
            self.0.get(path).cloned().ok_or_else(|| std::io::ErrorKind::NotFound.into())
        })
    }

    fn of(names: &[&str]) -> Self {
        let file = |name: &&str| {
            let text = read(&format!("hash-modulo/{name}.drv"));
            let derivation = Derivation::parse(&text, name_of(&format!("hash-modulo/{name}.drv"))).unwrap();
            let path = derivation.store_path(&StoreDir::default()).unwrap();
            (path, text)
        };
        Self(names.iter().map(file).collect())
    }
}

/// What is hashed for each derivation stands in a file of Nix's.
#[test]
fn texts_that_are_hashed() {
    let files = Files::of(&["source-first", "source-second", "intermediate-first", "intermediate-second"]);
    assert_eq!(files.0.len(), 4);
    let mut modulo = files.modulo();
    for name in ["intermediate-first", "intermediate-second", "parent-joined", "parent-split"] {
        let file = format!("hash-modulo/{name}.drv");
        let text = read(&file);
        let derivation = Derivation::parse(&text, name_of(&file)).unwrap();
        let ours = modulo.own_text(&derivation).unwrap().unwrap();
        let theirs = read(&format!("hash-modulo/{name}-modulo.drv"));
        assert_eq!(String::from_utf8(ours), String::from_utf8(theirs), "{name}");
        if name.starts_with("intermediate") {
            // As it was made: no paths, and an environment that does not even name the outputs.
            let mut filled = derivation.clone();
            filled.env.clear();
            for (_, output) in &mut filled.outputs {
                *output = DerivationOutput::Deferred;
            }
            modulo.fill_in(&mut filled).unwrap();
            assert_eq!(filled, derivation, "{name}");
        }
    }
}

#[test]
fn outputs_are_filled_in_and_checked() {
    let dependency = |hash: InputHash| {
        let mut modulo = Files(BTreeMap::new()).modulo();
        let path = StorePath::from_base_name("lg4c4b8r9hlczwprl6kgnzfd9mc1xmkk-dependency.drv").unwrap();
        modulo.insert(path, hash);
        modulo
    };
    let get = |name: &str| Derivation::from_json(&read_json(&format!("invariants/{name}.json"))).unwrap();
    let mut modulo = dependency(InputHash::Deferred);

    for kind in ["filled-in-deferred-empty-env-var", "filled-in-deferred-no-env-var"] {
        let mut derivation = get(&format!("{kind}-pre"));
        assert!(modulo.check(&derivation).is_err(), "{kind}: not filled in yet");
        modulo.fill_in(&mut derivation).unwrap();
        assert_eq!(derivation, get(&format!("{kind}-post")));
        // A variable that was missing is part of the text that is hashed afterwards: Nix too calls
        // its own path wrong then.
        assert_eq!(modulo.check(&derivation).is_ok(), kind.ends_with("empty-env-var"));
    }
    for name in ["filled-in-idempotent", "depends-on-drv-pre"] {
        let mut derivation = get(name);
        modulo.check(&derivation).unwrap();
        modulo.fill_in(&mut derivation).unwrap();
        assert_eq!(derivation, get(name));
    }
    assert!(matches!(modulo.fill_in(&mut get("bad-env-var")), Err(OutputPathError::Variable { .. })));
    assert!(matches!(modulo.fill_in(&mut get("bad-path")), Err(OutputPathError::Path { .. })));
    assert!(matches!(modulo.fill_in(&mut get("bad-depends-on-drv-pre")), Err(OutputPathError::Path { .. })));
}

/// What derivations become once their inputs are built.
#[test]
fn resolved() {
    let store = StoreDir::default();
    let mut count = 0;
    for file in list("try-resolve", "-before.json") {
        let stem = file.strip_suffix("-before.json").unwrap();
        let derivation = Derivation::from_json(&read_json(&file)).unwrap();
        let trace = read_json(&format!("{stem}-buildTrace.json"));
        let built = |path: &StorePath, outputs: &[&str]| {
            let of = json!({ "drvPath": path.as_str(), "output": outputs[0] });
            let found = trace.as_array().unwrap().iter().find(|pair| pair[0] == of)?;
            Some(found[1].as_str().unwrap().parse().unwrap())
        };
        let ours = derivation.resolve(&store, built).unwrap();
        let after = ["after", "resolved"].map(|kind| format!("{stem}-{kind}.json"));
        let after = after.iter().find(|file| data(file).exists());
        let after = after.map(|file| Derivation::from_json(&read_json(file)).unwrap());
        assert_eq!(ours, after, "{file}");
        assert_eq!(after.is_none(), stem == "try-resolve/resolution-failure");
        count += 1;
    }
    assert_eq!(count, 5);
}
