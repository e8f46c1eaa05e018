//! What the real Nix prints about a store, in the forms of its versions, against what is read of
//! the store itself.

#![allow(clippy::unwrap_used)]

use scanner::targets::{ReadOptions, TargetContents, TargetKind, parse_derivation_json, read};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use test_support::NixStore;

const EXPRESSION: &str = r#"
let
  sh = script: attrs: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // attrs);
  tarball = sh "echo tarball > $out" {
    name = "curl-8.3.0.tar.gz"; outputHashMode = "flat"; outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" "tarball\n"; urls = [ "https://curl.se/download/curl-8.3.0.tar.gz" ];
  };
  curl = sh "echo lib > $out; echo $out > $dev" {
    name = "curl-8.3.0"; pname = "curl"; version = "8.3.0"; outputs = [ "out" "dev" ]; src = tarball;
    patches = [ (builtins.toFile "CVE-2023-0004.patch" "") ];
  };
  odd = derivation {
    system = "x86_64-linux"; builder = "/bin/bash"; name = "odd-3-thing-1.0"; __structuredAttrs = true;
    pname = "odd-3-thing"; version = "1.0"; args = [ "-c" ". $NIX_ATTRS_SH_FILE; echo ${curl} > \${outputs[out]}" ];
  };
in sh "echo ${odd} ${curl.dev} > $out" { name = "system"; }
"#;

struct Fixture {
    store: NixStore,
    built: String,
    options: ReadOptions,
}

impl Fixture {
    fn new() -> Self {
        let store = NixStore::new("nix-output");
        store.write("default.nix", EXPRESSION);
        let built = store.build("default.nix").text().trim().to_owned();
        let store_dir = nix_formats::StoreDir::new(&store.store_dir()).unwrap();
        // The database of this store is not where another program would look for it.
        let options = ReadOptions {
            root: store.root().to_owned(),
            store_dir,
            use_database: false,
            ..ReadOptions::default()
        };
        Self { store, built, options }
    }

    fn nix(&self, arguments: &[&str]) -> String {
        self.store.nix("nix").args(arguments).text()
    }

    /// Writes a target, and reads it without naming its kind.
    fn read(&self, text: &str) -> (TargetKind, TargetContents) {
        let file = self.store.outside("target");
        fs::write(&file, text).unwrap();
        read(&file, None, &self.options).unwrap()
    }
}

fn names(contents: &TargetContents) -> Vec<(&str, &str)> {
    contents.packages.iter().map(|p| (p.pname.as_str(), p.version.as_str())).collect()
}

/// What Nix up to 2.18, and Lix, print.
fn as_list(map: &Value) -> Value {
    let element = |(path, info): (&String, &Value)| {
        let mut info =
            info.as_object().cloned().unwrap_or_else(|| Map::from_iter([("valid".into(), false.into())]));
        info.insert("path".into(), path.as_str().into());
        Value::Object(info)
    };
    map.as_object().unwrap().iter().map(element).collect()
}

#[test]
fn path_info_in_all_forms() {
    let fixture = Fixture::new();
    let format = |version: &str, more: &[&str]| {
        fixture.nix(&[&["path-info", "--json", "--json-format", version], more, &[&fixture.built]].concat())
    };
    let (first, second) = (format("1", &["-r"]), format("2", &["-r"]));
    let list = as_list(&serde_json::from_str(&first).unwrap());
    let (_, expected) = read(Path::new(&fixture.built), None, &fixture.options)
        .map(|(kind, contents)| (kind, contents.looked_at))
        .unwrap();
    for text in [&first, &second, &list.to_string(), &serde_json::to_string_pretty(&list).unwrap()] {
        let (kind, contents) = fixture.read(text);
        assert_eq!(
            (kind, contents.looked_at, &*contents.warnings),
            (TargetKind::PathInfo, expected, &[][..])
        );
        // The derivers are named, so that their derivations can be read.
        assert_eq!(names(&contents), [("curl", "8.3.0"), ("odd-3-thing", "1.0"), ("system", "")]);
        let curl = &contents.packages[0];
        assert_eq!(
            (curl.store_paths.len(), curl.patches.as_slice()),
            (2, &["CVE-2023-0004.patch".into()][..])
        );
    }
    // Half of a closure is not all of it, and says so.
    for text in [format("1", &[]), format("2", &[])] {
        let (_, contents) = fixture.read(&text);
        assert_eq!(contents.packages.len(), 1);
        assert!(contents.warnings[0].problem.contains("--recursive"), "{:?}", contents.warnings);
    }
    // What is not there is named in each form.
    let gone = format!("{}/00000000000000000000000000000000-gone-1", fixture.store.store_dir());
    let map = json!({ &gone: null });
    for text in [map.to_string(), as_list(&map).to_string()] {
        let (_, contents) = fixture.read(&text);
        assert_eq!((contents.packages.len(), contents.warnings.len()), (0, 1), "{text}");
        assert!(contents.warnings[0].to_string().contains("gone-1"));
    }
}

