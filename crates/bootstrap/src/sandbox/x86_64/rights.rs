//! What is taken away from a process before it becomes a program of the step.

use super::error::{SetupError, cannot};
use super::filter;
use crate::sandbox::{StepArch, StepLimits};
use nix::errno::Errno;
use nix::sys::personality::{self, Persona};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Open files of a process.
const OPEN_FILES: u64 = 4096;

/// Limits of a process, and of all that it starts.
fn limit(limits: &StepLimits) -> Result<(), SetupError> {
    let limits = [
        (Resource::RLIMIT_FSIZE, limits.output()),
        (Resource::RLIMIT_AS, limits.memory()),
        (Resource::RLIMIT_NPROC, limits.processes),
        (Resource::RLIMIT_NOFILE, OPEN_FILES),
        (Resource::RLIMIT_CORE, 0),
        // Not even for a moment what is not counted elsewhere: message queues, locked memory.
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_MEMLOCK, 8 << 20),
    ];
    for (resource, limit) in limits {
        let (_, hard) = getrlimit(resource).map_err(cannot("read limits"))?;
        let limit = limit.min(hard);
        setrlimit(resource, limit, limit).map_err(cannot(format_args!("set {resource:?}")))?;
    }
    Ok(())
}

/// Takes every right away from this process that it could hand on to a program. Call it in the
/// process that becomes the program.
pub(super) fn drop_all(arch: StepArch, limits: &StepLimits) -> Result<(), SetupError> {
    // No file of this program's: what is open above standard error ends when the program begins.
    close_all(true).map_err(cannot("close files"))?;
    for capability in 0..=63 {
        if prctl_number(libc::PR_CAPBSET_DROP, capability).is_err() {
            // There is none of this number.
            break;
        }
    }
    // Addresses are the same in every run.
    let persona = personality::get().map_err(cannot("read the personality"))?;
    personality::set(persona | Persona::ADDR_NO_RANDOMIZE).map_err(cannot("fix addresses"))?;
    prctl::set_no_new_privs().map_err(cannot("give up privileges"))?;
    let filter = filter::program(arch);
    limit(limits)?;
    // A program that reads the processor's counter gets a signal (prctl(2), PR_SET_TSC), and init
    // answers. The filter refuses this call.
    prctl_number(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV as u64)
        .map_err(cannot("hide the processor's counter"))?;
    seccompiler::apply_filter(&filter).map_err(cannot("set a filter"))
}

/// Closes all files above standard error, now or when a program is started.
pub(super) fn close_all(when_started: bool) -> nix::Result<()> {
    let flags = if when_started { libc::CLOSE_RANGE_CLOEXEC } else { 0 };
    let (first, last) = (3_u32, u32::MAX);
    #[expect(
        unsafe_code,
        reason = "no crate wraps it; `enter` calls it first, when nothing in this process owns a file above 2"
    )]
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) }).map(drop)
}

#[expect(unsafe_code, reason = "these prctl calls take numbers only, and the crate nix has none of them")]
fn prctl_number(option: i32, value: u64) -> nix::Result<()> {
    Errno::result(unsafe { libc::prctl(option, value, 0, 0, 0) }).map(drop)
}
