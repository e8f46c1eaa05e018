//! Machines that do not let the sandbox be made: each is told what it is, and what to do.

use crate::refused;
use crate::sandbox::chain;
use std::path::Path;
use std::process::Command;
use test_support::{snowguard, toolbox};

/// A shell script in namespaces of its own, whose `"$@"` is a build of a chain of one step.
fn build_in(folder: &Path, unshare: &[&str], script: &str, program: &Path, seen: &Path) -> String {
    chain(
        folder,
        "int main(void) { creat(\"/out/o\", 0644); return 0; }",
        "run = [{ argv = [\"/in/probe\"] }]\n",
    );
    let mut command = Command::new("unshare");
    command.args(unshare).args(["sh", "-ec", script, "sh"]).arg(program);
    command.args(["bootstrap", "build", "--unpinned", "--from=mirror", "--folder"]).arg(seen);
    refused(command.arg("--store").arg(seen.join("store")))
}

#[test]
fn a_store_without_programs() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o noexec store {0}/store; exec \"$@\"", folder.path().display());
    std::fs::create_dir(folder.path().join("store")).unwrap();
    let program = snowguard!().program().to_owned();
    let told = build_in(folder.path(), &["--mount"], &script, &program, folder.path());
    assert!(told.contains("store: its file system is mounted with the option noexec"), "{told}");
    assert!(told.contains("\nhint: use a store on another file system, with --store"), "{told}");
}

#[test]
fn namespaces_that_are_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let program = snowguard!().program().to_owned();
    for name in ["user", "net"] {
        let script = format!("echo 0 >/proc/sys/user/max_{name}_namespaces; exec \"$@\"");
        let told = build_in(folder.path(), &["--user", "--map-root-user"], &script, &program, folder.path());
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
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path().join("store"), open).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let told = build_in(folder.path(), &["--mount"], &script, &inside.join("snowguard"), inside);
    assert!(told.contains("the kernel makes no user namespace for a process in a chroot"), "{told}");
    assert!(told.contains("\nhint: enter the folder by other means"), "{told}");
}