#[test]
fn lists_and_results() {
    let fixture = Fixture::new();
    let all = fixture.store.nix("nix-store").args(["-qR", &fixture.built]).text();
    let (kind, listed) = fixture.read(&format!("# made by hand\r\n\r\n{}", all.replace('\n', "\r\n")));
    assert_eq!((kind, listed.looked_at), (TargetKind::StorePaths, all.lines().count()));
    assert_eq!(names(&listed), [("curl", "8.3.0"), ("odd", "3-thing-1.0"), ("system", "")]);
    assert_eq!(listed.warnings, []);
    // Of another machine: nothing of it is here.
    let other = all.replace(&fixture.store.store_dir(), "/nix/store");
    let (_, contents) = fixture.read(&other);
    assert_eq!((names(&contents), contents.looked_at), (names(&listed), listed.looked_at));
    assert!(contents.packages[0].store_paths[0].starts_with("/nix/store/"));
    // A line that is none, and one of yet another store.
    let (_, contents) = fixture.read(&format!("{all}hello\n/gnu/store/{}-x-1\n", "0".repeat(32)));
    assert_eq!((contents.warnings.len(), contents.packages.len()), (2, 3), "{:?}", contents.warnings);
    // A derivation in a list stands for all that is needed to build it.
    let derivation = fixture.store.nix("nix-store").args(["-q", "--deriver", &fixture.built]).text();
    let (_, contents) = fixture.read(&derivation);
    assert_eq!(names(&contents), [("curl", "8.3.0"), ("odd-3-thing", "1.0"), ("system", "")]);
    assert_eq!(contents.packages[0].source_urls, ["https://curl.se/download/curl-8.3.0.tar.gz"]);

    let expression = fixture.store.inside("default.nix");
    let result = fixture.nix(&["build", "--json", "--no-link", "-f", &expression]);
    let (kind, contents) = fixture.read(&result);
    assert_eq!((kind, contents.looked_at), (TargetKind::BuildResult, listed.looked_at));
    assert_eq!(names(&contents), names(&listed));
    // Two results, the second one twice; and one that is not there.
    let list: Vec<Value> = serde_json::from_str(&result).unwrap();
    let gone = json!({"drvPath": "x", "outputs": {"out": format!("{}/{}-gone-1", fixture.store.store_dir(), "0".repeat(32))}});
    let (_, contents) = fixture.read(&json!([gone, list[0], list[0]]).to_string());
    assert_eq!((contents.packages.len(), contents.warnings.len()), (4, 1), "{:?}", contents.warnings);
}

#[test]
fn derivations_in_all_forms() {
    let fixture = Fixture::new();
    let derivation = fixture.store.nix("nix-store").args(["-q", "--deriver", &fixture.built]).text();
    let derivation = derivation.trim();
    let (_, expected) = read(Path::new(derivation), None, &fixture.options).unwrap();
    let newest = fixture.nix(&["derivation", "show", "-r", derivation]);
    let newest: Value = serde_json::from_str(&newest).unwrap();
    // As it was before version 4: paths with their folder, the inputs in two members, structured
    // attributes in the environment.
    let folder = fixture.store.store_dir();
    let full = |path: &str| Value::from(format!("{folder}/{path}"));
    let mut older = Map::new();
    for (path, shown) in newest["derivations"].as_object().unwrap() {
        let mut shown = shown.as_object().unwrap().clone();
        let inputs = shown.remove("inputs").unwrap();
        let drvs = inputs["drvs"].as_object().unwrap();
        let drvs: Map<String, Value> =
            drvs.iter().map(|(p, v)| (full(p).as_str().unwrap().to_owned(), v["outputs"].clone())).collect();
        shown.insert("inputDrvs".into(), drvs.into());
        for (name, output) in shown["outputs"].clone().as_object().unwrap() {
            let path = output["path"].as_str().map_or_else(|| shown["env"][name].clone(), &full);
            shown["outputs"][name]["path"] = path;
        }
        if let Some(attributes) = shown.remove("structuredAttrs") {
            shown["env"]["__json"] = attributes.to_string().into();
        }
        older.insert(full(path).as_str().unwrap().to_owned(), shown.into());
    }
    for document in [&newest, &Value::Object(older)] {
        let (kind, contents) = fixture.read(&document.to_string());
        assert_eq!((kind, &contents), (TargetKind::DerivationJson, &expected));
    }
    assert_eq!(expected.packages[0].source_urls, ["https://curl.se/download/curl-8.3.0.tar.gz"]);

    // Without what it needs: that is looked for in the store, and missed elsewhere.
    let alone = fixture.nix(&["derivation", "show", derivation]);
    assert_eq!(fixture.read(&alone).1.packages, expected.packages);
    let elsewhere = parse_derivation_json(alone.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(elsewhere.packages.len(), 1);
    assert!(elsewhere.warnings[0].problem.contains("--recursive"), "{:?}", elsewhere.warnings);
}
