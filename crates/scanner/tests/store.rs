//! Targets in a store that the real Nix of the toolbox made and built in.

#![allow(clippy::unwrap_used)]

use scanner::targets::{ReadOptions, TargetContents, TargetError, TargetKind, read};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use test_support::sandbox;

/// A system of its own: a folder whose `nix` is `/nix` to the real Nix.
struct System(tempfile::TempDir);

const EXPRESSIONS: &str = r#"
let
  sh = script: attrs: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // attrs);
  tarball = sh "echo tarball > $out" {
    name = "openssl-3.0.10.tar.gz";
    outputHashMode = "flat"; outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" "tarball\n";
    urls = [ "https://www.openssl.org/source/openssl-3.0.10.tar.gz" "https://mirror.example/openssl-3.0.10.tar.gz" ];
  };
  openssl = sh "echo lib > $out; echo $out > $dev; echo $out > $debug" {
    name = "openssl-3.0.10"; pname = "openssl"; version = "3.0.10"; outputs = [ "out" "dev" "debug" ];
    src = tarball;
    patches = [ (builtins.toFile "CVE-2023-0004.patch" "") "${./patches}/sub/CVE-2023-0005.diff" ];
  };
  # The name does not tell where the version begins; the attributes do.
  odd = derivation {
    system = "x86_64-linux"; builder = "/bin/bash"; name = "odd-3-thing-1.0"; __structuredAttrs = true;
    pname = "odd-3-thing"; version = "1.0"; patches = [ (builtins.toFile "fix-cve-2022-1111.patch" "") ];
    args = [ "-c" ". $NIX_ATTRS_SH_FILE; echo ${openssl} > \${outputs[out]}" ];
  };
  unit = sh "echo ${odd} > $out" { name = "unit-odd.service"; };
  data = sh "echo ${openssl.dev} > $out" { name = "some-data"; };
in sh "echo ${unit} ${data} ${builtins.toFile "etc" "x"} > $out" { name = "nixos-system-test-26.05"; }
"#;

