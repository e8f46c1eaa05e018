//! The root folder that a step sees.

use super::error::{SetupError, cannot};
use super::{SandboxTask, below};
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::pivot_root;
use std::fs::{self, File};
use std::os::fd::BorrowedFd;
use std::path::Path;

const NOTHING: Option<&str> = None;

/// Makes the root folder that the step sees, and leaves the host's. `namespace` is this process's
/// own mount namespace; it is given where this process may be in a chroot.
pub(super) fn lay_out(task: &SandboxTask, namespace: Option<BorrowedFd<'_>>) -> Result<(), SetupError> {
    let root = task.root.as_path();
    make_private(namespace).map_err(cannot("make mounts private"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("root"), root, Some("tmpfs"), flags, Some("size=16m,mode=755"))
        .map_err(cannot("mount the root"))?;
    for folder in ["in", "out", "build", "dev", "old"] {
        fs::create_dir(root.join(folder)).map_err(cannot(format_args!("make /{folder}")))?;
    }
    for (name, from) in &task.inputs {
        bind(from, &below(root, "in").join(name), MsFlags::MS_RDONLY | MsFlags::MS_NODEV)?;
    }
    bind(&task.out, &below(root, "out"), MsFlags::MS_NODEV)?;
    bind(&task.build, &below(root, "build"), MsFlags::MS_NODEV)?;
    for device in ["/dev/null", "/dev/zero"] {
        // Devices can be written to, but neither their mode nor their times be changed.
        bind(Path::new(device), &below(root, device), MsFlags::MS_RDONLY | MsFlags::MS_NOEXEC)?;
    }
    if let Some(shell) = &task.shell {
        bind(shell, &below(root, "busybox"), MsFlags::MS_RDONLY | MsFlags::MS_NODEV)?;
    }
    if task.proc {
        // Only what belongs to the step's own processes, and nothing to write to.
        let place = below(root, "proc");
        fs::create_dir(&place).map_err(cannot("make /proc"))?;
        let flags = flags | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
        mount(Some("proc"), &place, Some("proc"), flags, Some("hidepid=invisible,subset=pid"))
            .map_err(SetupError::Proc)?;
    }
    enter(root, namespace).map_err(cannot("leave the host's root"))?;
    umount2("/old", MntFlags::MNT_DETACH).map_err(cannot("let go of the host's root"))?;
    fs::remove_dir("/old").map_err(cannot("remove /old"))?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | flags;
    mount(NOTHING, "/", NOTHING, flags, NOTHING).map_err(cannot("make the root read-only"))
}

/// Nothing that is mounted in this namespace shows outside.
fn make_private(namespace: Option<BorrowedFd<'_>>) -> nix::Result<()> {
    let private = || mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING);
    let Some(namespace) = namespace else { return private() };
    // In a chroot `/` is no mount. Who enters a mount namespace begins at its root, even out of a
    // chroot; then back, for all paths are those of the chroot.
    let here = open("/", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    setns(namespace, CloneFlags::CLONE_NEWNS)?;
    private()?;
    nix::unistd::fchdir(here)?;
    nix::unistd::chroot(".")
}

/// Makes `root` the root folder, and the former one `/old`.
fn enter(root: &Path, namespace: Option<BorrowedFd<'_>>) -> nix::Result<()> {
    let folder = open(root, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    if let Some(namespace) = namespace {
        // Out of a chroot, if it is one: in it the kernel exchanges no roots, and makes no user
        // namespaces.
        setns(namespace, CloneFlags::CLONE_NEWNS)?;
    }
    nix::unistd::fchdir(folder)?;
    pivot_root(".", "old")?;
    nix::unistd::chdir("/")
}

/// Shows the file, folder or device `from` at `to`.
fn bind(from: &Path, to: &Path, flags: MsFlags) -> Result<(), SetupError> {
    let failed = || format!("show {}", from.display());
    if from.is_dir() {
        fs::create_dir_all(to).map_err(cannot(failed()))?;
    } else {
        File::create(to).map_err(cannot(failed()))?;
    }
    mount(Some(from), to, NOTHING, MsFlags::MS_BIND, NOTHING).map_err(cannot(failed()))?;
    // Flags take effect when a bind is mounted again, and those that the host has set have to stay.
    let host = statvfs(to).map_or(FsFlags::empty(), |found| found.flags());
    let kept = [
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    let kept: MsFlags =
        kept.into_iter().filter(|(has, _)| host.contains(*has)).map(|(_, keep)| keep).collect();
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | kept | flags;
    mount(NOTHING, to, NOTHING, flags, NOTHING).map_err(cannot(format_args!("protect {}", from.display())))
}
