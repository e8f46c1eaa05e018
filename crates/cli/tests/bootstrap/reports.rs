//! What is reported about a build that has happened: graph, provenance, audit, the export to Nix,
//! the list of commands.

use crate::{bootstrap_command, build, chain, refused, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use test_support::{NixStore, Outcome, ToolboxFolder, snowguard};

/// A store with the whole chain in it, which later runs find as it was, and what was built.
fn store() -> &'static (PathBuf, Value) {
    static STORE: OnceLock<(PathBuf, Value)> = OnceLock::new();
    STORE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-reports");
        let built = json(build(&folder).arg("--json"));
        (folder, built)
    })
}

/// What was built of a step.
fn built(step: &str) -> &'static Value {
    store().1.as_array().unwrap().iter().find(|output| output["step"] == step).unwrap()
}

/// A command about that store.
fn about(arguments: &[&str]) -> Command {
    let mut command = bootstrap_command(arguments);
    command.arg("--folder").arg(chain()).arg("--store").arg(&store().0);
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&run(command)).unwrap()
}

#[test]
fn the_graph_knows_times_and_sizes() {
    let graph = json(about(&["graph"]).arg("--json"));
    for step in graph["steps"].as_array().unwrap() {
        assert!(step["milliseconds"].is_u64(), "{step}");
        for (name, output) in step["outputs"].as_object().unwrap() {
            let here = built(step["name"].as_str().unwrap());
            assert_eq!(here["output"], *name);
            let object = format!("{}-{}", here["kind"].as_str().unwrap(), here["sha256"].as_str().unwrap());
            assert_eq!(output["object"], object);
            let path = Path::new(here["path"].as_str().unwrap());
            if path.is_file() {
                assert_eq!(output["size"], path.metadata().unwrap().len());
            }
        }
    }
    // A store that does not know anything, and one that is not there.
    let nothing = tempfile::tempdir().unwrap();
    for store in [nothing.path().to_owned(), nothing.path().join("nowhere")] {
        let mut command = bootstrap_command(&["graph", "--format", "text", "--folder"]);
        let text = run(command.arg(chain()).arg("--store").arg(&store));
        assert!(text.contains("0 of them built"), "{text}");
    }
    let page = nothing.path().join("graph.html");
    run(about(&["graph", "--format", "html"]).arg("--output").arg(&page));
    assert!(std::fs::read_to_string(page).unwrap().ends_with("</html>\n"));
    assert!(refused(&mut about(&["graph", "nosuch"])).contains("there is no step nosuch"));
}

#[test]
fn a_changed_object_is_not_vouched_for() {
    let store = tempfile::tempdir().unwrap();
    let built = json(build(store.path()).args(["labels", "--json"]));
    let path = built[1]["path"].as_str().unwrap();
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, "something else").unwrap();
    for command in ["provenance", "graph"] {
        let mut command = bootstrap_command(&[command, "labels", "--folder"]);
        let problem = refused(command.arg(chain()).arg("--store").arg(store.path()));
        assert!(problem.contains("was changed after it was made"), "{problem}");
    }
}

#[test]
fn provenance_names_every_output_and_every_file() {
    let lines = run(&mut about(&["provenance"]));
    let statements: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = statements.iter().find(|statement| statement["subject"][0]["name"] == "tcc2/tcc").unwrap();
    let subjects = last["subject"].as_array().unwrap();
    let program = subjects.iter().find(|subject| subject["name"] == "tcc2/tcc/tcc").unwrap();
    let folder = built("tcc2");
    // sha256sum judges.
    let mut sum = Command::new("sha256sum");
    let sum = run(sum.arg(Path::new(folder["path"].as_str().unwrap()).join("tcc")));
    assert!(sum.starts_with(program["digest"]["sha256"].as_str().unwrap()), "{sum}");
    // The same again: nothing depends on when and where.
    assert_eq!(lines, run(&mut about(&["provenance"])));
    // The archive is named with its hash.
    let dependencies = last["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    assert!(
        dependencies
            .iter()
            .any(|d| d["uri"].as_str().is_some_and(|uri| uri.starts_with("pkg:deb/debian/tcc")))
    );

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let toolbox = ToolboxFolder::new("bootstrap-key");
    std::fs::write(&key, toolbox.run("openssl", ["genpkey", "-algorithm", "ed25519"])).unwrap();
    let signed = run(about(&["provenance", "seed"]).arg("--key").arg(&key));
    let envelope: Value = serde_json::from_str(&signed).unwrap();
    assert_eq!(envelope["signatures"].as_array().unwrap().len(), 1);
    std::fs::write(&key, toolbox.run("openssl", ["genpkey", "-algorithm", "ed448"])).unwrap();
    let problem = refused(about(&["provenance"]).arg("--key").arg(&key));
    assert!(problem.contains("no Ed25519 key"), "{problem}");
    let outcome = Outcome::of(&mut about(&["provenance", "--builder", "nobody"]));
    assert!(outcome.stderr.contains("is no URI"), "{outcome}");
    assert_eq!(json(&mut about(&["provenance", "--sbom"]))["specVersion"], "1.6");
}

