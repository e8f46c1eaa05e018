//! Steps of a bootstrap: what is accepted is in an order in which it can be built, and every name
//! is one of a file.
#![no_main]

use bootstrap::{InputOrigin, Plan};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let texts = [("steps/a.toml".into(), text.to_owned())];
    match Plan::from_texts(Path::new("/nowhere"), &texts) {
        Ok(plan) => check(&plan),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn check(plan: &Plan) {
    let mut done = BTreeSet::new();
    for step in &plan.steps {
        for origin in step.inputs.values() {
            match origin {
                InputOrigin::Step { step, output } => assert!(done.contains(&(step, output))),
                InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => {
                    assert!(plan.sources.contains_key(name));
                }
                InputOrigin::File(_) => panic!("there is no file in that folder"),
                InputOrigin::Seed => {}
            }
        }
        for name in step.inputs.keys().chain(step.outputs.keys()).chain([&step.name]) {
            assert!(Path::new(name).file_name().is_some_and(|file| file == name.as_str()), "{name}");
        }
        for output in step.outputs.keys() {
            assert!(done.insert((&step.name, output)), "two steps of one name");
        }
    }
}
