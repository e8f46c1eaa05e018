//! The records of the demo, and targets that they are about.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, reason = "each test uses a part")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use test_support::{Scratch, Snowguard};

/// A file of the demo.
pub fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)
}

/// Makes the database `db` in a folder, or makes it anew, of the demo's records, which are in `cve`
/// then, and its catalogue; but for those that are named.
pub fn make_database(folder: &Scratch, snowguard: &Snowguard, without: &[&str]) {
    for name in ["cve", "db"] {
        let _ = std::fs::remove_dir_all(folder.path(name));
    }
    std::fs::create_dir(folder.path("cve")).unwrap();
    for entry in std::fs::read_dir(demo("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("CVE-") && !without.iter().any(|id| name.contains(id)) {
            std::fs::copy(&path, folder.path("cve").join(name)).unwrap();
        }
    }
    let mut arguments = vec!["db", "update", "--db", "db", "--cve", "cve"];
    let catalogue = demo("known-exploited.json");
    if !without.contains(&"catalogue") {
        arguments.extend(["--kev", catalogue.to_str().unwrap()]);
    }
    snowguard.success(arguments);
}

/// An SBOM of these packages.
pub fn bom(packages: &[(&str, &str)]) -> String {
    let component = |(name, version): &(&str, &str)| -> Value {
        json!({"type": "library", "name": name, "version": version})
    };
    let components: Vec<Value> = packages.iter().map(component).collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}).to_string()
}
