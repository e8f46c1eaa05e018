//! A step sees nothing of the host: a program tries.

use crate::{bootstrap_command, refused, run};
use std::path::Path;
use std::process::Command;
use test_support::Outcome;

/// A chain of one step that runs a program of this machine's C compiler.
pub(crate) fn chain(folder: &Path, source: &str, step: &str) {
    std::fs::create_dir_all(folder.join("steps")).unwrap();
    let text = format!(
        "[[step]]\nname = \"probe\"\nsummary = \"\"\ninputs = {{ probe = \"file:probe\" }}\noutputs = {{ o = {{}} }}\n{step}"
    );
    std::fs::write(folder.join("steps/probe.toml"), text).unwrap();
    std::fs::write(folder.join("probe.c"), source).unwrap();
    let mut compiler = Command::new("cc");
    run(compiler.args(["-static", "-O1", "-w", "-o"]).arg(folder.join("probe")).arg(folder.join("probe.c")));
}

pub(crate) fn build(folder: &Path) -> Command {
    let mut command = bootstrap_command(&["build", "--unpinned", "--from=mirror", "--folder"]);
    command.arg(folder).arg("--store").arg(folder.join("store"));
    // What the driver's user has set must not arrive.
    command.env("SECRET", "secret");
    command
}

#[test]
fn a_step_sees_nothing_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    chain(
        folder.path(),
        include_str!("probe.c"),
        "run = [{ argv = [\"/in/probe\"] }]\nenvironment = { OWN = \"its own\" }\n",
    );
    // It leaves no output, so the step fails, after it has printed.
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("step probe: there is no output o"), "{complaint}");
    let log = std::fs::read_to_string(folder.path().join("store/logs/probe.log")).unwrap();
    let mut seen: Vec<_> = log.lines().collect();
    let variables = seen.split_off(seen.iter().position(|line| line.contains('=')).unwrap());
    let expected = "\
/: build dev in out
/in: probe
/dev: null zero
/build:
/out:
host file: ENOENT
host file by ..: ENOENT
write to an input: EACCES
new input: EROFS
new file in the root: EROFS
change of an input: EROFS
processes: ENOENT
network: EPERM
local socket: EPERM
netlink: EPERM
time: 1
gettimeofday: 1000000
real time: 1
monotonic time: 1
real time by system call: 1
time to nowhere: EFAULT
vDSO: 0
upper half of the counter: 0
time in a child: 1
time in another program: 1
vDSO in another program: 0
x32 call ends with signal: 31
32-bit call ends with signal: 31
mount: EPERM
chroot: EPERM
unshare: EPERM
clone with a namespace: EPERM
clone3: ENOSYS
trace: EPERM
keys: EPERM
bpf: EPERM
io_uring: EPERM
name of the host: EPERM
device: EPERM
owner: EINVAL
signal to init: 0
signal to all: ESRCH
user: 1000
group: 1000
process: 1
host: bootstrap
mask: 18
time of an input: 1
standard input: 0";
    assert_eq!(seen.join("\n"), expected);
    let environment =
        ["HOME=/build", "LC_ALL=C", "OWN=its own", "SOURCE_DATE_EPOCH=1", "TMPDIR=/build", "TZ=UTC"];
    assert_eq!(variables, environment);
}

#[test]
fn a_step_that_fails_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let source = "#include <stdio.h>\n#include <stdlib.h>\nint main(int n, char **v) { for (int i = 0; i < 30; i++) printf(\"line %d\\33[2J\\n\", i); fflush(stdout); if (n > 1) abort(); return 9; }\n";
    chain(
        folder.path(),
        source,
        "run = [{ argv = [\"/in/probe\"] }, { argv = [\"/in/probe\", \"never\"] }]\n",
    );
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("step probe: /in/probe: it ended with 9"), "{complaint}");
    assert!(
        complaint.contains("line 29") && complaint.contains("line 20") && !complaint.contains("line 19"),
        "{complaint}"
    );
    assert!(!complaint.contains('\u{1b}'), "{complaint}");
    chain(folder.path(), source, "run = [{ argv = [\"/in/probe\", \"now\"] }]\n");
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("step probe: /in/probe now: it was ended by SIGABRT"), "{complaint}");
    chain(folder.path(), source, "run = [{ argv = [\"./nothing\"] }]\n");
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("./nothing: cannot be started: ENOENT"), "{complaint}");
}