impl System {
    fn new() -> Self {
        let system = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(system.path("nix/expressions/patches/sub")).unwrap();
        fs::write(system.path("nix/expressions/patches/sub/CVE-2023-0005.diff"), "").unwrap();
        fs::write(system.path("nix/expressions/default.nix"), EXPRESSIONS).unwrap();
        system.nix(
            "nix-build",
            &["/nix/expressions", "--out-link", "/nix/result", "--option", "build-users-group", ""],
        );
        fs::create_dir_all(system.path("run")).unwrap();
        let target = fs::read_link(system.path("nix/result")).unwrap();
        symlink(target, system.path("run/current-system")).unwrap();
        system
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn nix(&self, program: &str, args: &[&str]) -> Vec<String> {
        let output = sandbox()
            .args(["--tmpfs", "/tmp", "--bind"])
            .arg(self.path("nix"))
            .args(["/nix", "--setenv", "HOME", "/tmp"])
            .arg(program)
            .args(args)
            .args(["--option", "sandbox", "false", "--option", "substitute", "false"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn options(&self) -> ReadOptions {
        ReadOptions { root: self.0.path().to_owned(), ..ReadOptions::default() }
    }
}

fn read_there(target: &str, options: &ReadOptions) -> (TargetKind, TargetContents) {
    read(Path::new(target), None, options).unwrap()
}

fn names(contents: &TargetContents) -> Vec<(&str, &str)> {
    contents.packages.iter().map(|p| (p.pname.as_str(), p.version.as_str())).collect()
}

#[test]
fn a_system_as_nix_sees_it() {
    let system = System::new();
    let closure = system.nix("nix-store", &["-qR", "/nix/result"]);

    let (kind, contents) = read_there("/run/current-system", &system.options());
    assert_eq!(kind, TargetKind::Closure);
    assert_eq!(contents.warnings, []);
    assert_eq!(contents.looked_at, closure.len());
    assert_eq!(names(&contents), [("odd-3-thing", "1.0"), ("openssl", "3.0.10"), ("some-data", "")]);
    let (odd, openssl) = (&contents.packages[0], &contents.packages[1]);
    assert_eq!(odd.patches, ["fix-cve-2022-1111.patch"]);
    assert_eq!(openssl.patches, ["CVE-2023-0004.patch", "CVE-2023-0005.diff"]);
    assert_eq!(
        openssl.source_urls.first().map(matching::Text::as_str),
        Some("https://www.openssl.org/source/openssl-3.0.10.tar.gz")
    );
    assert_eq!(openssl.system.as_deref(), Some("x86_64-linux"));
    // Two outputs of one package are in the closure, the third is not.
    let mut outputs: Vec<&String> = closure.iter().filter(|p| p.contains("openssl-3.0.10")).collect();
    outputs.sort();
    assert_eq!(openssl.store_paths.iter().collect::<Vec<_>>(), outputs);
    assert_eq!(outputs.len(), 2);
    let derivers = system.nix("nix-store", &["-q", "--deriver", outputs[0]]);
    assert_eq!(openssl.derivation.as_deref(), derivers.first().map(String::as_str));

    // The same without the database, by reading files. What the derivations told is missing.
    let options = ReadOptions { use_database: false, ..system.options() };
    let (_, by_files) = read_there("/run/current-system", &options);
    assert_eq!((by_files.looked_at, by_files.warnings.as_slice()), (closure.len(), &[][..]));
    assert_eq!(names(&by_files), [("odd", "3-thing-1.0"), ("openssl", "3.0.10"), ("some-data", "")]);
    assert_eq!(by_files.packages[1].store_paths, openssl.store_paths);

    // With the database but without derivations: outputs are still told apart by the deriver's
    // name.
    let options = ReadOptions { use_derivations: false, ..system.options() };
    let (_, by_names) = read_there("/run/current-system", &options);
    assert_eq!(names(&by_names), names(&by_files));
}

#[test]
fn all_that_a_build_needs() {
    let system = System::new();
    let derivation = system.nix("nix-store", &["-q", "--deriver", "/nix/result"]).remove(0);
    let needed = system.nix("nix-store", &["-qR", &derivation]);
    let derivations = needed.iter().filter(|p| Path::new(p).extension().is_some_and(|e| e == "drv")).count();

    let (kind, contents) = read_there(&derivation, &system.options());
    assert_eq!(
        (kind, contents.looked_at, contents.warnings.as_slice()),
        (TargetKind::Derivation, derivations, &[][..])
    );
    assert_eq!(names(&contents), [("odd-3-thing", "1.0"), ("openssl", "3.0.10"), ("some-data", "")]);
    assert_eq!(contents.packages[1].store_paths.len(), 3);

    // A copy of the file outside the store says the same; the name stands only in the file's name.
    let copy = system.path(derivation.rsplit('/').next().unwrap());
    fs::copy(system.path(derivation.trim_start_matches('/')), &copy).unwrap();
    let (kind, outside) = read(&copy, Some(TargetKind::Derivation), &system.options()).unwrap();
    assert_eq!((kind, names(&outside)), (TargetKind::Derivation, names(&contents)));
}

#[test]
fn what_vanishes_is_reported_and_the_rest_is_scanned() {
    let system = System::new();
    let options = system.options();
    let (_, before) = read_there("/run/current-system", &options);
    let remove = |path: &str| {
        let path = system.path(path.trim_start_matches('/'));
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path.parent().unwrap(), permissions).unwrap();
        fs::remove_file(&path).unwrap();
    };
    // A derivation that is gone: the name speaks.
    remove(before.packages[0].derivation.as_ref().unwrap());
    let (_, after) = read_there("/run/current-system", &options);
    assert_eq!(names(&after)[0], ("odd", "3-thing-1.0"));
    // One that is damaged: the same, and it is told.
    let damaged = before.packages[1].derivation.as_ref().unwrap();
    remove(damaged);
    fs::write(system.path(damaged.trim_start_matches('/')), "Derive([").unwrap();
    let (_, after) = read_there("/run/current-system", &options);
    assert_eq!(after.warnings.len(), 1);
    assert_eq!(&after.warnings[0].place, damaged);
    assert_eq!(names(&after)[1], ("openssl", "3.0.10"));

    // A broken database is an error that names the file; the store folder can still be read.
    fs::write(system.path("nix/var/nix/db/db.sqlite"), "not a database at all").unwrap();
    let error = read(Path::new("/run/current-system"), None, &options).unwrap_err();
    assert!(matches!(error, TargetError::Database(_)) && error.to_string().contains("db.sqlite"), "{error}");
    let by_files = ReadOptions { use_database: false, ..options };
    let (_, contents) = read_there("/run/current-system", &by_files);
    assert_eq!(contents.packages.len(), 3);
}

#[test]
fn what_is_not_there_is_named() {
    let system = System::new();
    let options = system.options();
    for (target, expected) in [
        ("/run/booted-system", "/run/booted-system"),
        ("/nix/store/00000000000000000000000000000000-nothing", "00000000000000000000000000000000-nothing"),
        ("/run", "/run"),
    ] {
        let error = read(Path::new(target), None, &options).unwrap_err();
        let chain: Vec<String> =
            std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source())
                .map(ToString::to_string)
                .collect();
        assert!(chain.join(": ").contains(expected), "{target}: {chain:?}");
    }
    symlink("/run/loop", system.path("run/loop")).unwrap();
    let error = read(Path::new("/run/loop"), None, &options).unwrap_err();
    assert!(error.to_string().contains("too many links"), "{error}");
}

/// Container images and unpacked archives have a store, and neither a database nor a state folder.
#[test]
fn a_store_without_anything_next_to_it() {
    let system = System::new();
    let options = system.options();
    let (_, before) = read_there("/run/current-system", &options);
    fs::remove_dir_all(system.path("nix/var")).unwrap();
    let (kind, after) = read_there("/run/current-system", &options);
    assert_eq!((kind, after.looked_at), (TargetKind::Closure, before.looked_at));
    assert_eq!(names(&after), [("odd", "3-thing-1.0"), ("openssl", "3.0.10"), ("some-data", "")]);
    assert_eq!(after.warnings, []);

    // The folder of the store stands for all that it holds, needed or not: a third output here.
    for target in ["/nix/store", "nix/store/"] {
        let (kind, whole) = read_there(target, &options);
        assert_eq!(kind, TargetKind::StorePaths);
        let openssl = whole.packages.iter().find(|p| p.pname == "openssl").unwrap();
        assert_eq!(openssl.store_paths.len(), 3);
    }
    // A state folder whose `db` is a file holds no database either.
    fs::create_dir_all(system.path("nix/var/nix")).unwrap();
    fs::write(system.path("nix/var/nix/db"), "").unwrap();
    assert_eq!(read_there("/run/current-system", &options).1, after);
}

/// The store is where its paths say, below whatever root, and so is its database.
#[test]
fn a_store_of_another_name() {
    for (store, database) in [("/opt/nix/store", true), ("/gnu/store", false)] {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(&store[1..]);
        let path = |name: &str| format!("{store}/{:a>32}-{name}", name.len());
        let on_disk = |name: &str| folder.join(path(name).rsplit('/').next().unwrap());
        fs::create_dir_all(&folder).unwrap();
        fs::write(on_disk("curl-8.3.0"), "").unwrap();
        // Only files tell that this one needs curl; the database says that it needs nothing.
        fs::write(on_disk("system"), path("curl-8.3.0")).unwrap();
        fs::create_dir_all(root.path().join("run")).unwrap();
        symlink(path("system"), root.path().join("run/current-system")).unwrap();
        let options = ReadOptions {
            root: root.path().to_owned(),
            store_dir: nix_formats::StoreDir::new(store).unwrap(),
            ..ReadOptions::default()
        };
        let looked_at = || read_there("/run/current-system", &options).1.looked_at;
        assert_eq!(looked_at(), 2, "{store}");
        let state = root.path().join("opt/nix/var/nix/db");
        fs::create_dir_all(&state).unwrap();
        let connection = rusqlite::Connection::open(state.join("db.sqlite")).unwrap();
        connection.execute_batch(nix_formats::store_db::SCHEMA).unwrap();
        let hash = format!("sha256:{}", "0".repeat(64));
        let row = "INSERT INTO ValidPaths (path, hash, registrationTime, narSize) VALUES (?1, ?2, 1, 1)";
        connection.execute(row, [path("system"), hash]).unwrap();
        drop(connection);
        assert_eq!(looked_at(), if database { 1 } else { 2 }, "{store}");

        // Where it is not, the message says what to do.
        let elsewhere = ReadOptions { store_dir: nix_formats::StoreDir::default(), ..options.clone() };
        for target in ["/run/current-system", "/run/none", "/nix/store", &path("curl-8.3.0")] {
            let error = read(Path::new(target), None, &elsewhere).unwrap_err();
            assert!(error.hint().is_some_and(|hint| hint.contains("--root")), "{target}: {error}");
        }
        let error = read(Path::new(&path("gone-1")), None, &options).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("garbage")), "{error}");
    }
}
