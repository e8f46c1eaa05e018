//! `flake.nix` and the NixOS module, evaluated by the real Nix with a small `lib` of our own in the
//! place of nixpkgs (`nixos/nixpkgs`), the units held against the real systemd, and their command
//! lines against this program.

#![allow(missing_docs, clippy::unwrap_used)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use test_support::{NixStore, Outcome, Scratch, copy_tree, project, snowguard};

/// A folder of the toolbox with what the flake reads and the stub.
fn scene() -> NixStore {
    let store = NixStore::new("snowguard-nixos");
    for folder in ["project", "package/bin", "units"] {
        std::fs::create_dir_all(store.outside(folder)).unwrap();
    }
    for name in ["flake.nix", "Cargo.toml", "Cargo.lock"] {
        store.write(&format!("project/{name}"), std::fs::read(project().join(name)).unwrap());
    }
    copy_tree(&project().join("nix"), &store.outside("project/nix"));
    // Evaluation only looks whether these exist.
    for name in ["bootstrap", "crates", "xtask"] {
        assert!(project().join(name).is_dir());
        std::fs::create_dir_all(store.outside(&format!("project/{name}"))).unwrap();
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nixos");
    copy_tree(&here, &store.outside("stub"));
    // systemd wants to see that it could be run.
    store.write("package/bin/snowguard", "#!/bin/sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(store.outside("package/bin/snowguard"), mode).unwrap();
    store
}

/// What NixOS makes of settings in Nix's language; see `nixos/units.nix`.
fn evaluate(store: &NixStore, settings: &str) -> Value {
    let settings = format!(
        "let package = builtins.path {{ path = ./package; name = \"snowguard\"; }}; in
         import ./stub/units.nix {{
           module = ./project/nix/module.nix;
           nixpkgs = ./stub/nixpkgs;
           settings = {settings};
         }}"
    );
    store.write("settings.nix", settings);
    let nix = store.nix("nix-instantiate").args(["--eval", "--read-write-mode", "--strict", "--json"]);
    serde_json::from_slice(&nix.arg(store.inside("settings.nix")).bytes()).unwrap()
}

/// The units as text, by file name.
fn units(found: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(found["units"].clone()).unwrap()
}

/// The values that a unit gives to a key.
fn lines<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// A command line as systemd takes it apart: the module quotes each argument as JSON does.
fn arguments(line: &str) -> Vec<String> {
    let line = line.trim_start_matches('-');
    let words = serde_json::Deserializer::from_str(line).into_iter::<String>();
    words.map(|word| word.unwrap().replace("%%", "%").replace("$$", "$")).collect()
}

const EVERYTHING: &str = r#"{
  programs.snowguard = {
    enable = true;
    inherit package;
    settings = { fail-on = "high"; knowledge = [ ]; };
  };
  services.snowguard = {
    inherit package;
    update = { startAt = "hourly"; };
    scan = {
      enable = true;
      targets = [ "/run/current-system" "/nix/var/100% of $HOME" ];
      startAt = "*-*-* 06:30";
      failOn = "high";
      suppress = [ ./accepted.toml ];
      metrics.enable = true;
      onNew = {
        command = [ "/bin/sh" "-c" "echo it's $1" "new" ];
        mail = "root@example.org";
      };
    };
  };
}"#;

#[test]
fn the_flake_has_its_outputs() {
    let store = scene();
    let flake = format!("path:{}", store.inside("project"));
    let stub = format!("path:{}", store.inside("stub/nixpkgs"));
    let nix = |command: &[&str]| {
        let nix = store.nix("nix").args(command).args(["--json", "--no-write-lock-file"]);
        let found = nix.args(["--override-input", "nixpkgs", &stub]).bytes();
        serde_json::from_slice::<Value>(&found).unwrap()
    };
    let shown = nix(&["flake", "show", "--all-systems", &flake]);
    let name = format!("snowguard-{}", env!("CARGO_PKG_VERSION"));
    for system in ["x86_64-linux", "aarch64-linux"] {
        assert_eq!(shown["packages"][system]["default"]["name"], name, "{shown}");
        assert_eq!(shown["apps"][system]["default"]["type"], "app", "{shown}");
        assert_eq!(shown["devShells"][system]["default"]["type"], "derivation", "{shown}");
    }
    assert_eq!(shown["nixosModules"]["default"]["type"], "nixos-module", "{shown}");
    assert_eq!(shown["overlays"]["default"]["type"], "nixpkgs-overlay", "{shown}");
    let app = nix(&["eval", &format!("{flake}#apps.x86_64-linux.default")]);
    assert!(app["program"].as_str().unwrap().ends_with(&format!("-{name}/bin/snowguard")), "{app}");

    // What the package does after it is built, with our own program and nixpkgs' two functions.
    let install = nix(&["eval", &format!("{flake}#packages.x86_64-linux.default.postInstall")]);
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path("out/bin")).unwrap();
    std::os::unix::fs::symlink(snowguard!().program(), scratch.path("out/bin/snowguard")).unwrap();
    let script = format!(
        "set -euo pipefail\n\
         installManPage() {{ for f in \"$@\"; do install -Dt $out/share/man/man1 \"$f\"; done }}\n\
         installShellCompletion() {{ for f in \"$@\"; do install -Dt $out/share/completions \"$f\"; done }}\n{}",
        install.as_str().unwrap()
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(scratch.folder()).env("out", scratch.path("out"));
    Outcome::of(&mut bash).success();
    for file in ["man/man1/snowguard.1", "man/man1/snowguard-scan.1", "man/man1/snowguard-db-update.1"] {
        assert!(scratch.path(&format!("out/share/{file}")).is_file(), "{file}");
    }
    for shell in ["bash", "fish", "zsh"] {
        let script =
            std::fs::read_to_string(scratch.path(&format!("out/share/completions/snowguard.{shell}")));
        assert!(script.unwrap().contains("known-exploited"), "{shell}");
    }
}

#[test]
fn systemd_accepts_the_units() {
    let store = scene();
    store.write("accepted.toml", "");
    let found = evaluate(&store, EVERYTHING);
    let units = units(&found);
    let names: Vec<&str> = units.keys().map(String::as_str).collect();
    let expected = [
        "snowguard-new.service",
        "snowguard-scan.service",
        "snowguard-scan.timer",
        "snowguard-update.service",
        "snowguard-update.timer",
    ];
    assert_eq!(names, expected);
    let timers = json!({"snowguard-scan": ["timers.target"], "snowguard-update": ["timers.target"]});
    assert_eq!(found["started"], timers);
    assert_eq!(found["users"], json!(["snowguard"]));
    assert_eq!(found["packages"].as_array().unwrap().len(), 1, "{found}");
    // The program takes what users get as their defaults.
    let file = store.on_disk(found["etc"]["snowguard/snowguard.toml"].as_str().unwrap());
    let shown = snowguard!().success(format!("config show --config {}", file.display()));
    assert!(shown.lines().any(|line| line.contains("fail-on") && line.contains("high")), "{shown}");
    for (name, unit) in &units {
        store.write(&format!("units/{name}"), unit);
    }
    for (name, unit) in &units {
        let file = store.inside(&format!("units/{name}"));
        let systemd = |arguments: &[&str]| store.nix("systemd-analyze").args(arguments).arg(&file).output();
        let verified = systemd(&["verify", "--man=no"]);
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && said.is_empty(), "{name}: {said}\n{unit}");
        // What delivers reports is no more confined than what it delivers to.
        if name.ends_with(".service") && name != "snowguard-new.service" {
            // Of 100, where a unit that says nothing has 94.
            let most = if name.contains("scan") { "5" } else { "15" };
            let judged = systemd(&["security", "--no-pager", "--offline=true", "--threshold", most]);
            assert!(judged.status.success(), "{name}: {}", String::from_utf8_lossy(&judged.stdout));
        }
    }

    // The network is for the update alone, and the records only for it to change.
    let (scan, update) = (&units["snowguard-scan.service"], &units["snowguard-update.service"]);
    assert_eq!(lines(scan, "PrivateNetwork"), ["true"]);
    assert_eq!(lines(scan, "RestrictAddressFamilies"), ["none"]);
    assert_eq!(lines(scan, "StateDirectory"), ["snowguard/scan", "snowguard/metrics"]);
    assert_eq!(lines(update, "StateDirectory"), ["snowguard"]);
    assert!(lines(update, "PrivateNetwork").is_empty());
    assert!(lines(update, "Environment").iter().any(|e| e.contains("https_proxy=http://proxy.example:3128")));
    for key in ["OnSuccess", "OnFailure"] {
        assert_eq!(lines(scan, key), ["snowguard-new.service"]);
    }
    // An update that fails stops no scan.
    assert_eq!(lines(scan, "Wants"), ["snowguard-update.service"]);
    assert_eq!(lines(scan, "After"), ["snowguard-update.service"]);
    let commands: Vec<_> = lines(scan, "ExecStart").into_iter().map(arguments).collect();
    for command in &commands {
        assert_eq!(command[command.len() - 2..], ["/run/current-system", "/nix/var/100% of $HOME"]);
    }
}

