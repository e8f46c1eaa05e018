//! Targets that `nix` has to find, through the real Nix of the toolbox: a program of that name in
//! `PATH` runs it there.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use test_support::{NixStore, Outcome, Scratch, Snowguard, snowguard, toolbox};

struct Fixture {
    store: NixStore,
    folder: Scratch,
    snowguard: Snowguard,
}

const FLAKE: &str = r#"{
  outputs = { self }:
    let
      sh = script: attrs: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // attrs);
      curl = sh "echo lib > $out" { name = "curl-8.3.0"; pname = "curl"; version = "8.3.0"; };
    in {
      curl = curl;
      broken = throw "this one is broken";
      nixosConfigurations."host.example".config.system.build.toplevel =
        sh "echo ${curl} > $out" { name = "nixos-system-host-26.05"; };
    };
}"#;

impl Fixture {
    fn new() -> Self {
        let store = NixStore::new("nix-targets");
        fs::create_dir_all(store.outside("flake")).unwrap();
        store.write("flake/flake.nix", FLAKE);
        let folder = Scratch::new();
        let variable = |name: &str, path: &str| {
            fs::create_dir_all(store.outside(path)).unwrap();
            format!("--setenv {name} {}", store.inside(path))
        };
        let variables = [
            variable("NIX_STORE_DIR", "store"),
            variable("NIX_STATE_DIR", "var"),
            variable("NIX_LOG_DIR", "log"),
            variable("HOME", "home"),
            variable("TMPDIR", "tmp"),
        ];
        let script = format!(
            "#!/bin/sh\nexec bwrap --bind {} / --dev /dev --proc /proc --unshare-net --die-with-parent --clearenv \
             --setenv PATH /usr/bin:/bin {} /usr/bin/nix \"$@\"\n",
            toolbox().display(),
            variables.join(" ")
        );
        fs::create_dir(folder.path("bin")).unwrap();
        folder.write("bin/nix", script);
        fs::set_permissions(folder.path("bin/nix"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
        let snowguard = snowguard!().in_folder(folder.folder()).env("PATH", path);
        let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/CVE-2023-38545.json");
        snowguard.success(["db", "update", "--db", "db", "--cve", records.to_str().unwrap()]);
        Self { store, folder, snowguard }
    }

    fn scan(&self, more: &[&str]) -> Outcome {
        self.snowguard.run([&["scan", "--db", "db", "--format", "json"], more].concat())
    }

    /// The store of the toolbox's Nix, as this program sees it.
    fn here(&self) -> [String; 4] {
        let root = self.store.root().to_str().unwrap().to_owned();
        ["--root".to_owned(), root, "--store".to_owned(), self.store.store_dir()]
    }
}

fn report(outcome: Outcome) -> Value {
    serde_json::from_str(&outcome.with_code(0).parts().1).unwrap()
}

#[test]
fn flakes_without_building() {
    let fixture = Fixture::new();
    let flake = format!("path:{}", fixture.store.inside("flake"));
    let here = fixture.here();
    let here: Vec<&str> = here.iter().map(String::as_str).collect();
    let system = format!("host1={flake}#nixosConfigurations.\"host.example\"");
    let curl = format!("{flake}#curl");
    // Nothing is built, so all that is known is what would be.
    let found = report(fixture.scan(&[&here[..], &[&system, &curl]].concat()));
    let target = &found["targets"][0];
    assert_eq!((target["name"].as_str(), target["kind"].as_str()), (Some("host1"), Some("derivation-json")));
    assert!(target["warnings"][0]["problem"].as_str().unwrap().contains("not built"), "{target}");
    assert_eq!(found["targets"][1]["name"], curl.as_str());
    assert_eq!(found["findings"][0]["cve"], "CVE-2023-38545");
    let outputs = || -> Vec<_> {
        let entries = fs::read_dir(fixture.store.outside("store")).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.ends_with("-curl-8.3.0") || n.ends_with("-nixos-system-host-26.05")).collect()
    };
    assert_eq!(outputs(), Vec::<String>::new());

    // Once it is built, what it needs at run time.
    let attribute = "nixosConfigurations.\"host.example\".config.system.build.toplevel";
    let built = fixture.store.nix("nix").args(["build", "--no-link", "--print-out-paths"]);
    let built = built.arg(format!("{flake}#{attribute}")).text();
    assert_eq!(outputs().len(), 2);
    let found = report(fixture.scan(&[&here[..], &[&system]].concat()));
    assert_eq!(
        (&found["targets"][0]["kind"], &found["targets"][0]["lookedAt"]),
        (&"path-info".into(), &2.into())
    );
    assert_eq!(found["targets"][0]["warnings"], Value::Array(Vec::new()));
    assert_eq!(found["packages"][0]["version"], "8.3.0");

    // Another store, as Nix names it: a cache of files stands for another machine.
    let cache = format!("file://{}", fixture.store.inside("cache"));
    fixture.store.nix("nix").args(["copy", "--to", &cache, built.trim()]).text();
    let found = report(fixture.scan(&["--store", &cache, &format!("other={}", built.trim())]));
    assert_eq!(
        (&found["targets"][0]["kind"], &found["targets"][0]["lookedAt"]),
        (&"path-info".into(), &2.into())
    );
    assert_eq!(found["findings"][0]["cve"], "CVE-2023-38545");
    let gone = built.trim().replace("nixos-system", "gone");
    let absent = fixture.scan(&["--store", &cache, &gone]).with_code(3);
    assert!(absent.text().contains("nix path-info"), "{absent}");
    let refused = fixture.scan(&["--store", &cache]).with_code(3);
    assert!(refused.text().contains("readlink -f /run/current-system"), "{refused}");
}

#[test]
fn what_fails_is_said() {
    let fixture = Fixture::new();
    let flake = format!("path:{}", fixture.store.inside("flake"));
    for (target, expected) in [
        (format!("{flake}#broken"), "this one is broken"),
        (format!("{flake}#none"), "does not provide attribute"),
    ] {
        let outcome = fixture.scan(&[&target]).with_code(3);
        assert!(
            outcome.text().contains(expected) && outcome.text().contains("nix derivation show"),
            "{outcome}"
        );
    }
    // A file of that name is a file, and a name that is none is part of the target.
    fixture.folder.write("a#b", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#);
    assert_eq!(report(fixture.scan(&["a#b"]))["targets"][0]["kind"], "cyclonedx");
    // Without Nix the message says for which targets it is not needed. What stands in the working
    // directory is not run.
    let without = snowguard!().in_folder(fixture.folder.path("bin")).env("PATH", ".:relative");
    let outcome = without.run(["scan", "--db", "../db", "nixpkgs#hello"]).with_code(3);
    assert!(outcome.text().contains("no `nix` in PATH") && outcome.text().contains("hint:"), "{outcome}");
}