#[test]
fn the_audit_looks_into_the_sources() {
    // With the settings of this user, whose cargo knows where crates are.
    let mut audit = about(&["audit", "--json"]);
    let names = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    audit.envs(names.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let audit = json(&mut audit);
    let source = &audit["sources"][0];
    assert!(source["files"].as_u64().unwrap() > 100, "{source}");
    // What is compiled of it is more than the chain's own text, and wc counts the same for a file.
    let texts = &source["texts"];
    let lines = |part: &Value| part["lines"].as_u64().unwrap();
    assert!(
        lines(&texts["compiled"]) > 30_000 && lines(&texts["all"]) > lines(&texts["programs"]),
        "{texts}"
    );
    let own: u64 = audit["written"]["parts"].as_array().unwrap().iter().map(lines).sum();
    let steps = lines(&audit["written"]["steps"]);
    let wc = run(Command::new("sh").arg("-c").arg("cat \"$0\"/steps/*.toml | wc -l").arg(chain()));
    assert_eq!(steps.to_string(), wc.trim());
    assert_eq!(lines(&audit["written"]["toRead"]), own + steps + lines(&texts["compiled"]));
    // The driver: this project's crates, judged by wc, and those of others.
    let driver = audit["driver"]["parts"].as_array().unwrap();
    assert_eq!((driver.len(), &audit["driver"]["problem"]), (4, &Value::Null));
    assert!(driver.iter().all(|part| lines(part) > 1000), "{driver:?}");
    assert_eq!(audit["driver"]["missing"], Value::Array(Vec::new()));
    let own = "cd \"$0\" && find bootstrap files http nix-formats terminal -name '*.rs' -not -path '*/tests/*' -exec cat {} + | wc -l";
    let wc = run(Command::new("sh").args(["-c", own]).arg(test_support::project().join("crates")));
    assert_eq!(lines(&driver[0]).to_string(), wc.trim());
    // Debian has the source; nobody has tried the other places from here.
    assert_eq!((&source["singlePointOfLoss"], &source["keepers"]), (&Value::Bool(false), &Value::from(2)));
    assert_eq!(audit["seed"]["disagreements"], Value::Array(Vec::new()));
    let driver = std::fs::metadata(snowguard!().program()).unwrap().len();
    assert!(audit["trusted"][1]["what"].as_str().unwrap().contains(&driver.to_string()));
    let text = run(&mut about(&["audit"]));
    for told in ["tcc, by others, compiled", "never tried from here", "THE DRIVER", "STILL TRUSTED"] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn nix_builds_the_whole_chain_to_the_same_bytes() {
    let nix = NixStore::new("bootstrap-nix");
    run(about(&["export"]).arg(nix.path("export")));
    let path = nix.build("export").args(["-A", "tcc2"]).text();
    let object = bootstrap::Object::at(&nix.on_disk(&path)).unwrap();
    assert_eq!(object.sha256.to_string(), built("tcc2")["sha256"].as_str().unwrap());
    // Into a folder that has something in it already nothing is written.
    let problem = refused(about(&["export"]).arg(nix.path("export")));
    assert!(problem.contains("is not empty"), "{problem}");
}

#[test]
fn the_list_of_commands_is_for_programs_too() {
    let mut command = bootstrap_command(&["plan", "cc", "--commands", "--folder"]);
    let list = run(command.arg(chain()));
    let first = list.lines().find(|line| !line.starts_with('#')).unwrap();
    assert_eq!(first, "");
    assert!(list.contains("\n./seed bootstrap/labels/labels.hex0 labels\n"), "{list}");
}
