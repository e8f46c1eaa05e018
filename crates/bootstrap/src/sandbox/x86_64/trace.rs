//! Starts a program, and watches it and all that it starts, so that none finds out what time it is.
//!
//! The kernel shows every program a small library of its own, the vDSO, that tells the time without
//! a system call. When a program is started, its entry in the auxiliary vector (getauxval(3)) is
//! made one that programs pass over. The system calls for the time stop the program (a filter sees
//! to that, `limits`), and are answered here.

use super::error::{SetupError, cannot};
use super::{TIME, limits};
use crate::causes::Causes;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execve, fork};
use std::collections::{BTreeMap, HashSet};
use std::ffi::{CString, c_long, c_void};

/// Auxiliary vector: nothing, to be passed over.
const AT_IGNORE: c_long = 1;
/// Auxiliary vector: where the vDSO is.
const AT_SYSINFO_EHDR: c_long = 33;
/// The most words of arguments, environment and auxiliary vector of a program.
const WORDS: u64 = 1 << 20;
/// A word of a program.
const WORD: u64 = 8;

/// Runs a program to its end. None is well; otherwise how it ended.
pub(super) fn run(
    argv: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<Option<String>, SetupError> {
    let text = |text: String| CString::new(text).map_err(|_| SetupError::ZeroByte);
    let arguments = argv.iter().map(|argument| text(argument.clone())).collect::<Result<Vec<_>, _>>()?;
    let variables = environment
        .iter()
        .map(|(name, value)| text(format!("{name}={value}")))
        .collect::<Result<Vec<_>, _>>()?;
    let program = arguments.first().ok_or(SetupError::NoProgram)?;
    #[expect(unsafe_code, reason = "init has one thread, so nothing is left half-done in the child")]
    let forked = unsafe { fork() }.map_err(cannot("start a process"))?;
    match forked {
        ForkResult::Child => {
            let error = become_program(program, &arguments, &variables);
            eprintln!("{}: {}", program.to_string_lossy(), Causes(&error));
            std::process::exit(127);
        }
        ForkResult::Parent { child } => watch(child).map_err(cannot(format_args!("watch {argv:?}"))),
    }
}

/// Becomes the program; comes back only with an error.
fn become_program(program: &CString, arguments: &[CString], variables: &[CString]) -> SetupError {
    let begin = || -> Result<(), SetupError> {
        ptrace::traceme().map_err(cannot("be watched"))?;
        // Init sets its options while this process waits.
        raise(Signal::SIGSTOP).map_err(cannot("wait for init"))?;
        limits::drop_rights()
    };
    if let Err(error) = begin() {
        return error;
    }
    match execve(program, arguments, variables) {
        Ok(never) => match never {},
        Err(error) => cannot("be started")(error),
    }
}

fn watch(program: Pid) -> nix::Result<Option<String>> {
    waitpid(program, Some(WaitPidFlag::WUNTRACED))?;
    ptrace::setoptions(
        program,
        Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACESECCOMP
            | Options::PTRACE_O_EXITKILL,
    )?;
    ptrace::cont(program, None)?;
    // Processes and threads that have been seen. A new one begins with a stop that is not a
    // signal's.
    let mut known = HashSet::from([program]);
    loop {
        let status = match waitpid(None, Some(WaitPidFlag::__WALL)) {
            Ok(status) => status,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        };
        let gone_is_fine = |result: nix::Result<()>| match result {
            // It was killed meanwhile.
            Err(Errno::ESRCH) => Ok(()),
            result => result,
        };
        match status {
            WaitStatus::Exited(pid, code) if pid == program => {
                return Ok((code != 0).then(|| format!("it ended with {code}")));
            }
            WaitStatus::Signaled(pid, signal, _) if pid == program => {
                return Ok(Some(format!("it was ended by {signal}")));
            }
            WaitStatus::PtraceEvent(pid, _, event) => {
                if event == Event::PTRACE_EVENT_EXEC as i32 {
                    gone_is_fine(hide_vdso(pid))?;
                } else if event == Event::PTRACE_EVENT_SECCOMP as i32 {
                    gone_is_fine(answer(pid))?;
                }
                gone_is_fine(ptrace::cont(pid, None))?;
            }
            WaitStatus::Stopped(pid, signal) => {
                let begins = known.insert(pid) && signal == Signal::SIGSTOP;
                gone_is_fine(ptrace::cont(pid, (!begins).then_some(signal)))?;
            }
            WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..) => {
                known.remove(&pid);
            }
            _ => {}
        }
    }
}

fn read(pid: Pid, address: u64) -> nix::Result<c_long> {
    ptrace::read(pid, address as *mut c_void)
}

fn write(pid: Pid, address: u64, word: c_long) -> nix::Result<()> {
    ptrace::write(pid, address as *mut c_void, word)
}

/// Takes the vDSO out of the auxiliary vector of a program that begins: on its stack are the number
/// of arguments, their addresses, a zero, those of the environment, a zero, and the pairs of the
/// vector (System V ABI for x86-64, "Process Initialization").
fn hide_vdso(pid: Pid) -> nix::Result<()> {
    let mut at = ptrace::getregs(pid)?.rsp;
    let end = at + WORDS * WORD;
    let arguments = read(pid, at)?;
    at += WORD * (2 + arguments.cast_unsigned());
    while at < end && read(pid, at)? != 0 {
        at += WORD;
    }
    at += WORD;
    while at < end {
        match read(pid, at)? {
            0 => return Ok(()),
            AT_SYSINFO_EHDR => return write(pid, at, AT_IGNORE),
            _ => at += 2 * WORD,
        }
    }
    Err(Errno::E2BIG)
}

/// Answers a system call for the time. The kernel then does not make it: its number becomes -1.
fn answer(pid: Pid) -> nix::Result<()> {
    let mut registers = ptrace::getregs(pid)?;
    let call = registers.orig_rax.cast_signed();
    let result = match call {
        // time(address)
        libc::SYS_time => put(pid, registers.rdi, &[TIME]).map(|()| TIME),
        // gettimeofday(address, zone), clock_gettime(clock, address): seconds, and parts of a
        // second
        libc::SYS_gettimeofday => {
            put(pid, registers.rdi, &[TIME, 0]).and_then(|()| zone(pid, registers.rsi)).map(|()| 0)
        }
        libc::SYS_clock_gettime => put(pid, registers.rsi, &[TIME, 0]).map(|()| 0),
        _ => return Ok(()),
    };
    registers.orig_rax = u64::MAX;
    registers.rax = result.unwrap_or(-c_long::from(libc::EFAULT)).cast_unsigned();
    ptrace::setregs(pid, registers)
}

/// Universal time.
fn zone(pid: Pid, address: u64) -> nix::Result<()> {
    put(pid, address, &[0])
}

fn put(pid: Pid, address: u64, words: &[c_long]) -> nix::Result<()> {
    if address == 0 {
        return Ok(());
    }
    (0..).zip(words).try_for_each(|(number, word)| write(pid, address + number * WORD, *word))
}
