//! The made-up system: store paths, derivations and a store database, as Nix would make them.

use anyhow::Context;
use nix_formats::store_db::SCHEMA;
use nix_formats::{HashAlgorithm, StoreDir, StorePath};
use rusqlite::{Connection, params};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Packages: pname (with the prefix of its set), version, patches.
const PACKAGES: [(&str, &str, &str); 14] = [
    ("bash", "5.2-p26", ""),
    ("curl", "8.3.0", ""),
    ("git", "2.42.0", ""),
    ("glibc", "2.38-27", ""),
    ("jq", "1.7.1", ""),
    ("libwebp", "1.3.1", ""),
    ("linux", "5.15.20", ""),
    ("log4j", "2.14.1", ""),
    ("openssh", "9.6p1", ""),
    ("openssl", "1.0.1f", ""),
    ("python3.11-requests", "2.28.2", ""),
    ("sudo", "1.8.31", ""),
    ("xz", "5.6.0", ""),
    ("zlib", "1.2.12", "CVE-2022-37434.patch"),
];

/// Makes the system below `root`.
pub(super) fn make(root: &Path) -> anyhow::Result<()> {
    let store = StoreDir::default();
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    for folder in [store.as_str(), "/nix/var/nix/db", "/run"] {
        fs::create_dir_all(inside(folder))?;
    }
    fs::write(inside("/nix/var/nix/db/schema"), "10")?;
    let mut connection = Connection::open(inside("/nix/var/nix/db/db.sqlite"))?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    let system = path_for(&store, "nixos-system-demo-24.05")?;
    let system_id = register(&transaction, &store, &system, None)?;
    fs::create_dir_all(inside(&store.display(&system).to_string()))?;
    for (pname, version, patches) in PACKAGES {
        let name = format!("{pname}-{version}");
        let (output, derivation) = (path_for(&store, &name)?, path_for(&store, &format!("{name}.drv"))?);
        let folder = inside(&store.display(&output).to_string());
        fs::create_dir_all(folder.join("share"))?;
        fs::write(folder.join("share/demo"), "Made up for the demonstration.\n")?;
        let text = derivation_text(&store, &name, pname, version, patches, &output);
        fs::write(inside(&store.display(&derivation).to_string()), text)?;
        let derivation_id = register(&transaction, &store, &derivation, None)?;
        let id = register(&transaction, &store, &output, Some(&derivation))?;
        transaction.execute("INSERT INTO Refs VALUES (?1, ?2)", [system_id, id])?;
        transaction.execute(
            "INSERT INTO DerivationOutputs VALUES (?1, 'out', ?2)",
            params![derivation_id, store.display(&output).to_string()],
        )?;
    }
    transaction.commit()?;
    symlink(store.display(&system).to_string(), inside("/run/current-system"))
        .context("cannot make the link")?;
    Ok(())
}

/// A path with a digest of the name alone: nobody could have built it.
fn path_for(store: &StoreDir, name: &str) -> anyhow::Result<StorePath> {
    Ok(store.make_path("demo", &HashAlgorithm::Sha256.hash(name.as_bytes()), name)?)
}

fn register(
    connection: &Connection,
    store: &StoreDir,
    path: &StorePath,
    deriver: Option<&StorePath>,
) -> anyhow::Result<i64> {
    let hash = HashAlgorithm::Sha256.hash(path.as_str().as_bytes()).prefixed_base16();
    connection.execute(
        "INSERT INTO ValidPaths (path, hash, registrationTime, deriver, narSize) VALUES (?1, ?2, 1, ?3, 1)",
        params![store.display(path).to_string(), hash, deriver.map(|d| store.display(d).to_string())],
    )?;
    Ok(connection.last_insert_rowid())
}

/// A derivation in ATerm; none of the texts needs escapes.
fn derivation_text(
    store: &StoreDir,
    name: &str,
    pname: &str,
    version: &str,
    patches: &str,
    output: &StorePath,
) -> String {
    let output = store.display(output);
    // nixpkgs gives a package of a set the bare pname; the set's prefix stands in the name.
    let pname = pname.strip_prefix("python3.11-").unwrap_or(pname);
    let variables = [
        ("name", name.to_owned()),
        ("out", output.to_string()),
        (
            "patches",
            if patches.is_empty() {
                String::new()
            } else {
                format!("/nix/store/{}-{patches}", "0".repeat(32))
            },
        ),
        ("pname", pname.to_owned()),
        ("version", version.to_owned()),
    ];
    let variables: Vec<String> =
        variables.iter().map(|(key, value)| format!("(\"{key}\",\"{value}\")")).collect();
    format!(
        "Derive([(\"out\",\"{output}\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],[{}])",
        variables.join(",")
    )
}
