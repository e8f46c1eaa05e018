//! `snowguard.toml`: which file counts, what overrides what, and what is wrong with it.

#![allow(clippy::unwrap_used)]

mod records;

use std::fs;
use test_support::{Outcome, Scratch, Snowguard, snowguard};

struct Fixture {
    folder: Scratch,
    snowguard: Snowguard,
}

impl Fixture {
    /// The home of a user who has a database, a project, and a folder in it.
    fn new() -> Self {
        let folder = Scratch::new();
        let snowguard = snowguard!().in_folder(folder.folder());
        let record = records::demo("CVE-2023-38545.json");
        snowguard.success(["db", "update", "--db", "records", "--cve", record.to_str().unwrap()]);
        for name in ["project/inner", ".config/snowguard", "xdg/snowguard"] {
            fs::create_dir_all(folder.path(name)).unwrap();
        }
        folder.write("project/bom.json", records::bom(&[("curl", "8.3.0")]));
        folder.write(
            "project/accepted.toml",
            "[[suppress]]\npackage = 'curl'\nreason = 'none of it is used'\n",
        );
        Self { folder, snowguard }
    }

    /// In the inner folder, with the home outside of it.
    fn run(&self, arguments: &[&str]) -> Outcome {
        let home = self.folder.folder().to_str().unwrap().to_owned();
        self.snowguard.clone().in_folder(self.folder.path("project/inner")).env("HOME", home).run(arguments)
    }

    fn code(&self, arguments: &[&str]) -> i32 {
        self.run(&[&["scan", "../bom.json"], arguments].concat()).parts().0
    }
}

#[test]
fn the_nearest_file_counts_and_options_override_it() {
    let fixture = Fixture::new();
    let records = fixture.folder.path("records").display().to_string();
    // Without any, there is no database.
    assert_eq!(fixture.code(&[]), 3);
    fixture.folder.write(".config/snowguard/snowguard.toml", format!("db = '{records}'\n"));
    assert_eq!(fixture.code(&[]), 0);
    assert_eq!(fixture.code(&["--no-config"]), 3);
    // Upwards from the working directory comes before that of the user; its paths are from its own
    // folder, and nothing is taken from the other.
    fixture.folder.write("project/snowguard.toml", "db = '../records'\nfail-on = 'high'\n");
    assert_eq!(fixture.code(&[]), 1);
    fixture.folder.write(
        "project/snowguard.toml",
        "db = '../records'\nfail-on = 'high'\nformat = 'json'\nsuppress = 'accepted.toml'\n",
    );
    let (code, out, _) = fixture.run(&["scan", "../bom.json"]).parts();
    assert!(code == 0 && out.contains("none of it is used"), "{out}");
    let (_, out, _) = fixture.run(&["scan", "../bom.json", "--format", "csv"]).parts();
    assert!(!out.starts_with('{') && out.contains("status"), "{out}");
    fixture.folder.write("none.toml", "[[suppress]]\npackage = 'x'\nreason = 'y'\n");
    assert_eq!(fixture.code(&["--suppress", "../../none.toml"]), 1);
    assert_eq!(fixture.code(&["--db", "/nowhere"]), 3);
    // Other commands have the same database, and diff the same bar.
    let info = fixture.run(&["db", "info"]).with_code(0);
    assert!(info.text().contains("records"), "{info}");
    let compared = fixture.run(&["diff", "--suppress", "../../none.toml", "../empty.json", "../bom.json"]);
    assert_eq!(compared.parts().0, 3);
    fixture.folder.write("project/empty.json", records::bom(&[]));
    let compared = fixture.run(&["diff", "--suppress", "../../none.toml", "../empty.json", "../bom.json"]);
    assert_eq!(compared.parts().0, 1);
    // One that is named.
    fixture.folder.write("named.toml", format!("db = '{records}'\nfail-on = 'low'\n"));
    assert_eq!(fixture.code(&["--config", "../../named.toml"]), 1);
    assert_eq!(fixture.code(&["--config", "absent.toml"]), 2);
    assert_eq!(fixture.code(&["--config", "absent.toml", "--no-config"]), 2);

    let (code, out, _) = fixture.run(&["config", "show"]).parts();
    assert_eq!(code, 0);
    let line = |key: &str| out.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
    assert!(
        line("fail-on").starts_with("fail-on = \"high\"  # ") && line("fail-on").ends_with("line 2"),
        "{out}"
    );
    assert!(line("suppress").contains("project/accepted.toml\"]"), "{out}");
    assert_eq!(
        (line("min-confidence").as_str(), line("vex").as_str()),
        ("min-confidence = \"medium\"  # default", "# vex: not set")
    );
    // What is printed is a configuration itself.
    fixture.folder.write("shown.toml", &out);
    assert_eq!(fixture.code(&["--config", "../../shown.toml"]), 0);
    // A mirror that is not there: it is asked, whichever command fetches.
    let names = ["cve", "cve-releases", "nvd", "kev", "epss"];
    let mirrors = names.map(|name| format!("{name}-url = 'http://127.0.0.1:9/{name}'\n")).concat();
    fixture.folder.write("mirrors.toml", format!("db = '{records}'\n{mirrors}"));
    for command in [&["db", "update"][..], &["scan", "--update", "../bom.json"]] {
        let outcome = fixture.run(&[command, &["--config", "../../mirrors.toml"]].concat());
        assert!(outcome.text().contains("127.0.0.1:9/kev"), "{outcome}");
    }
    // The environment is nearer than a file.
    let near =
        fixture.snowguard.clone().in_folder(fixture.folder.path("project")).env("SNOWGUARD_DB", "/elsewhere");
    let (_, out, _) = near.run(["config", "show"]).parts();
    assert!(out.starts_with("db = \"/elsewhere\"  # SNOWGUARD_DB"), "{out}");
    assert_eq!(near.run(["scan", "bom.json"]).parts().0, 3);
}

