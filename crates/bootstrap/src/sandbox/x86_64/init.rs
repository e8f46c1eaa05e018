//! Init: the first process inside. It lays out the root folder, becomes who the step is, and runs
//! the programs.

use super::clock::Clock;
use super::error::{SetupError, cannot};
use super::user::{INSIDE, StepUser};
use super::{Answer, SandboxTask, broken, root, trace};
use crate::sandbox::LimitKind;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, setgroups, sethostname, setresgid, setresuid};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

/// What init sends to the helper.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Message {
    /// It is in its user namespace, and has no names there yet.
    Ready,
    /// The command of that number is started.
    Command(usize),
    /// The command is over, but processes of it are left.
    Left,
    /// All is over.
    Ended(Answer),
}

/// What init gets from the helper.
pub(super) struct Inside {
    pub(super) user: StepUser,
    /// Where messages go.
    pub(super) send: OwnedFd,
    /// Where it waits.
    pub(super) wait: OwnedFd,
    /// Where programs print, if not to a terminal.
    pub(super) print: Option<OwnedFd>,
    /// What they read, if a person types it, but not at a terminal.
    pub(super) typed: Option<OwnedFd>,
}

/// Runs the task; gives init's exit code.
pub(super) fn begin(task: &SandboxTask, inside: Inside) -> i32 {
    let Inside { user, send, wait, print, typed } = inside;
    let mut sender = Sender(send.into());
    let run = || -> Result<Answer, SetupError> {
        lay_out(task, user)?;
        sender.send(&Message::Ready)?;
        let read = File::from(wait).read_exact(&mut [0]);
        read.map_err(cannot("wait for the helper"))?;
        become_step(user)?;
        connect(task, print, typed)?;
        run(task, &mut sender)
    };
    let answer = run().unwrap_or_else(|error| broken(&error, user.other));
    i32::from(sender.send(&Message::Ended(answer)).is_err())
}

/// Sends messages, a line each.
pub(super) struct Sender(File);

impl Sender {
    pub(super) fn send(&mut self, message: &Message) -> Result<(), SetupError> {
        let mut send = || -> io::Result<()> {
            let mut line = serde_json::to_vec(message)?;
            line.push(b'\n');
            self.0.write_all(&line)
        };
        send().map_err(cannot("send a message"))
    }
}

fn lay_out(task: &SandboxTask, user: StepUser) -> Result<(), SetupError> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(cannot("die with the helper"))?;
    sethostname("bootstrap").map_err(cannot("set the name of the host"))?;
    unshare(CloneFlags::CLONE_NEWNS).map_err(SetupError::Namespaces)?;
    let namespace = File::open("/proc/self/ns/mnt").map_err(cannot("find the mount namespace"))?;
    root::lay_out(task, user.other.then(|| namespace.as_fd()))?;
    drop(namespace);
    // Mounts of another user namespace than its own cannot be taken apart.
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP;
    unshare(flags).map_err(SetupError::Namespaces)
}

/// Becomes the step's user.
fn become_step(user: StepUser) -> Result<(), SetupError> {
    let become_user = || -> nix::Result<()> {
        if user.other {
            setgroups(&[])?;
        }
        let (own, group) = (Uid::from_raw(INSIDE), Gid::from_raw(INSIDE));
        setresgid(group, group, group)?;
        setresuid(own, own, own)?;
        // Who becomes another user loses these: that it dies with the helper, and that it may watch
        // its children, which begin as copies of it.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        prctl::set_dumpable(true)
    };
    become_user().map_err(cannot("become the step's user"))
}

/// Standard input and output of all programs.
fn connect(task: &SandboxTask, print: Option<OwnedFd>, typed: Option<OwnedFd>) -> Result<(), SetupError> {
    nix::unistd::chdir("/build").map_err(cannot("enter /build"))?;
    let input = match typed {
        Some(typed) => Some(typed),
        None if task.shell.is_some() => None,
        None => Some(File::open("/dev/null").map_err(cannot("open /dev/null"))?.into()),
    };
    let connect = || -> nix::Result<()> {
        if let Some(input) = input {
            nix::unistd::dup2_stdin(input)?;
        }
        if let Some(print) = print {
            nix::unistd::dup2_stderr(print)?;
        }
        nix::unistd::dup2_stdout(io::stderr().as_fd())
    };
    connect().map_err(cannot("connect the input and output of programs"))
}

/// Runs the programs, one after the other.
fn run(task: &SandboxTask, sender: &mut Sender) -> Result<Answer, SetupError> {
    let mut clock = Clock::begin().map_err(cannot("read the clock"))?;
    for (command, argv) in task.run.iter().enumerate() {
        sender.send(&Message::Command(command))?;
        let ended = trace::run(argv, task, &mut clock, || {
            // A shell takes what it has started with it.
            if task.shell.is_some() { Ok(false) } else { sender.send(&Message::Left).map(|()| true) }
        })?;
        match ended.how {
            Some(_) if ended.file_too_large => {
                return Ok(Answer::Limited { command, limit: task.limits.reached(LimitKind::File) });
            }
            Some(how) => return Ok(Answer::Failed { command, how }),
            None => {}
        }
    }
    Ok(Answer::Done)
}
