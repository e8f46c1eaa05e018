//! Machines that do not let the sandbox be made: each is told what it is, and what to do.

use crate::refused;
use crate::sandbox::chain;
use std::path::Path;
use std::process::Command;
use test_support::{snowguard, toolbox};

/// A shell script in namespaces of its own, whose `"$@"` is a build of a chain of one step.
fn build_in(folder: &Path, before: &[&str], script: &str, program: &Path, seen: &Path) -> String {
    chain(
        folder,
        "int main(void) { creat(\"/out/o\", 0644); return 0; }",
        "run = [{ argv = [\"/in/probe\"] }]\n",
    );
    let mut command = Command::new(before[0]);
    command.args(&before[1..]).args(["sh", "-ec", script, "sh"]).arg(program);
    command.args(["bootstrap", "build", "--unpinned", "--from=mirror", "--folder"]).arg(seen);
    refused(command.arg("--store").arg(seen.join("store")))
}

/// Others may enter the folder, and write to the store in it.
fn open_to_all(folder: &Path) {
    for (folder, mode) in [(folder.join("store"), 0o777), (folder.to_owned(), 0o755)] {
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_store_without_programs() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o noexec store {0}/store; exec \"$@\"", folder.path().display());
    std::fs::create_dir(folder.path().join("store")).unwrap();
    let program = snowguard!().program().to_owned();
    let told = build_in(folder.path(), &["unshare", "--mount"], &script, &program, folder.path());
    assert!(told.contains("store: its file system is mounted with the option noexec"), "{told}");
    assert!(told.contains("\nhint: use a store on another file system, with --store"), "{told}");
}

#[test]
fn namespaces_that_are_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("store")).unwrap();
    open_to_all(folder.path());
    let program = folder.path().join("snowguard");
    std::fs::copy(snowguard!().program(), &program).unwrap();
    for name in ["user", "net"] {
        let script = format!("echo 0 >/proc/sys/user/max_{name}_namespaces; exec \"$@\"");
        // An ordinary user, who is root in a namespace of his own, and may change its settings.
        let command = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "unshare",
            "--user",
            "--map-root-user",
        ];
        let told = build_in(folder.path(), &command, &script, &program, folder.path());
        assert!(told.contains(&format!("user.max_{name}_namespaces is 0")), "{told}");
        assert!(told.contains("\nhint: as root: sysctl user.max_user_namespaces="), "{told}");
    }
}

#[test]
fn a_chroot() {
    let folder = tempfile::tempdir().unwrap();
    // The program and the chain are below /mnt there.
    std::fs::copy(snowguard!().program(), folder.path().join("snowguard")).unwrap();
    let (root, inside) = (toolbox(), Path::new("/mnt"));
    let script = format!(
        "mount -t proc proc {root}/proc; mount --bind {} {root}/mnt; exec chroot --userspec=65534:65534 {root} \"$@\"",
        folder.path().display(),
        root = root.display()
    );
    std::fs::create_dir(folder.path().join("store")).unwrap();
    open_to_all(folder.path());
    let told = build_in(folder.path(), &["unshare", "--mount"], &script, &inside.join("snowguard"), inside);
    assert!(told.contains("the kernel makes no user namespace for a process in a chroot"), "{told}");
    assert!(told.contains("\nhint: build as root, or enter the folder by other means"), "{told}");
}