#[test]
fn what_is_wrong_has_a_place() {
    let fixture = Fixture::new();
    fixture.folder.write("project/snowguard.toml", "# mine\nfail_on = 'high'\n");
    let outcome = fixture.run(&["scan", "../bom.json"]).with_code(2);
    assert!(
        outcome
            .text()
            .contains("snowguard.toml: line 2, column 1: there is no key `fail_on`; did you mean `fail-on`?"),
        "{outcome}"
    );
    // Commands of the other wings do not read it.
    let other = fixture.run(&["sbat", "--help"]).with_code(0);
    assert!(other.text().contains("Usage"), "{other}");
    // Somebody else's, in a folder of yet somebody else, is not used. Only root can make one.
    fixture.folder.write("project/snowguard.toml", "db = '../records'\n");
    assert_eq!(fixture.code(&[]), 0);
    std::os::unix::fs::chown(fixture.folder.path("project/snowguard.toml"), Some(12345), None).unwrap();
    let outcome = fixture.run(&["scan", "../bom.json"]).with_code(3);
    assert!(outcome.text().contains("belongs to somebody else"), "{outcome}");
    // A checkout in a container belongs as a whole to another user.
    std::os::unix::fs::chown(fixture.folder.path("project/inner"), Some(12345), None).unwrap();
    assert_eq!(fixture.code(&[]), 0);
}

#[test]
fn more_and_less_is_printed() {
    let fixture = Fixture::new();
    fixture.folder.write("project/snowguard.toml", "db = '../records'\n");
    let text = |more: &[&str]| fixture.run(&[&["scan", "../bom.json"], more].concat()).with_code(0).parts().2;
    let verbose = text(&["-v"]);
    for expected in ["configuration: ", "database: ", "../bom.json: cyclonedx, 1 packages in "] {
        assert!(verbose.contains(expected), "{verbose}");
    }
    assert!(!text(&[]).contains("configuration:"));
    assert_eq!(text(&["-q"]), "");
    let outcome = fixture.run(&["scan", "absent", "--quiet"]).with_code(3);
    assert!(outcome.text().contains("error:") && !outcome.text().contains("hint:"), "{outcome}");
    assert!(fixture.run(&["scan", "absent"]).text().contains("hint:"));
    assert_eq!(fixture.code(&["-v", "-q"]), 2);
}
