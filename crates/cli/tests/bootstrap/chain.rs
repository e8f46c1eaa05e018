//! The chain from the seed to tcc's fixed point, twice, with its pins.

use crate::{bootstrap_command, build, chain, mirror, run};
use serde_json::Value;
use std::path::PathBuf;
use test_support::{copy_tree, snowguard};

#[test]
fn twice_the_same_and_as_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut verify = bootstrap_command(&["verify", "--from=mirror", "--folder"]);
    let verified = run(verify.arg(chain()).arg("--mirror").arg(mirror()).arg("--store").arg(folder.path()));
    // Pins are not optional, so that it came this far shows that they were met.
    let plan: Value =
        serde_json::from_str(&run(bootstrap_command(&["plan", "--json", "--folder"]).arg(chain()))).unwrap();
    let mut pins = Vec::new();
    for step in plan["steps"].as_array().unwrap() {
        for (output, pin) in step["outputs"].as_object().unwrap() {
            pins.push(format!(
                "same       {} {}/{output}",
                pin.as_str().unwrap(),
                step["name"].as_str().unwrap()
            ));
        }
    }
    assert_eq!(verified.lines().collect::<Vec<_>>(), pins);
    // Both stores are gone, and what was fetched stays.
    let left = |name: &str| std::fs::read_dir(folder.path().join(name)).unwrap().count();
    assert_eq!((left("work"), left("objects"), left(".")), (0, 0, 7));
}

#[test]
fn tcc_makes_itself() {
    let store = tempfile::tempdir().unwrap();
    let built: Value = serde_json::from_str(&run(build(store.path()).arg("--json"))).unwrap();
    let of = |step: &str| built.as_array().unwrap().iter().find(|output| output["step"] == step).unwrap();
    assert_eq!(of("tcc1")["sha256"], of("tcc2")["sha256"]);
    // The seed is what its listing spells out, and no larger than the project allows itself.
    let seed = std::fs::read(of("seed")["path"].as_str().unwrap()).unwrap();
    assert!(seed.len() <= 256, "{}", seed.len());
    // The second time nothing runs, and the same comes of it.
    let again: Value = serde_json::from_str(&run(build(store.path()).arg("--json"))).unwrap();
    assert_eq!(built, again);
    // What was built runs here: static, and for this machine.
    let tcc = PathBuf::from(of("tcc2")["path"].as_str().unwrap());
    let program = store.path().join("hello.c");
    std::fs::write(
        &program,
        "#include <stdio.h>\nint main(void) { printf(\"%s %.3f\\n\", \"hello\", 2.0 / 3); return 0; }\n",
    )
    .unwrap();
    let mut compile = std::process::Command::new(tcc.join("tcc"));
    let hello = store.path().join("hello");
    run(compile.arg("-B").arg(&tcc).arg("-static").arg("-o").arg(&hello).arg(&program));
    assert_eq!(run(&mut std::process::Command::new(hello)), "hello 0.667\n");
}

#[test]
fn the_readme_tells_the_sizes() {
    let store = tempfile::tempdir().unwrap();
    let built: Value = serde_json::from_str(&run(build(store.path()).args(["cc", "--json"]))).unwrap();
    let text = std::fs::read_to_string(chain().join("README.md")).unwrap();
    for output in built.as_array().unwrap() {
        let name = output["step"].as_str().unwrap();
        let size = std::fs::metadata(output["path"].as_str().unwrap()).unwrap().len();
        let row = text.lines().find(|line| line.starts_with(&format!("| [{name}]"))).unwrap();
        assert_eq!(row.split('|').nth(5).unwrap().trim(), size.to_string(), "{name}");
    }
}

#[test]
fn who_builds_does_not_matter() {
    // Another user, who has no rights; paths that this user may read.
    let folder = tempfile::tempdir().unwrap();
    let [program, copied, sources, store] =
        ["snowguard", "chain", "sources", "store"].map(|name| folder.path().join(name));
    std::fs::copy(snowguard!().program(), &program).unwrap();
    copy_tree(&chain(), &copied);
    copy_tree(mirror(), &sources);
    let mut build = std::process::Command::new("setpriv");
    build.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    build
        .args(["bootstrap", "build", "--from=mirror", "--folder"])
        .arg(&copied)
        .arg("--mirror")
        .arg(&sources);
    run(std::process::Command::new("chown").args(["-R", "65534:65534"]).arg(folder.path()));
    let theirs = run(build.arg("--store").arg(&store));
    let own = tempfile::tempdir().unwrap();
    assert_eq!(theirs, run(&mut crate::build(own.path())));
}
