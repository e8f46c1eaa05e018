//! Starts a program, and watches it and all that it starts, so that none finds out what time it is.
//!
//! The kernel shows every program a small library of its own, the vDSO, that tells the time without
//! a system call. When a program is started, its entry in the auxiliary vector (getauxval(3)) is
//! made one that programs pass over. The system calls for the time stop the program (a filter sees
//! to that, `filter`), and `answers` answers them.

use super::answers::{self, Pending};
use super::clock::Clock;
use super::error::{SetupError, cannot};
use super::{SandboxTask, rights};
use crate::causes::Causes;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execve, fork, pipe2};
use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;

/// Auxiliary vector: nothing, to be passed over.
const AT_IGNORE: u64 = 1;
/// Auxiliary vector: where 32-bit programs enter the kernel, in the vDSO.
const AT_SYSINFO: u64 = 32;
/// Auxiliary vector: where the vDSO is.
const AT_SYSINFO_EHDR: u64 = 33;
/// The most words of arguments, environment and auxiliary vector of a program.
const WORDS: u64 = 1 << 20;

/// How a program ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// None is well.
    pub(super) how: Option<String>,
    /// Whether it, or a program that it started, wrote more into a file than it may.
    pub(super) file_too_large: bool,
}

/// Runs a program until it has ended, and all that it has started. `left` is called when only the
/// program itself has ended, and says whether to wait for the others.
pub(super) fn run(
    argv: &[String],
    task: &SandboxTask,
    clock: &mut Clock,
    left: impl FnOnce() -> Result<bool, SetupError>,
) -> Result<Ended, SetupError> {
    let text = |text: String| CString::new(text).map_err(|_| SetupError::ZeroByte);
    let arguments = argv.iter().map(|argument| text(argument.clone())).collect::<Result<Vec<_>, _>>()?;
    let variables = task
        .environment
        .iter()
        .map(|(name, value)| text(format!("{name}={value}")))
        .collect::<Result<Vec<_>, _>>()?;
    let program = arguments.first().ok_or(SetupError::NoProgram)?;
    // The program waits until it is watched.
    let (wait, go) = pipe2(OFlag::O_CLOEXEC).map_err(cannot("make a pipe"))?;
    #[expect(unsafe_code, reason = "init has one thread, so nothing is left half-done in the child")]
    let forked = unsafe { fork() }.map_err(cannot("start a process"))?;
    match forked {
        ForkResult::Child => {
            drop(go);
            let error = become_program(wait, task, program, &arguments, &variables);
            eprintln!("{}: {}", program.to_string_lossy(), Causes(&error));
            std::process::exit(127);
        }
        ForkResult::Parent { child } => {
            drop(wait);
            let begin = || -> Result<Watched, SetupError> {
                ptrace::seize(child, OPTIONS).map_err(cannot("watch it"))?;
                File::from(go).write_all(b".").map_err(cannot("let it go"))?;
                Ok(Watched { program: child, pending: HashMap::new(), ended: Ended::default() })
            };
            begin()?.watch(clock, left).map_err(cannot(format_args!("watch {argv:?}")))
        }
    }
}

const OPTIONS: Options = Options::PTRACE_O_TRACEEXEC
    .union(Options::PTRACE_O_TRACEFORK)
    .union(Options::PTRACE_O_TRACEVFORK)
    .union(Options::PTRACE_O_TRACECLONE)
    .union(Options::PTRACE_O_TRACESECCOMP)
    .union(Options::PTRACE_O_TRACESYSGOOD)
    .union(Options::PTRACE_O_EXITKILL);

/// Becomes the program; comes back only with an error.
fn become_program(
    wait: OwnedFd,
    task: &SandboxTask,
    program: &CString,
    arguments: &[CString],
    variables: &[CString],
) -> SetupError {
    let begin = || -> Result<(), SetupError> {
        File::from(wait).read_exact(&mut [0]).map_err(cannot("wait for init"))?;
        rights::drop_all(task.arch, &task.limits)
    };
    if let Err(error) = begin() {
        return error;
    }
    match execve(program, arguments, variables) {
        Ok(never) => match never {},
        Err(error) => cannot("be started")(error),
    }
}

/// A program and all that it has started.
struct Watched {
    program: Pid,
    /// What is to be done when a system call returns.
    pending: HashMap<Pid, Pending>,
    ended: Ended,
}

