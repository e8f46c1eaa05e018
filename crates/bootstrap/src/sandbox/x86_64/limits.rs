//! What a step may not do, and how much of anything it may have.

use super::error::{SetupError, cannot};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use std::collections::BTreeMap;

/// A file that a step writes: 8 GiB.
const LARGEST_FILE: u64 = 8 << 30;
/// Address space of a process: 64 GiB.
const MEMORY: u64 = 64 << 30;
/// Processes of a step.
const PROCESSES: u64 = 4096;
/// Open files of a process.
const OPEN_FILES: u64 = 4096;

/// Limits that init sets for itself and so for all that it starts.
pub(super) fn set() -> Result<(), SetupError> {
    let limits = [
        (Resource::RLIMIT_FSIZE, LARGEST_FILE),
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_NPROC, PROCESSES),
        (Resource::RLIMIT_NOFILE, OPEN_FILES),
        (Resource::RLIMIT_CORE, 0),
    ];
    for (resource, limit) in limits {
        let (_, hard) = nix::sys::resource::getrlimit(resource).map_err(cannot("read limits"))?;
        let limit = limit.min(hard);
        setrlimit(resource, limit, limit).map_err(cannot(format_args!("set {resource:?}")))?;
    }
    Ok(())
}

/// Takes every right away from this process that it could hand on to a program. Call it in the
/// process that becomes the program.
pub(super) fn drop_rights() -> Result<(), SetupError> {
    // User 0 gets, when it starts a program, what the bounding set holds: nothing.
    for capability in 0..=63 {
        if drop_capability(capability).is_err() {
            break;
        }
    }
    prctl::set_no_new_privs().map_err(cannot("give up privileges"))?;
    for filter in filters()? {
        seccompiler::apply_filter(&filter).map_err(cannot("set a filter"))?;
    }
    // The last: this program's own memory allocator may look at the counter.
    hide_counter().map_err(cannot("hide the processor's counter"))
}

/// prctl(2), PR_CAPBSET_DROP. An error means that there is no capability of this number.
fn drop_capability(number: u64) -> nix::Result<()> {
    prctl_number(libc::PR_CAPBSET_DROP, number)
}

/// prctl(2), PR_SET_TSC: a program that reads the processor's counter is ended.
fn hide_counter() -> nix::Result<()> {
    prctl_number(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV as u64)
}

#[expect(unsafe_code, reason = "these two prctl calls take numbers only, and the crate nix has none of them")]
fn prctl_number(option: i32, value: u64) -> nix::Result<()> {
    nix::errno::Errno::result(unsafe { libc::prctl(option, value, 0, 0, 0) }).map(drop)
}

/// System calls that no step needs, and that would reach beyond it or change what it is.
const REFUSED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_socket,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// System calls for the time: init answers them (see `trace`).
const ANSWERED: &[i64] = &[libc::SYS_clock_gettime, libc::SYS_gettimeofday, libc::SYS_time];

/// Flags of clone(2) that make namespaces.
const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWCGROUP;

/// A filter that ends programs that make calls of the x32 ABI: those have numbers of their own,
/// which no other filter looks for. (Calls of 32-bit programs come as another architecture, for
/// which the other filters end the program.)
fn without_x32() -> BpfProgram {
    // bpf_common.h, seccomp.h: load the number; if it has bit 30, end the process, else allow the
    // call.
    let (load, jump_if_at_least, give) = (0x20, 0x35, 0x06);
    let (end_process, allow) = (0x8000_0000, 0x7fff_0000);
    [(load, 0, 0, 0), (jump_if_at_least, 0, 1, 0x4000_0000), (give, 0, 0, end_process), (give, 0, 0, allow)]
        .map(|(code, jt, jf, k)| sock_filter { code, jt, jf, k })
        .into()
}

/// Several filters, because one has one answer. The kernel asks all of them and takes the
/// strictest.
fn filters() -> Result<[BpfProgram; 4], SetupError> {
    let always = |calls: &[i64]| -> BTreeMap<i64, Vec<SeccompRule>> {
        calls.iter().map(|call| (*call, Vec::new())).collect()
    };
    let mut refused = always(REFUSED);
    let mut namespaces = Vec::new();
    for bit in (0..32).map(|bit| 1_u64 << bit).filter(|bit| u64::from(NAMESPACES.cast_unsigned()) & bit != 0)
    {
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bit), bit);
        let rule = condition.and_then(|condition| SeccompRule::new(vec![condition]));
        namespaces.push(rule.map_err(cannot("make a filter"))?);
    }
    refused.insert(libc::SYS_clone, namespaces);
    // A filter cannot see the flags of clone3, which are in memory: as if the kernel had none, and
    // libraries take clone.
    let missing = always(&[libc::SYS_clone3]);
    let compile = |rules, action| -> Result<BpfProgram, SetupError> {
        SeccompFilter::new(rules, SeccompAction::Allow, action, TargetArch::x86_64)
            .and_then(TryInto::try_into)
            .map_err(cannot("make a filter"))
    };
    Ok([
        without_x32(),
        compile(refused, SeccompAction::Errno(libc::EPERM.cast_unsigned()))?,
        compile(missing, SeccompAction::Errno(libc::ENOSYS.cast_unsigned()))?,
        compile(always(ANSWERED), SeccompAction::Trace(0))?,
    ])
}
