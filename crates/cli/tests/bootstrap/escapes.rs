//! A step tries to leave its sandbox: as root and as an ordinary user starts it, inside bubblewrap
//! and in a chroot, as a program of 64 and of 32 bits.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use test_support::{Outcome, ToolboxFolder, snowguard, toolbox};

/// An ordinary user.
const USER: u32 = 4321;

/// Where and as whom the driver runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Root,
    User,
    RootInBubblewrap,
    UserInBubblewrap,
    RootInChroot,
}

use Setting::{Root, RootInBubblewrap, RootInChroot, User, UserInBubblewrap};

/// Each of them, with programs of 64 bits, and two of them with those of 32 bits.
const ALL: &[(Setting, u32)] = &[
    (Root, 64),
    (User, 64),
    (RootInBubblewrap, 64),
    (UserInBubblewrap, 64),
    (RootInChroot, 64),
    (Root, 32),
    (User, 32),
];

/// A folder with a chain of one step and its store.
struct Scene {
    setting: Setting,
    bits: u32,
    folder: ToolboxFolder,
}

impl Scene {
    fn new(setting: Setting, bits: u32) -> Self {
        let folder = ToolboxFolder::new("escapes");
        fs::set_permissions(folder.folder(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path("steps")).unwrap();
        fs::copy(snowguard!().program(), folder.path("snowguard")).unwrap();
        compile(bits, &folder.path("probe"));
        let scene = Self { setting, bits, folder };
        if scene.is_user() {
            let mut chown = Command::new("chown");
            Outcome::of(chown.args(["-R", &format!("{USER}:{USER}")]).arg(scene.folder.folder())).success();
        }
        scene
    }

    fn is_user(&self) -> bool {
        matches!(self.setting, User | UserInBubblewrap)
    }

    /// `snowguard` with these arguments, where and as whom it has to run.
    fn command(&self, arguments: &[&str]) -> Command {
        let root = toolbox();
        let mut words: Vec<String> = Vec::new();
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        if self.is_user() {
            let user = USER.to_string();
            add(&["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups", "--"]);
        }
        let inside = match self.setting {
            Root | User => self.folder.path("").to_str().unwrap().to_owned(),
            RootInBubblewrap | UserInBubblewrap => {
                let folder = self.folder.path("").to_str().unwrap().to_owned();
                add(&["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid"]);
                add(&["--bind", &folder, &folder, "--die-with-parent"]);
                folder
            }
            RootInChroot => {
                let script = "mount -t proc proc \"$1/proc\" && exec chroot \"$@\"";
                add(&["unshare", "--mount", "sh", "-c", script, "sh", root.to_str().unwrap()]);
                self.folder.inside("")
            }
        };
        let inside = inside.trim_end_matches('/');
        add(&[&format!("{inside}/snowguard"), "bootstrap"]);
        add(arguments);
        add(&["--folder", inside, "--store", &format!("{inside}/store"), "--from=mirror"]);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.current_dir("/");
        command
    }

    /// Builds a step that runs the probe in this mode, with more lines in its file.
    fn build(&self, mode: &str, more: &str) -> Outcome {
        self.step(mode, more);
        Outcome::of(&mut self.command(&["build", "--unpinned"]))
    }

    fn step(&self, mode: &str, more: &str) {
        let arch = if self.bits == 32 { "i686" } else { "x86_64" };
        let text = format!(
            "[[step]]\nname = \"probe\"\nsummary = \"\"\ninputs = {{ probe = \"file:probe\" }}\noutputs = {{ o = {{}} }}\n\
             arch = \"{arch}\"\nrun = [{{ argv = [\"/in/probe\", \"{mode}\"] }}]\n{more}\n"
        );
        fs::write(self.folder.path("steps/probe.toml"), text).unwrap();
    }

    /// What a probe prints. It leaves no output, so the step fails after that.
    #[track_caller]
    fn printed(&self, mode: &str, more: &str) -> String {
        let complaint = self.build(mode, more).failure(3);
        assert!(complaint.contains("there is no output o"), "{:?} {mode}: {complaint}", self.setting);
        self.log()
    }

    fn log(&self) -> String {
        self.folder.read_text("store/logs/probe.log")
    }

    /// What the probe prints must be this, wherever it runs.
    #[track_caller]
    fn expect(&self, mode: &str, more: &str, expected: &str) {
        let printed = self.printed(mode, more);
        assert_eq!(printed.trim_end(), expected, "{:?}, {} bits: {mode}", self.setting, self.bits);
    }

    /// The folder that a failed step has left.
    fn work(&self) -> PathBuf {
        let mut left = fs::read_dir(self.folder.path("store/work")).unwrap();
        left.next().unwrap().unwrap().path()
    }
}

/// Compiles the probe, which needs no library of either kind.
fn compile(bits: u32, to: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bootstrap/escapes.c");
    let mut compiler = Command::new("cc");
    compiler.args([&format!("-m{bits}"), "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector"]);
    // Debian keeps the kernel's headers where programs of 32 bits do not look.
    compiler.args(["-fno-pic", "-no-pie", "-O1", "-w", "-isystem", "/usr/include/x86_64-linux-gnu", "-o"]);
    Outcome::of(compiler.arg(to).arg(source)).success();
}

/// All lines with one result.
fn all(result: &str, names: &str) -> String {
    let lines: Vec<_> = names.split_whitespace().map(|name| format!("{name}: {result}\n")).collect();
    lines.concat()
}

#[test]
fn files_of_the_caller_do_not_reach_a_step() {
    for (setting, bits) in ALL {
        let scene = Scene::new(*setting, *bits);
        scene.step("files", "");
        let command = scene.command(&["build", "--unpinned"]);
        // The caller has a folder and a file open, and lends them to all that it starts.
        let mut caller = Command::new("sh");
        caller.args(["-c", "exec 9</ 8<>\"$1/open\" 4>&1; shift; exec \"$@\"", "sh"]);
        caller.arg(scene.folder.path("")).arg(command.get_program()).args(command.get_args());
        Outcome::of(caller.current_dir("/")).failure(3);
        let expected = "open files: 0 1 2\nfolder of the caller: EBADF\nanswer to the helper: EBADF\n\
                        kind of a standard file: 2\nkind of a standard file: 1\nkind of a standard file: 1\n\
                        size of the log: EINVAL\nmode of the log: 1";
        assert_eq!(scene.log().trim_end(), expected, "{setting:?} {bits}");
    }
}

#[test]
fn devices_stay_as_they_are() {
    let device = "  write: 1\n  mode: EROFS\n  mode of the open device: EROFS\n  owner: EROFS\n  time: EROFS\n\
                  \x20 time of the open device: EROFS\n  attribute: EOPNOTSUPP";
    let state = || {
        ["/dev/null", "/dev/zero"].map(|path| {
            let found = fs::metadata(path).unwrap();
            (found.mode(), found.uid(), found.gid(), found.mtime(), found.atime(), found.ctime())
        })
    };
    let before = state();
    for (setting, bits) in ALL {
        let scene = Scene::new(*setting, *bits);
        scene.expect("devices", "", &format!("/dev/null:\n{device}\n/dev/zero:\n{device}"));
    }
    assert_eq!(state(), before);
}

#[test]
fn a_step_is_nobody_and_becomes_nobody() {
    for (setting, bits) in ALL {
        let refused: String = [
            "chmod",
            "chmod-group",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "open",
            "openat",
            "O_TMPFILE",
            "creat",
            "mknod",
        ]
        .map(|by| match by {
            "chmod-group" => "set-group-ID by chmod: EPERM\n".to_owned(),
            by => format!("set-user-ID by {by}: EPERM\n"),
        })
        .concat();
        let expected = format!(
            "user: 10001000\ngroups: 0\nbecome root: EINVAL\n{refused}openat2: ENOSYS\ncapability of a file: EOPNOTSUPP\n\
             access list: EOPNOTSUPP\nattributes of a file: ENOTTY\ntype into a terminal: ENOTTY\ndevice: EPERM"
        );
        Scene::new(*setting, *bits).expect("rights", "", &expected);
    }
}

#[test]
fn calls_that_no_step_needs_are_refused() {
    let refused = all(
        "EPERM",
        "add_key keyctl request_key bpf userfaultfd io_uring_setup mount umount2 pivot_root chroot unshare setns ptrace \
         perf_event_open kexec_load open_by_handle_at name_to_handle_at open_tree move_mount fsopen mount_setattr \
         process_vm_readv process_vm_writev pidfd_getfd kcmp seccomp socket socketpair fanotify_init quotactl reboot swapon \
         sethostname syslog acct adjtimex clock_adjtime settimeofday init_module iopl",
    );
    let missing = all(
        "ENOSYS",
        "clone3 timerfd_create mq_open io_setup landlock_create_ruleset memfd_secret modify_ldt",
    );
    for (setting, bits) in ALL {
        let mut expected = format!(
            "{refused}{missing}a call that no kernel has: ENOSYS\nclone with a namespace: EPERM\n\
             clone that is not watched: EPERM\nfilter of its own: EPERM\ncounter brought back: EPERM\n\
             counter is small: 1\ncounter goes on: 1\npersonality that makes all memory a program: EPERM\n\
             personality without random addresses: 1\nlimits of init: EPERM"
        );
        if *bits == 64 {
            expected += "\nx32 call ends with signal: 31";
        }
        Scene::new(*setting, *bits).expect("calls", "", &expected);
    }
}

#[test]
fn calls_of_32_bits_are_for_those_who_ask_for_them() {
    Scene::new(User, 64).expect("32-bit call", "", "32-bit call ends with signal: 31");
    // A program of 32 bits in a step that did not ask for it.
    let scene = Scene::new(Root, 32);
    scene.step("calls", "");
    let steps = scene.folder.read_text("steps/probe.toml").replace("i686", "x86_64");
    scene.folder.write("steps/probe.toml", &steps);
    let complaint = Outcome::of(&mut scene.command(&["build", "--unpinned"])).failure(3);
    assert!(complaint.contains("it was ended by SIGSYS"), "{complaint}");
    scene.folder.write("steps/probe.toml", steps.replace("x86_64", "arm"));
    let complaint = Outcome::of(&mut scene.command(&["build", "--unpinned"])).failure(2);
    assert!(complaint.contains("unknown variant `arm`"), "{complaint}");
}

#[test]
fn clock_and_files_agree() {
    let expected = "time: 1\nsecond of the clock: 1\nsecond of the monotonic clock: 1\nsecond of the day: 1\n\
                    second of a file: 1\na file is not older than the clock before: 1\na newer file is newer: 1\n\
                    no file lies in the future: 1\nthe clock goes on: 1\ntime of an input: 1000\n\
                    time of a folder and a device: 1100\nsecond of what was there: 11\na time that was set: 1000000007\n\
                    owner of an input: 1000\nseconds by statx: 1111\nowner by statx: 1000\nsleep until soon: 0\n\
                    sleep until what is past: 0\nwait until soon: ETIMEDOUT\ntimer at a point of time: EINVAL\n\
                    time to nowhere: EFAULT";
    for (setting, bits) in ALL {
        Scene::new(*setting, *bits).expect("times", "", expected);
    }
}

#[test]
fn proc_shows_a_step_only_itself() {
    let expected = "/proc/self/status: 0\n/proc/sys: ENOENT\n/proc/sys/kernel/core_pattern: ENOENT\n/proc/sysrq-trigger: ENOENT\n\
                    /proc/kcore: ENOENT\n/proc/keys: ENOENT\n/proc/timer_list: ENOENT\n/proc/uptime: ENOENT\n/proc/stat: ENOENT\n\
                    /proc/1/status: ENOENT\n/proc/1/cmdline: ENOENT\nwrite to its own: EROFS";
    for (setting, bits) in
        [(Root, 64), (User, 64), (RootInBubblewrap, 64), (RootInChroot, 64), (Root, 32), (User, 32)]
    {
        Scene::new(setting, bits).expect("proc", "proc = true", expected);
    }
}

#[test]
fn stopped_processes_stay_stopped() {
    for (setting, bits) in [(Root, 64), (User, 32)] {
        Scene::new(setting, bits).expect("stops", "", "stopped by: 19\nand ended with: 3");
    }
}

#[test]
fn what_a_failed_step_leaves_is_closed() {
    for setting in [Root, User] {
        let scene = Scene::new(setting, 64);
        let complaint = scene.build("fail", "").failure(3);
        assert!(complaint.contains("it ended with 1"), "{complaint}");
        let work = scene.work();
        assert_eq!(fs::metadata(&work).unwrap().mode() & 0o7777, 0o700);
        let left = fs::metadata(work.join("build/left")).unwrap();
        // Not root's, whoever has started it.
        assert_eq!(left.uid(), if setting == User { USER } else { 61000 });
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(work.join("build/left"));
        assert_ne!(Outcome::of(&mut other).code, Some(0));
    }
}

#[test]
fn outputs_are_the_drivers_however_they_were_left() {
    for (setting, bits) in ALL {
        for mode in ["closed", "mask"] {
            let scene = Scene::new(*setting, *bits);
            scene.build(mode, "").success();
            let object = fs::read_dir(scene.folder.path("store/objects")).unwrap().flatten();
            let owner = if scene.is_user() { USER } else { 0 };
            for object in object {
                assert_eq!(object.metadata().unwrap().uid(), owner, "{setting:?} {mode}");
            }
        }
    }
}

#[test]
fn a_command_ends_when_all_its_processes_have() {
    for (setting, bits) in [(Root, 64), (User, 64), (Root, 32)] {
        let scene = Scene::new(setting, bits);
        scene.build("behind", "").success();
        let whole = fs::read_dir(scene.folder.path("store/objects")).unwrap().flatten();
        assert!(whole.map(|object| object.path()).any(|path| fs::read(path).unwrap() == b"whole"));
        let complaint = scene.build("outlive", "").failure(3);
        assert!(complaint.contains("a process that it started was still running"), "{complaint}");
    }
}

#[test]
fn limits_end_a_step_and_say_how_to_raise_them() {
    for (setting, bits) in [(Root, 64), (User, 64), (RootInBubblewrap, 64), (RootInChroot, 64), (Root, 32)] {
        let scene = Scene::new(setting, bits);
        for (mode, key, value, message) in [
            ("for ever", "seconds", 1, "it runs longer than 1 s"),
            ("print", "log_mib", 2, "it prints more than 2 MiB"),
            ("write", "output_mib", 2, "one of its files is larger than 2 MiB"),
            ("write much", "output_mib", 20, "it leaves more than 20 MiB"),
            ("write much", "files", 40, "it leaves more than 40 files"),
        ] {
            let complaint = scene.build(mode, &format!("limits = {{ {key} = {value} }}")).failure(3);
            let hint = format!("limits = {{ {key} = … }} in step probe");
            assert!(
                complaint.contains(message) && complaint.contains(&hint),
                "{setting:?} {mode}: {complaint}"
            );
        }
        let printed = scene.printed("many", "limits = { processes = 30 }");
        assert_eq!(printed.trim_end(), "more processes: EAGAIN\nsome processes: 1", "{setting:?} {bits}");
        let complaint = scene.build("stops", "limits = { memory_mib = 1 }").failure(2);
        assert!(complaint.contains("memory_mib = 1 among its limits is less than"), "{complaint}");
    }
}

#[test]
fn memory_is_limited_for_all_processes_together() {
    // Where this machine's control groups can do it; its root can make them.
    let scene = Scene::new(Root, 64);
    let complaint = scene.build("memory", "limits = { memory_mib = 200, seconds = 60 }").failure(3);
    assert!(complaint.contains("it needs more memory than 200 MiB, its limit `memory_mib`"), "{complaint}");
}