#[test]
fn what_is_left_over_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let source = "#include <stdio.h>\n#include <unistd.h>\nint main(int n, char **v) { for (int i = 1; i < n; i++) fclose(fopen(v[i], \"w\")); symlink(\"/etc/passwd\", \"/out/link\"); return 0; }\n";
    chain(folder.path(), source, "run = [{ argv = [\"/in/probe\", \"/out/o\", \"/out/p\"] }]\n");
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("which is none of its outputs"), "{complaint}");
    chain(
        folder.path(),
        "int main(void) { symlink(\"/etc/passwd\", \"/out/o\"); return 0; }\n",
        "run = [{ argv = [\"/in/probe\"] }]\n",
    );
    let complaint = refused(&mut build(folder.path()));
    assert!(complaint.contains("neither a file nor a folder"), "{complaint}");
}

#[test]
fn a_shell_sees_what_the_step_sees() {
    let busybox = test_support::toolbox().join("usr/bin/busybox");
    let store = tempfile::tempdir().unwrap();
    let mut shell = bootstrap_command(&["shell", "labels", "--from=mirror", "--folder"]);
    shell.arg(crate::chain()).arg("--store").arg(store.path()).arg("--busybox").arg(busybox);
    let typed =
        "/busybox ls / /in; /busybox date +%s; /in/seed /in/labels.hex0 /out/labels && echo built; exit 5\n";
    let seen = Outcome::with_input(&mut shell, typed).with_code(0).stderr;
    let shown = "/in/seed /in/labels.hex0 /out/labels\n/:\nbuild\nbusybox\ndev\nin\nout\n\n/in:\nlabels.hex0\nseed\n1\n";
    assert!(seen.contains(shown) && seen.ends_with("built\n"), "{seen}");
}

#[test]
fn a_shell_gets_no_file_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    chain(
        folder.path(),
        "int main(void) { return 0; }\n",
        "proc = true\nrun = [{ argv = [\"/in/probe\"] }]\n",
    );
    let script = folder.path().join("script");
    std::fs::write(&script, "for file in 0 1 2; do /busybox readlink /proc/self/fd/$file; done\n").unwrap();
    let shell = |input: &Path| {
        let mut shell = bootstrap_command(&["shell", "probe", "--from=mirror", "--folder"]);
        shell.arg(folder.path()).arg("--store").arg(folder.path().join("store"));
        shell.arg("--busybox").arg(test_support::toolbox().join("usr/bin/busybox"));
        Outcome::of(shell.stdin(std::fs::File::open(input).unwrap())).with_code(0).stderr
    };
    let seen = shell(&script);
    assert_eq!(seen.lines().filter(|line| line.starts_with("pipe:[")).count(), 3, "{seen}");
    // Nothing can be typed into a folder, and nothing is lent.
    assert_eq!(shell(folder.path()), "/in/probe\n");
}

#[test]
fn what_is_not_reproducible_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let source = "#include <stdio.h>\n#include <sys/random.h>\nint main(void) { char random[8]; FILE *f = fopen(\"/out/o\", \"w\"); \
        getrandom(random, 8, 0); fprintf(f, \"%32d\", 1); fwrite(random, 1, 8, f); return 0; }\n";
    chain(folder.path(), source, "run = [{ argv = [\"/in/probe\"] }]\n");
    // A diffoscope of the test's own: whether it is started, and for what.
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    let script = "#!/bin/sh\nfor last; do :; done\necho \"diffoscope was started for ${last##*/}\"\nexit 1\n";
    std::fs::write(programs.join("diffoscope"), script).unwrap();
    std::fs::set_permissions(
        programs.join("diffoscope"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut verify = bootstrap_command(&["verify", "--unpinned", "--from=mirror", "--folder"]);
    verify.arg(folder.path()).arg("--store").arg(folder.path().join("store"));
    let path = std::env::join_paths(
        [programs].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let report = Outcome::of(verify.env("PATH", path.unwrap())).with_code(1).stdout;
    assert!(
        report.contains("different  probe/o: file-") && report.contains("first difference at byte 3"),
        "{report}"
    );
    assert!(report.contains("diffoscope was started for file-"), "{report}");
}
