//! Placeholders as the real Nix computes them, and derivations that it resolves when it builds.

#![allow(clippy::unwrap_used)]

use nix_formats::{Derivation, StoreDir, StorePath, own_placeholder, upstream_placeholder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use test_support::{Nix, NixStore};

const EXPRESSIONS: &str = r#"
let
  drv = attrs: derivation ({ system = builtins.currentSystem; builder = "/bin/sh"; } // attrs);
  ca = { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
  floating = drv (ca // { name = "floating"; outputs = [ "out" "bin" ]; args = [ "-c" "echo a > $out; echo $out > $bin" ]; });
  plain = drv { name = "plain"; args = [ "-c" "echo plain > $out" ]; };
  inner = drv { name = "inner"; args = [ "-c" "echo inner > $out" ]; };
  maker = drv (ca // {
    name = "inner.drv"; outputHashMode = "text";
    args = [ "-c" "/bin/cp ${builtins.unsafeDiscardOutputDependency inner.drvPath} $out" ];
  });
in rec {
  deferred = drv {
    name = "deferred"; outputs = [ "out" "dev" ]; a = floating; b = "${floating.bin}/x:${floating}"; inherit plain;
    args = [ "-c" "echo $a $b $plain ${floating} > $out; echo > $dev" ];
  };
  structured = drv {
    name = "structured"; builder = "/bin/bash"; __structuredAttrs = true; nested.list = [ floating { b = floating.bin; } ];
    args = [ "-c" ". $NIX_ATTRS_SH_FILE; echo > \${outputs[out]}" ];
  };
  chain = drv (ca // { name = "chain"; a = floating; b = deferred.dev; args = [ "-c" "echo $a $b > $out" ]; });
  end = drv { name = "end"; inherit chain; args = [ "-c" "echo $chain > $out" ]; };
  dynamic = drv {
    name = "dynamic"; made = builtins.outputOf maker.outPath "out"; inherit floating; args = [ "-c" "echo $made > $out" ];
  };
}
"#;

fn nix(nix_store: &NixStore, program: &str) -> Nix {
    nix_store.nix(program).args([
        "--option",
        "experimental-features",
        "nix-command ca-derivations dynamic-derivations",
    ])
}

/// All derivations in the store.
fn files(nix_store: &NixStore) -> BTreeMap<StorePath, Vec<u8>> {
    let entries = fs::read_dir(nix_store.outside("store")).unwrap().map(|entry| entry.unwrap());
    entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<StorePath>().ok()?, entry.path())))
        .filter(|(path, _)| path.is_derivation())
        .map(|(path, file)| (path, fs::read(file).unwrap()))
        .collect()
}

/// Where an output was built, from Nix.
fn realised(nix_store: &NixStore, store: &StoreDir, path: &StorePath, outputs: &[&str]) -> Option<StorePath> {
    let (last, way) = outputs.split_last().unwrap();
    let derivation = if way.is_empty() { path.clone() } else { realised(nix_store, store, path, way)? };
    let of = format!("{}^{last}", store.display(&derivation));
    let shown = nix(nix_store, "nix").args(["path-info", "--json", "--json-format", "1", &of]).bytes();
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    Some(store.parse(shown.as_object().unwrap().keys().next().unwrap()).unwrap())
}

#[test]
fn as_built() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    fs::write(nix_store.outside("expressions.nix"), EXPRESSIONS).unwrap();
    nix(&nix_store, "nix-instantiate").arg(nix_store.inside("expressions.nix")).bytes();
    let before = files(&nix_store);
    nix(&nix_store, "nix-build")
        .args(["--option", "sandbox", "false", "--option", "build-users-group", ""])
        .args(["--no-out-link", &nix_store.inside("expressions.nix")])
        .bytes();
    let after = files(&nix_store);

    let mut expected: Vec<&StorePath> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    let names = ["chain", "deferred", "dynamic", "end", "structured"];
    let mut found: Vec<&str> = expected.iter().map(|path| path.derivation_name().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, names, "those are what Nix resolved");

    for (path, file) in &before {
        let derivation = Derivation::parse_in(file, path.derivation_name().unwrap(), &store).unwrap();
        if !names.contains(&derivation.name.as_ref()) {
            continue;
        }
        assert_eq!(derivation.resolve(&store, |_, _| None).unwrap(), None);
        let ours = derivation.resolve(&store, |path, outputs| realised(&nix_store, &store, path, outputs));
        let ours = ours.unwrap().unwrap();
        let resolved = ours.store_path(&store).unwrap();
        expected.retain(|path| **path != resolved);
        let theirs = after.get(&resolved).unwrap_or_else(|| panic!("{path}: {resolved}\n{ours:?}"));
        assert_eq!(ours.to_aterm(&store).unwrap(), *theirs, "{path}");
    }
    assert!(expected.is_empty(), "{expected:?}");
}

#[test]
fn placeholders() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let expression = r#"
      let
        drv = derivation {
          name = "a-name-1.0"; system = "s"; builder = "b"; outputs = [ "out" "dev" "x_y" ];
          __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256";
        };
        maker = derivation {
          name = "made.drv"; system = "s"; builder = "b"; __contentAddressed = true; outputHashMode = "text"; outputHashAlgo = "sha256";
        };
        once = builtins.outputOf maker.outPath "dev";
      in {
        own = map builtins.placeholder [ "out" "dev" "x_y" ]; drv = drv.drvPath; maker = maker.drvPath;
        upstream = [ drv.out.outPath drv.dev.outPath drv.x_y.outPath ];
        dynamic = [ once (builtins.outputOf once "lib") ];
      }"#;
    let shown = nix(&nix_store, "nix-instantiate")
        .args(["--eval", "--strict", "--json", "--read-write-mode", "--expr", expression])
        .bytes();
    let theirs: Value = serde_json::from_slice(&shown).unwrap();
    let list = |key: &str| -> Vec<String> { serde_json::from_value(theirs[key].clone()).unwrap() };
    let path = |key: &str| store.parse(theirs[key].as_str().unwrap()).unwrap();
    let outputs = ["out", "dev", "x_y"];
    assert_eq!(outputs.map(own_placeholder).as_slice(), list("own"));
    let upstream = outputs.map(|output| upstream_placeholder(&path("drv"), &[output]).unwrap());
    assert_eq!(upstream.as_slice(), list("upstream"));
    let way = ["out", "dev", "lib"];
    let dynamic = [2, 3].map(|n| upstream_placeholder(&path("maker"), &way[..n]).unwrap());
    assert_eq!(dynamic.as_slice(), list("dynamic"));
    assert_eq!(upstream_placeholder::<&str>(&path("drv"), &[]), None);
}