/// The units' own command lines, on the system of `snowguard demo`.
#[test]
fn the_units_commands_work() {
    let store = scene();
    let scratch = Scratch::new();
    let snowguard = snowguard!().in_folder(scratch.folder());
    snowguard.success("demo --folder demo");
    let settings = |more: &str| {
        format!(
            "{{ services.snowguard = {{ inherit package; scan = {{ enable = true; metrics.enable = true;
                extraArguments = [ \"--root\" \"demo/root\" ]; {more} }}; }}; }}"
        )
    };
    // As the unit finds it: folders of state, and everything else only to be read.
    std::fs::create_dir_all(scratch.path("state/scan")).unwrap();
    std::fs::create_dir_all(scratch.path("state/metrics")).unwrap();
    let state = scratch.path("state").display().to_string();
    let run = |line: &str| {
        let mut arguments = arguments(line);
        assert!(arguments.remove(0).ends_with("-snowguard/bin/snowguard"), "{line}");
        let here = |argument: &String| argument.replace("/var/lib/snowguard", &state);
        let words: Vec<String> = arguments.iter().map(here).collect();
        snowguard.run(&words)
    };
    let sources = "--cve demo/records --kev demo/known-exploited.json";
    snowguard.success(format!("db update --db {state} {sources}"));

    for (bar, code) in [("null", 0), ("\"critical\"", 1)] {
        let units = units(&evaluate(&store, &settings(&format!("failOn = {bar};"))));
        let commands = lines(&units["snowguard-scan.service"], "ExecStart");
        let (last, first) = commands.split_last().unwrap();
        for line in first {
            assert!(line.starts_with('-'), "{line}");
            run(line).success();
        }
        let printed = run(last).with_code(code);
        assert!(printed.stdout.contains("CVE-2021-3156"), "{printed}");
    }
    let report: Value =
        serde_json::from_slice(&std::fs::read(scratch.path("state/scan/report.json")).unwrap()).unwrap();
    assert!(report["summary"]["knownExploited"].as_u64() > Some(0), "{report}");
    let metrics = std::fs::read_to_string(scratch.path("state/metrics/snowguard.prom")).unwrap();
    let line = format!("snowguard_known_exploited_findings {}\n", report["summary"]["knownExploited"]);
    assert!(metrics.contains(&line), "{metrics}");
}

/// The script that reports what is new, after two scans of the demo's system.
#[test]
fn what_is_new_is_reported_once() {
    let store = scene();
    let scratch = Scratch::new();
    let snowguard = snowguard!().in_folder(scratch.folder());
    snowguard.success("demo --folder demo");
    std::fs::create_dir_all(scratch.path("state/scan")).unwrap();
    let state = scratch.path("state").display().to_string();
    scratch.write("sendmail", "#!/bin/sh\ncat >> mails\necho \"$@\" > arguments\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(scratch.path("sendmail"), mode).unwrap();
    let found = evaluate(
        &store,
        &format!(
            "{{ services.snowguard = {{ inherit package; scan = {{ enable = true; onNew = {{
                command = [ \"sh\" \"-c\" \"cat > got && test -z \\\"$BROKEN\\\" && echo \\\"it's $1\\\" > said\" \"sh\" \"a  b\" ];
                mail = \"root@example.org\";
                sendmail = \"{}\";
            }}; }}; }}; }}",
            scratch.path("sendmail").display()
        ),
    );
    let script = found["scripts"]["snowguard-new"].as_str().unwrap();
    let program = script.split_whitespace().find(|word| word.ends_with("/bin/snowguard")).unwrap();
    let here = snowguard.program().display().to_string();
    let script = script.replace(program, &here).replace("/var/lib/snowguard", &state);
    let scan = |more: &str| {
        let report = "--root demo/root --db demo/database --format json --output state/scan/report.json";
        snowguard.success(format!("scan {report} {more}"));
    };
    let report = |broken: &str| {
        let mut bash = Command::new("bash");
        bash.args(["-ec", &script]).env("BROKEN", broken);
        Outcome::of(&mut bash)
    };
    let got = || {
        let text = scratch.read_text("state/scan/got");
        std::fs::remove_file(scratch.path("state/scan/got")).unwrap();
        text
    };

    // At first everything is new, but for what is accepted.
    scratch.write("accepted.toml", "[[suppress]]\ncve = [\"CVE-2023-38545\"]\nreason = \"no proxy\"\n");
    scan("--suppress accepted.toml");
    report("").success();
    let first = got();
    assert!(first.contains("\n9 new, 0 changed, 0 gone, 0 the same.\n"), "{first}");
    assert!(first.contains("CVE-2021-44228") && !first.contains("CVE-2023-38545"), "{first}");
    let mails = scratch.read_text("state/scan/mails");
    assert!(mails.starts_with("To: root@example.org\nSubject: New vulnerabilities on "), "{mails}");
    assert!(mails.ends_with(&format!("\n\n{first}")), "{mails}");
    assert_eq!(scratch.read_text("state/scan/arguments"), "-i -t\n");
    assert_eq!(scratch.read_text("state/scan/said"), "it's a  b\n");

    // Later only what came; if that cannot be delivered, again.
    scan("");
    assert_ne!(report("yes").code, Some(0));
    let second = got();
    report("").success();
    assert_eq!(got(), second);
    assert!(second.contains("1 new, 0 changed, 0 gone, 9 the same."), "{second}");
    assert!(second.contains("CVE-2023-38545") && !second.contains("CVE-2021-44228"), "{second}");
    scan("");
    report("").success();
    assert!(!scratch.path("state/scan/got").exists());
}

/// What the module lets a user choose from is what the program accepts.
#[test]
fn choices_are_those_of_the_program() {
    let store = scene();
    let help = snowguard!().success("scan --help");
    for (option, member) in [("--fail-on ", "failOn"), ("--min-confidence ", "minConfidence")] {
        let after = help.split_once(option).unwrap().1;
        let values = after.split_once("[possible values: ").unwrap().1.split_once(']').unwrap().0;
        let values: Vec<&str> = values.split(',').map(str::trim).collect();
        assert!(values.len() >= 3, "{values:?}");
        for value in values {
            let settings = format!(
                "{{ services.snowguard = {{ inherit package;
                    scan = {{ enable = true; {member} = \"{value}\"; }}; }}; }}"
            );
            let units = units(&evaluate(&store, &settings));
            let commands = lines(&units["snowguard-scan.service"], "ExecStart");
            assert!(
                commands.last().unwrap().contains(&format!("{}\" \"{value}\"", option.trim())),
                "{commands:?}"
            );
        }
    }
}
