//! What several tests need: the project's own chain, and what is known of its build.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use bootstrap::{Built, BuiltOutput, BuiltStep, Digest, Object, ObjectKind, Plan, Store, replay};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the chain.
pub(crate) fn folder() -> PathBuf {
    test_support::project().join("bootstrap")
}

/// The chain.
pub(crate) fn plan() -> Plan {
    Plan::read(&folder()).unwrap()
}

/// A chain out of one text, with empty files where it names any.
pub(crate) fn made_up(text: &str) -> (tempfile::TempDir, Plan) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("steps")).unwrap();
    std::fs::write(folder.path().join("steps/a.toml"), text).unwrap();
    for (at, _) in text.match_indices("file:") {
        let path: String = text[at + 5..].chars().take_while(|c| !"'\"".contains(*c)).collect();
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let plan = Plan::read(folder.path()).unwrap();
    (folder, plan)
}

/// A build that has not happened: every step took a while and left something.
pub(crate) fn pretended(plan: &Plan) -> Built {
    let steps = plan.steps.iter().enumerate().map(|(number, step)| {
        let number = number as u64;
        let outputs = step.outputs.iter().map(|(name, pin)| {
            let sha256 = pin.unwrap_or_else(|| Digest::of(format!("{}/{name}", step.name).as_bytes()));
            (
                name.clone(),
                BuiltOutput {
                    object: Object { kind: ObjectKind::Program, sha256 },
                    size: 255 + 1000 * number,
                },
            )
        });
        let inputs = step.inputs.iter().map(|(name, origin)| {
            let sha256 = Digest::of(origin.to_string().as_bytes());
            (name.clone(), Object { kind: ObjectKind::File, sha256 })
        });
        let built = BuiltStep {
            key: Digest::of(step.name.as_bytes()),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            milliseconds: 3 + number * number * 40,
        };
        (step.name.clone(), built)
    });
    Built { steps: steps.collect() }
}

/// Follows the list of commands for a plan in an empty folder, by starting one program after the
/// other, with nothing else.
///
/// Gives the folder.
pub(crate) fn follow(plan: &Plan) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    symlink(folder().canonicalize().unwrap(), scratch.path().join("bootstrap")).unwrap();
    let seed = scratch.path().join(replay::SEED);
    std::fs::write(&seed, bootstrap::seed::read(&folder().join("seed/seed.hex0")).unwrap()).unwrap();
    std::fs::set_permissions(&seed, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut list = Vec::new();
    replay::write(&mut list, plan, &replay::lines(plan, "bootstrap").unwrap(), "bootstrap").unwrap();
    for line in
        String::from_utf8(list).unwrap().lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let mut words = line.split(' ');
        let status = Command::new(words.next().unwrap())
            .args(words)
            .current_dir(&scratch)
            .env_clear()
            .status()
            .unwrap();
        assert!(status.success(), "{line}: {status}");
    }
    scratch
}

/// Builds a plan without the driver's sandbox, and fills what the driver's store in `store` would
/// hold of it.
pub(crate) fn build_here(plan: &Plan, store: &Path) -> Built {
    let scratch = follow(plan);
    let store = Store::open(store).unwrap();
    let mut built = Built::default();
    for lines in replay::lines(plan, "bootstrap").unwrap() {
        let step = plan.step(&lines.step).unwrap();
        let outputs = step.outputs.keys().zip(&lines.outputs).map(|(output, (file, _))| {
            let path = scratch.path().join(file);
            let object = store.put_copy(&path).unwrap();
            (output.clone(), BuiltOutput { object, size: path.metadata().unwrap().len() })
        });
        let outputs = outputs.collect();
        let key = Digest::of(step.name.as_bytes());
        built.steps.insert(step.name.clone(), BuiltStep { key, inputs: [].into(), outputs, milliseconds: 1 });
    }
    built
}
