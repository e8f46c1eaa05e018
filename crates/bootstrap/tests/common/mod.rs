//! What several tests need: the project's own chain, and what is known of its build.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use bootstrap::built::{Built, BuiltOutput, BuiltStep};
use bootstrap::object::{Digest, Kind, Object};
use bootstrap::steps::Plan;
use std::path::PathBuf;

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
                BuiltOutput { object: Object { kind: Kind::Program, sha256 }, size: 255 + 1000 * number },
            )
        });
        let inputs = step.inputs.iter().map(|(name, origin)| {
            let sha256 = Digest::of(origin.to_string().as_bytes());
            (name.clone(), Object { kind: Kind::File, sha256 })
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
