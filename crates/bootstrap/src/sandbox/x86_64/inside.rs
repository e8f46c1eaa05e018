//! The namespaces, and the first process in them.

use super::error::{SetupError, cannot};
use super::{Answer, SandboxTask, below, broken, limits, trace};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getgid, getuid, pivot_root, sethostname};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// Makes the namespaces and runs the task in them.
pub(super) fn enter(task: &SandboxTask) -> Result<Answer, SetupError> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(cannot("die with the driver"))?;
    let (user, group) = (getuid(), getgid());
    unshare(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWCGROUP,
    )
    .map_err(SetupError::Namespaces)?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))?;

    // Init sends how the task ended through a pipe: its exit status has too few bits for that.
    let (read, write) = nix::unistd::pipe().map_err(cannot("make a pipe"))?;
    #[expect(
        unsafe_code,
        reason = "this process has one thread (see `serve`), so nothing is left half-done in the child"
    )]
    let forked = unsafe { fork() }.map_err(cannot("start init"))?;
    match forked {
        ForkResult::Child => {
            drop(read);
            let outcome = init(task).unwrap_or_else(|error| broken(&error, user.is_root()));
            let sent = send(write, &outcome);
            std::process::exit(i32::from(sent.is_err()));
        }
        ForkResult::Parent { child } => {
            drop(write);
            let mut answer = Vec::new();
            File::from(read).read_to_end(&mut answer).map_err(cannot("hear of init"))?;
            let status = waitpid(child, None).map_err(cannot("wait for init"))?;
            match (serde_json::from_slice(&answer), status) {
                (Ok(outcome), WaitStatus::Exited(_, 0)) => Ok(outcome),
                (_, status) => Err(SetupError::NoResult(format!("{status:?}"))),
            }
        }
    }
}

fn send(write: OwnedFd, outcome: &Answer) -> std::io::Result<()> {
    let mut write = File::from(write);
    serde_json::to_writer(&mut write, outcome)?;
    write.flush()
}

fn write(path: &str, text: &str) -> Result<(), SetupError> {
    fs::write(path, text).map_err(cannot(format_args!("write {path}")))
}

/// The first process inside.
fn init(task: &SandboxTask) -> Result<Answer, SetupError> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(cannot("die with the helper"))?;
    sethostname("bootstrap").map_err(cannot("set the name of the host"))?;
    lay_out(task)?;
    umask(Mode::from_bits_truncate(0o022));
    nix::unistd::chdir("/build").map_err(cannot("enter /build"))?;
    if task.shell.is_none() {
        let null = File::open("/dev/null").map_err(cannot("open /dev/null"))?;
        nix::unistd::dup2_stdin(null.as_fd()).map_err(cannot("empty standard input"))?;
    }
    // What programs print goes where the helper's own messages go.
    nix::unistd::dup2_stdout(std::io::stderr().as_fd()).map_err(cannot("send output to the log"))?;
    limits::set()?;
    for (command, argv) in task.run.iter().enumerate() {
        if let Some(how) = trace::run(argv, &task.environment)? {
            return Ok(Answer::Failed { command, how });
        }
    }
    Ok(Answer::Done)
}

/// Makes the root folder that the step sees, and leaves the host's.
fn lay_out(task: &SandboxTask) -> Result<(), SetupError> {
    const NOTHING: Option<&str> = None;
    let root = task.root.as_path();
    // Nothing that is mounted here may show outside.
    mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)
        .map_err(cannot("make mounts private"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("root"), root, Some("tmpfs"), flags, Some("size=16m,mode=755"))
        .map_err(cannot("mount the root"))?;
    for folder in ["in", "out", "build", "dev", "old"] {
        fs::create_dir(root.join(folder)).map_err(cannot(format_args!("make /{folder}")))?;
    }
    for (name, from) in &task.inputs {
        bind(from, &below(root, "in").join(name), true)?;
    }
    bind(&task.out, &below(root, "out"), false)?;
    bind(&task.build, &below(root, "build"), false)?;
    for device in ["/dev/null", "/dev/zero"] {
        let place = below(root, device);
        File::create(&place).map_err(cannot(format_args!("make {device}")))?;
        mount(Some(device), &place, NOTHING, MsFlags::MS_BIND, NOTHING)
            .map_err(cannot(format_args!("bind {device}")))?;
    }
    if let Some(shell) = &task.shell {
        bind(shell, &below(root, "busybox"), true)?;
    }
    if task.proc {
        let place = below(root, "proc");
        fs::create_dir(&place).map_err(cannot("make /proc"))?;
        let flags = flags | MsFlags::MS_NOEXEC;
        mount(Some("proc"), &place, Some("proc"), flags, NOTHING).map_err(cannot("mount /proc"))?;
    }
    pivot_root(root, &root.join("old")).map_err(cannot("leave the host's root"))?;
    nix::unistd::chdir("/").map_err(cannot("enter the root"))?;
    umount2("/old", MntFlags::MNT_DETACH).map_err(cannot("let go of the host's root"))?;
    fs::remove_dir("/old").map_err(cannot("remove /old"))?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | flags;
    mount(NOTHING, "/", NOTHING, flags, NOTHING).map_err(cannot("make the root read-only"))
}

/// Shows the file or folder `from` at `to`.
fn bind(from: &Path, to: &Path, read_only: bool) -> Result<(), SetupError> {
    const NOTHING: Option<&str> = None;
    let failed = || format!("show {}", from.display());
    if from.is_dir() {
        fs::create_dir_all(to).map_err(cannot(failed()))?;
    } else {
        File::create(to).map_err(cannot(failed()))?;
    }
    mount(Some(from), to, NOTHING, MsFlags::MS_BIND, NOTHING).map_err(cannot(failed()))?;
    // Some flags take effect only when a bind is mounted again, and those that the host has set
    // have to stay.
    let mut flags =
        MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | kept_flags(to);
    if read_only {
        flags |= MsFlags::MS_RDONLY;
    }
    mount(NOTHING, to, NOTHING, flags, NOTHING).map_err(cannot(format!("protect {}", from.display())))
}

/// Flags of the host's mount that a user namespace may not take away.
fn kept_flags(path: &Path) -> MsFlags {
    use nix::sys::statvfs::{FsFlags, statvfs};
    let Ok(found) = statvfs(path) else { return MsFlags::empty() };
    let pairs = [
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    pairs.into_iter().filter(|(has, _)| found.flags().contains(*has)).map(|(_, keep)| keep).collect()
}
