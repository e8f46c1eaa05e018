//! The exported chain, built by the real Nix of the toolbox: every output has the bytes that the
//! chain's programs gave here.

#![allow(clippy::unwrap_used)]

mod common;

use bootstrap::{Built, BuiltOutput, Contents, Object, Plan, export};
use common::{build_here, made_up, plan};
use nix_formats::{Derivation, StoreDir};
use std::fs;
use std::path::Path;
use test_support::NixStore;

/// Exports, builds one step by Nix, and gives what it left.
fn built_by_nix(
    plan: &Plan,
    built: &Built,
    store: &Path,
    step: &str,
    pinned: bool,
) -> Result<Object, String> {
    let nix = NixStore::new("bootstrap-export");
    export::nix(plan, built, &Contents::of(store), &nix.outside("export")).unwrap();
    let pinned = if pinned { "true" } else { "false" };
    let output = nix.build("export").args(["-A", step, "--arg", "pinned", pinned]).output();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let path = String::from_utf8(output.stdout).unwrap();
    Ok(Object::at(&nix.on_disk(&path)).unwrap())
}

#[test]
fn nix_builds_the_same_bytes_up_to_the_c_compiler() {
    let plan = plan().only(&["cc".to_owned(), "run".to_owned()]).unwrap();
    let here = tempfile::tempdir().unwrap();
    let built = build_here(&plan, here.path());
    for step in ["seed", "assembler", "run", "subset", "cc"] {
        let object = built_by_nix(&plan, &built, here.path(), step, step == "cc");
        let expected = built.steps[step].outputs.values().next().unwrap().object;
        assert_eq!(object, Ok(expected), "{step}");
    }
}

#[test]
fn nix_refuses_other_bytes_than_those_that_were_built() {
    let plan = plan().only(&["labels".to_owned()]).unwrap();
    let here = tempfile::tempdir().unwrap();
    let mut built = build_here(&plan, here.path());
    // As if the driver had built something else.
    let path = here.path().join("other");
    fs::write(&path, "other").unwrap();
    let object = Object::at(&path).unwrap();
    fs::create_dir_all(here.path().join("objects")).unwrap();
    fs::rename(path, here.path().join("objects").join(object.to_string())).unwrap();
    let labels = built.steps.get_mut("labels").unwrap();
    labels.outputs.insert("labels".into(), BuiltOutput { object, size: 5 });
    let refused = built_by_nix(&plan, &built, here.path(), "labels", true).unwrap_err();
    assert!(refused.contains("hash mismatch"), "{refused}");
    assert!(built_by_nix(&plan, &built, here.path(), "labels", false).is_ok());
}

#[test]
fn texts_stay_texts_in_nix() {
    // The text of an argument is what the seed is told to open: Nix must hand it on as it is, so
    // the file is found.
    let nasty = r#"/out/a$${b}\"''${x}é"#;
    let argument = serde_json::to_string(nasty).unwrap();
    let (_folder, plan) = made_up(&format!(
        "[[step]]\nname = 'a'\nsummary = \"x\\n''${{ y\"\ninputs = {{ seed = 'seed' }}\n\
         run = [{{ argv = ['/in/seed', {argument}, '/out/a'] }}]\nenvironment = {{ '${{x}}' = {argument} }}\noutputs = {{ a = {{}} }}\n"
    ));
    fs::create_dir(plan.folder.join("seed")).unwrap();
    fs::copy(common::folder().join("seed/seed.hex0"), plan.folder.join("seed/seed.hex0")).unwrap();
    let nix = NixStore::new("bootstrap-export");
    export::nix(&plan, &Built::default(), &Contents::of(Path::new("/nowhere")), &nix.outside("export"))
        .unwrap();
    let output = nix.build("export").args(["-A", "a"]).output();
    let errors = String::from_utf8_lossy(&output.stderr);
    // The seed ran, and did not find that file; nothing was wrong with the expression.
    assert!(errors.contains("builder for") || errors.contains("Cannot build"), "{errors}");
    assert!(errors.contains("exit code 1"), "{errors}");
    let derivation = fs::read_dir(nix.outside("store")).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension().is_some_and(|kind| kind == "drv").then_some(path)
    });
    let path = derivation.unwrap();
    let bytes = fs::read(&path).unwrap();
    let store = StoreDir::new(&nix.store_dir()).unwrap();
    let derivation = Derivation::parse_in(&bytes, "a", &store).unwrap();
    assert_eq!(derivation.args[0].as_ref(), nasty.as_bytes());
    assert_eq!(derivation.env("${x}"), Some(nasty));
}
