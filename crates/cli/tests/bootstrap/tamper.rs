//! What was changed by somebody is refused, with its name.

use crate::{bootstrap_command, build, chain, mirror, refused, run};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use test_support::copy_tree;

/// Changes a text file.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{}: {from}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Flips a bit of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn sources() {
    let folder = tempfile::tempdir().unwrap();
    let file = "tcc_0.9.27+git20200814.62c30a4a.orig.tar.bz2";
    fs::copy(mirror().join(file), folder.path().join(file)).unwrap();
    let fetch = || {
        let mut command = bootstrap_command(&["fetch", "--from=mirror", "--folder"]);
        command
            .arg(chain())
            .arg("--mirror")
            .arg(folder.path())
            .arg("--store")
            .arg(folder.path().join("store"));
        command
    };
    flip(&folder.path().join(file));
    let complaint = refused(&mut fetch());
    assert!(
        complaint.contains(file) && complaint.contains("it has another file of that name"),
        "{complaint}"
    );
    fs::write(folder.path().join(file), "short").unwrap();
    let complaint = refused(&mut fetch());
    assert!(complaint.contains("has 5 bytes, not 708943"), "{complaint}");
    fs::remove_file(folder.path().join(file)).unwrap();
    let complaint = refused(&mut fetch());
    assert!(complaint.contains("is nowhere to be had") && complaint.contains("No such file"), "{complaint}");

    // In the store, too.
    fs::copy(mirror().join(file), folder.path().join(file)).unwrap();
    let list = run(&mut fetch());
    flip(Path::new(list.trim().rsplit(' ').next().unwrap()));
    let complaint = refused(&mut fetch());
    assert!(complaint.contains("does not hold what it should"), "{complaint}");
}

#[test]
fn objects_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let built: serde_json::Value =
        serde_json::from_str(&run(build(folder.path()).args(["cc", "--json"]))).unwrap();
    for output in built.as_array().unwrap() {
        let path = Path::new(output["path"].as_str().unwrap());
        let whole = fs::read(path).unwrap();
        flip(path);
        let complaint = refused(build(folder.path()).arg("cc"));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            complaint.contains(name) && complaint.contains("it was changed after it was made"),
            "{complaint}"
        );
        // Half an object is none.
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
        refused(build(folder.path()).arg("cc"));
        // One that is gone is made again.
        fs::remove_file(path).unwrap();
        run(build(folder.path()).arg("cc"));
        assert_eq!(fs::read(path).unwrap(), whole);
    }
    let result = fs::read_dir(folder.path().join("results")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&result).unwrap();
    // Half a result is none; what is no file is named.
    fs::write(&result, "{").unwrap();
    run(build(folder.path()).arg("cc"));
    assert_eq!(fs::read(&result).unwrap().len() / 100, whole.len() / 100);
    fs::remove_file(&result).unwrap();
    fs::create_dir(&result).unwrap();
    let complaint = refused(build(folder.path()).arg("cc"));
    let name = result.file_name().unwrap().to_str().unwrap();
    assert!(complaint.contains(name) && complaint.contains("not a regular file"), "{complaint}");
    assert!(complaint.contains("\nhint: remove the file, and the step is run again"), "{complaint}");
}

#[test]
fn steps_and_pins() {
    let folder = tempfile::tempdir().unwrap();
    let [chain_folder, store] = ["chain", "store"].map(|name| folder.path().join(name));
    copy_tree(&chain(), &chain_folder);
    let build = || {
        let mut command = bootstrap_command(&["build", "assembler", "--from=mirror", "--folder"]);
        command.arg(&chain_folder).arg("--store").arg(&store);
        command
    };
    run(&mut build());
    let steps = chain_folder.join("steps/10-stages.toml");
    let whole = fs::read_to_string(&steps).unwrap();

    // A pin.
    let pin = whole.lines().find(|line| line.starts_with("sha256")).unwrap();
    edit(&steps, pin, &format!("sha256 = \"{}\"", "0".repeat(64)));
    let complaint = refused(&mut build());
    assert!(
        complaint.contains("step seed: output seed is ") && complaint.contains("but it is pinned to 0000"),
        "{complaint}"
    );
    fs::write(&steps, &whole).unwrap();
    edit(&steps, &format!("{pin}\n"), "");
    let complaint = refused(&mut build());
    assert!(complaint.contains("has no pin") && complaint.contains("10-stages.toml"), "{complaint}");
    // Whoever knows why an output is another one accepts it; nothing else in the file changes.
    let accepted = {
        let mut command = bootstrap_command(&["build", "assembler", "--accept", "--from=mirror", "--folder"]);
        command.arg(&chain_folder).arg("--store").arg(&store);
        command
    };
    edit(&steps, "# From the seed", "# A comment: from the seed");
    run(&mut { accepted });
    assert_eq!(
        fs::read_to_string(&steps).unwrap().replacen("# A comment: from the seed", "# From the seed", 1),
        whole
    );
    fs::write(&steps, &whole).unwrap();

    // A source text: the bytes change, so the pin is not met.
    let labels = chain_folder.join("labels/labels.hex0");
    let text = fs::read_to_string(&labels).unwrap();
    let line = text.lines().find(|line| line.contains("# mov eax, 60")).unwrap();
    edit(&labels, line, &line.replacen("3C", "3D", 1));
    let complaint = refused(&mut build());
    assert!(complaint.contains("step labels: output labels is "), "{complaint}");
    fs::write(&labels, &text).unwrap();
    // A comment changes no byte, and so nothing behind it.
    edit(&labels, "# mov eax, 60", "# exit");
    run(&mut build());
    fs::write(&labels, "zz").unwrap();
    let complaint = refused(&mut build());
    assert!(
        complaint.contains("step labels: /in/seed /in/labels.hex0 /out/labels: it ended with 1"),
        "{complaint}"
    );
    fs::write(&labels, &text).unwrap();

    // The seed's listing.
    let seed = chain_folder.join("seed/seed.hex0");
    edit(&seed, "7F 45", "7E 45");
    let complaint = refused(&mut build());
    assert!(complaint.contains("step seed") && complaint.contains("ENOEXEC"), "{complaint}");
    fs::write(&seed, "7F 4").unwrap();
    assert!(refused(&mut build()).contains("the last byte has one digit only"));
    fs::write(&seed, "00 ".repeat(257)).unwrap();
    assert!(refused(&mut build()).contains("the seed has 257 bytes; 256 are allowed"));
}
