//! Steps of a bootstrap, and what they build.

use crate::{HOSTILE, Scene};
use test_support::project;

/// Steps with hostile texts wherever there may be text. The first one fails, for its program is
/// none.
fn steps(scene: &Scene, folder: &str) {
    let summary = serde_json::to_string(HOSTILE).unwrap();
    let step = |name: &str| {
        format!(
            "[[step]]\nname = \"{name}\"\nsummary = {summary}\ninputs = {{ seed = \"seed\", text = \"file:seed\" }}\n\
             run = [{{ argv = [\"/in/seed\", {summary}, \"/out/o\"] }}]\noutputs = {{ o = {{}} }}\n[step.environment]\nTEXT = {summary}\n"
        )
    };
    let source = format!(
        "[[source]]\nname = \"source\"\nfile = \"source.tar\"\nsize = 5\nurls = [\"http://127.0.0.1:1/{}\"]\nsha256 = \"{}\"\n",
        summary.trim_matches('"'),
        "0".repeat(64)
    );
    let using = "[[step]]\nname = \"using\"\nsummary = \"\"\ninputs = { seed = \"seed\", source = \"source:source\" }\n\
                 run = [{ argv = [\"/in/seed\", \"/out/o\"] }]\noutputs = { o = {} }\n";
    std::fs::create_dir_all(scene.path(folder).join("steps")).unwrap();
    std::fs::create_dir_all(scene.path(folder).join("seed")).unwrap();
    // The real seed, with comments that are hostile.
    let listing = std::fs::read_to_string(project().join("bootstrap/seed/seed.hex0")).unwrap();
    let comment = HOSTILE.replace(['\n', '\r'], "");
    let listing: Vec<String> = listing
        .lines()
        .map(|line| if line.contains('#') { format!("{line} {comment}") } else { line.to_owned() })
        .collect();
    scene.write(&format!("{folder}/seed/seed.hex0"), listing.join("\n") + "\n");
    scene.write(&format!("{folder}/steps/1-{HOSTILE}.toml"), format!("{}{source}{using}", step("first")));
}

#[test]
fn chains() {
    let scene = Scene::new();
    let (folder, store) = (format!("chain-{HOSTILE}"), format!("store-{HOSTILE}"));
    steps(&scene, &folder);
    let call = |command: &str, more: &[&str]| {
        let fixed = ["bootstrap", command, "--folder", &folder];
        scene.run_any(&[&fixed[..], more].concat())
    };
    let store = ["--store", &store];
    let (code, printed) = call("plan", &[]);
    assert!(code == 0 && printed.contains("FORGED"), "{printed}");
    let mirror = [&store[..], &["--from", "mirror,upstream", "--mirror", HOSTILE]].concat();
    for (expected, command, more) in [
        (0, "plan", &["--json"][..]),
        (3, "plan", &[HOSTILE]),
        (0, "graph", &store),
        (0, "graph", &[&store[..], &["--json"]].concat()),
        (0, "graph", &[&store[..], &["--format", "dot"]].concat()),
        (0, "graph", &[&store[..], &["--format", "html"]].concat()),
        (0, "audit", &[&store[..], &["--all"]].concat()),
        (0, "audit", &[&store[..], &["--json"]].concat()),
        (3, "export", &[&store[..], &["out"]].concat()),
        (3, "fetch", &mirror),
        (1, "fetch", &[&mirror[..], &["--probe"]].concat()),
        (1, "fetch", &[&mirror[..], &["--probe", "--json"]].concat()),
        (3, "build", &[&store[..], &["--unpinned", "first"]].concat()),
        (3, "build", &[&store[..], &["first"]].concat()),
        (3, "verify", &[&store[..], &["first"]].concat()),
        (2, "ddc", &store),
    ] {
        let (code, printed) = call(command, more);
        assert!(code == expected && printed.contains("evil"), "{command} {more:?}: {code} {printed}");
    }
    call("plan", &["--commands"]);
    call("provenance", &store);
    call("shell", &[&store[..], &["first"]].concat());
    scene.write(&format!("{folder}/steps/1-{HOSTILE}.toml"), format!("[{HOSTILE}]\n"));
    assert!(call("plan", &[]).1.contains("FORGED"));
    scene.harmless(3, &["bootstrap", "plan", "--folder", HOSTILE]);
}