impl Watched {
    fn watch(
        mut self,
        clock: &mut Clock,
        left: impl FnOnce() -> Result<bool, SetupError>,
    ) -> Result<Ended, Box<dyn std::error::Error + Send + Sync>> {
        let mut left = Some(left);
        let mut over = false;
        loop {
            // When the program is over, whether others are left is looked at once without waiting.
            let flags = if over && left.is_some() {
                WaitPidFlag::__WALL | WaitPidFlag::WNOHANG
            } else {
                WaitPidFlag::__WALL
            };
            let status = match waitpid(None, Some(flags)) {
                Ok(WaitStatus::StillAlive) => match left.take().map_or(Ok(true), |left| left()) {
                    Ok(true) => continue,
                    Ok(false) => return Ok(self.ended),
                    Err(error) => return Err(error.into()),
                },
                Ok(status) => status,
                Err(Errno::EINTR) => continue,
                Err(Errno::ECHILD) => return Ok(self.ended),
                Err(error) => return Err(error.into()),
            };
            match status {
                WaitStatus::Exited(pid, code) => {
                    self.pending.remove(&pid);
                    if pid == self.program {
                        over = true;
                        self.ended.how = (code != 0).then(|| format!("it ended with {code}"));
                    }
                }
                WaitStatus::Signaled(pid, signal, _) => {
                    self.pending.remove(&pid);
                    if pid == self.program {
                        over = true;
                        self.ended.how = Some(format!("it was ended by {signal}"));
                    }
                }
                other => match self.stopped(other, clock) {
                    // It was killed meanwhile.
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Lets a process go on that has stopped.
    fn stopped(&mut self, status: WaitStatus, clock: &mut Clock) -> nix::Result<()> {
        match status {
            WaitStatus::PtraceEvent(pid, signal, event) => {
                if event == Event::PTRACE_EVENT_EXEC as i32 {
                    self.pending.remove(&pid);
                    hide_vdso(pid)?;
                } else if event == Event::PTRACE_EVENT_SECCOMP as i32 {
                    if let Some(pending) = answers::answer(pid, clock)? {
                        self.pending.insert(pid, pending);
                        return ptrace::syscall(pid, None);
                    }
                } else if event == Event::PTRACE_EVENT_STOP as i32 && stops(signal) {
                    // It stays stopped until somebody lets it go on.
                    return listen(pid);
                }
                ptrace::cont(pid, None)
            }
            WaitStatus::PtraceSyscall(pid) => {
                if let Some(pending) = self.pending.remove(&pid) {
                    answers::finish(pid, pending, clock)?;
                }
                ptrace::cont(pid, None)
            }
            WaitStatus::Stopped(pid, Signal::SIGSEGV) if answers::answer_counter(pid, clock)? => {
                ptrace::cont(pid, None)
            }
            WaitStatus::Stopped(pid, signal) => {
                self.ended.file_too_large |= signal == Signal::SIGXFSZ;
                ptrace::cont(pid, signal)
            }
            _ => Ok(()),
        }
    }
}

/// Signals that stop a process.
fn stops(signal: Signal) -> bool {
    matches!(signal, Signal::SIGSTOP | Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)
}

/// ptrace(2), PTRACE_LISTEN: a process that was stopped by a signal stays so.
fn listen(pid: Pid) -> nix::Result<()> {
    #[expect(unsafe_code, reason = "it takes numbers only, and the crate nix does not have it")]
    Errno::result(unsafe { libc::ptrace(libc::PTRACE_LISTEN, pid.as_raw(), 0, 0) }).map(drop)
}

/// Takes the vDSO out of the auxiliary vector of a program that begins: on its stack are the number
/// of arguments, their addresses, a zero, those of the environment, a zero, and the pairs of the
/// vector (System V ABI for x86-64 and for i386, "Process Initialization").
fn hide_vdso(pid: Pid) -> nix::Result<()> {
    let registers = ptrace::getregs(pid)?;
    let width = answers::width(&registers);
    let mut at = registers.rsp;
    let end = at + WORDS * width;
    let arguments = answers::read_word(pid, at, width)?;
    at += width * (2 + arguments);
    while at < end && answers::read_word(pid, at, width)? != 0 {
        at += width;
    }
    at += width;
    while at < end {
        match answers::read_word(pid, at, width)? {
            0 => return Ok(()),
            AT_SYSINFO | AT_SYSINFO_EHDR => answers::write_words(pid, at, width, &[AT_IGNORE])?,
            _ => {}
        }
        at += 2 * width;
    }
    Err(Errno::E2BIG)
}
