//! What steps leave behind, however odd: it is taken, or refused by name, and never in the way of
//! the next build.

use crate::sandbox::{build, chain};
use crate::{refused, run};
use std::fs;
use std::path::Path;
use std::process::Command;
use test_support::snowguard;

/// The command of the only step.
const RUN: &str = "run = [{ argv = [\"/in/probe\"] }]\n";

/// Folders in each other: more than a process may open, than a path holds.
const DEEP: &str = "
    #include <fcntl.h>
    #include <sys/stat.h>
    #include <unistd.h>
    int main(void) {
      mkdir(PLACE, 0755); chdir(PLACE);
      for (int i = 0; i < 2500; i++) { mkdir(\"d\", 0755); if (chdir(\"d\")) return 2; }
      return creat(\"/out/o\", 0644) < 0 && creat(\"file\", 0644) < 0;
    }";

fn program(place: &str) -> String {
    format!("#define PLACE \"{place}\"\n{DEEP}")
}

#[test]
fn folders_without_end() {
    let folder = tempfile::tempdir().unwrap();
    chain(folder.path(), &program("/build/x"), RUN);
    run(&mut build(folder.path()));
    // The step fails, so what it made stays for those who look around.
    chain(folder.path(), &program("/build/x").replace("return creat", "return 9; creat"), RUN);
    assert!(refused(&mut build(folder.path())).contains("it ended with 9"));
    chain(folder.path(), &program("/out/o"), RUN);
    let complaint = refused(&mut build(folder.path()));
    assert!(
        complaint.contains("step probe: output o cannot be taken")
            && complaint.contains("more than 64 folders deep"),
        "{complaint}"
    );
    assert!(complaint.len() < 1000, "{complaint}");
    // Neither is in the way of the next build.
    chain(folder.path(), "int main(void) { creat(\"/out/o\", 0644); return 0; }", RUN);
    run(&mut build(folder.path()));
    assert_eq!(fs::read_dir(folder.path().join("store/work")).unwrap().count(), 0);
}

#[test]
fn what_is_no_output_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let made = |how: &str| {
        format!(
            "#include <sys/stat.h>\n#include <sys/socket.h>\n#include <unistd.h>\nint main(void) {{ {how}; return 0; }}\n"
        )
    };
    for (how, what) in [
        ("mkfifo(\"/out/o\", 0644)", "a pipe (FIFO)"),
        ("mknod(\"/out/o\", S_IFSOCK | 0644, 0)", "a socket"),
        ("symlink(\"/etc/passwd\", \"/out/o\")", "a symbolic link"),
        ("mkdir(\"/out/o\", 0755); mkfifo(\"/out/o/inside\", 0644)", "a pipe (FIFO)"),
    ] {
        chain(folder.path(), &made(how), RUN);
        let complaint = refused(&mut build(folder.path()));
        assert!(
            complaint.contains("step probe: output o cannot be taken: ")
                && complaint.contains(&format!("is {what}, and neither a file nor a folder")),
            "{how}: {complaint}"
        );
    }
}

#[test]
fn closed_folders_are_opened() {
    let source = "
        #include <fcntl.h>
        #include <sys/stat.h>
        int main(void) {
          mkdir(\"/out/o\", 0755); mkdir(\"/out/o/inner\", 0755); mkdir(\"/build/x\", 0755);
          creat(\"/out/o/inner/file\", 0); creat(\"/build/x/file\", 0);
          chmod(\"/out/o/inner\", 0); chmod(\"/out/o\", 0); chmod(\"/out\", 0);
          chmod(\"/build/x\", 0); chmod(\"/build\", 0);
          return 0;
        }";
    let folder = tempfile::tempdir().unwrap();
    chain(folder.path(), source, RUN);
    let by_root = run(&mut build(folder.path()));
    // Root may enter a closed folder anyway, so another user tries, with a umask that closes
    // everything to its owner.
    let other = with_umask(folder.path(), "0777");
    assert_eq!(run(&mut { other }), by_root);
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(folder.path().join("theirs").join(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("work"), mode("objects")), (0o700, 0o700));
    // Nobody else may write, also if the umask would let them.
    run(&mut with_umask(folder.path(), "0"));
    assert_eq!((mode("work"), mode("objects"), mode("logs/probe.log")), (0o700, 0o755, 0o644));
}

/// A build in another store by another user.
fn with_umask(folder: &Path, umask: &str) -> Command {
    let theirs = folder.join("theirs");
    let program = folder.join("snowguard");
    let _ = fs::remove_dir_all(&theirs);
    fs::create_dir(&theirs).unwrap();
    fs::copy(snowguard!().program(), &program).unwrap();
    run(Command::new("chmod").arg("755").arg(folder).arg(&program));
    run(Command::new("chown").arg("65534:65534").arg(&theirs));
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"]);
    command.arg(format!("umask {umask}; exec \"$@\"")).arg("sh").arg(&program);
    command.args(["bootstrap", "build", "--unpinned", "--from=mirror", "--folder"]).arg(folder);
    command.arg("--store").arg(&theirs);
    command
}

#[test]
fn results_that_are_cut_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    chain(folder.path(), "int main(void) { creat(\"/out/o\", 0644); return 0; }", RUN);
    let built = run(&mut build(folder.path()));
    let results =
        || fs::read_dir(folder.path().join("store/results")).unwrap().map(|entry| entry.unwrap().path());
    let path = results().next().unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        // Every tenth is built again; all of them are read.
        fs::write(&path, &whole[..length]).unwrap();
        if length % 10 == 0 {
            assert_eq!(run(&mut build(folder.path())), built);
            let again: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(
                again["outputs"],
                serde_json::from_slice::<serde_json::Value>(&whole).unwrap()["outputs"]
            );
        } else {
            let graph = run(crate::bootstrap_command(&["graph", "--json", "--folder"])
                .arg(folder.path())
                .arg("--store")
                .arg(folder.path().join("store")));
            assert!(graph.contains("\"milliseconds\": null") || !graph.contains("milliseconds"), "{graph}");
        }
    }
    assert_eq!(results().count(), 1);
}

#[test]
fn what_a_step_prints_does_not_turn_lines_round() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}\u{1b}\u{9b}\u{200b}\u{206a}\u{3164}";
    let source = format!("#include <stdio.h>\nint main(void) {{ puts(\"be{hidden}hind\"); return 9; }}\n");
    chain(folder.path(), &source, RUN);
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("behind"), "{complaint:?}");
    assert!(!complaint.contains(|c| hidden.contains(c)), "{complaint:?}");
}
