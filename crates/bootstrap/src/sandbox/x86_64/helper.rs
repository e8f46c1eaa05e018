//! The helper: makes the namespaces, and keeps the limits while a task runs in them.

use super::cgroup::Cgroup;
use super::error::{SetupError, cannot};
use super::init::{self, Inside, Message};
use super::user::{self, INSIDE, StepUser};
use super::{Answer, SandboxTask, rights, tree};
use crate::sandbox::LimitKind;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{ForkResult, Pid, fork, getegid, geteuid, pipe2};
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// How long processes may outlive their command.
const GRACE: Duration = Duration::from_secs(10);
/// How long it is at least between two looks at what a step has left.
const PAUSE: Duration = Duration::from_secs(2);
/// The largest part of a step's time, as a divisor, that looking at what it has left takes.
const SHARE: u32 = 20;

/// Makes the namespaces and runs the task in them.
pub(super) fn enter(task: &SandboxTask) -> Result<Answer, SetupError> {
    rights::close_all(false).map_err(cannot("close files"))?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(cannot("die with the driver"))?;
    umask(Mode::from_bits_truncate(0o022));
    if !Path::new("/proc/self/ns/mnt").exists() {
        return Err(SetupError::NoProc);
    }
    let user = user::choose()?;
    for folder in [&task.out, &task.build] {
        prepare(folder, user).map_err(cannot(format_args!("prepare {}", folder.display())))?;
    }
    make_namespaces(user)?;

    // The helper watches what is sent to it; init waits until it is let go.
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(cannot("make a pipe"));
    let (messages, send) = pipe()?;
    let (wait, go) = pipe()?;
    // Programs write to a pipe, never to the log: that is a file of the host. Only a terminal is
    // given to them as it is.
    let (printed, print) = if io::stderr().is_terminal() && task.shell.is_some() {
        let null = File::open("/dev/null").map_err(cannot("open /dev/null"))?;
        (OwnedFd::from(null), None)
    } else {
        let (printed, print) = pipe()?;
        (printed, Some(print))
    };
    let typed = if task.shell.is_none() || io::stdin().is_terminal() { None } else { Some(pipe()?) };
    let (typed, feed) = typed.map_or((None, None), |(typed, feed)| (Some(typed), Some(feed)));
    #[expect(
        unsafe_code,
        reason = "this process has one thread (see `serve`), so nothing is left half-done in the child"
    )]
    let forked = unsafe { fork() }.map_err(cannot("start init"))?;
    match forked {
        ForkResult::Child => {
            drop((messages, go, printed, feed));
            let code = init::begin(task, Inside { user, send, wait, print, typed });
            std::process::exit(code)
        }
        ForkResult::Parent { child } => {
            drop((send, wait, print, typed));
            let cgroup = Cgroup::enter(&task.limits, child);
            let mut watch = Watch::new(task, child, [messages, printed], feed);
            let ended = watch.run(go, user);
            // Whatever is still there ends with init, and is gone when init is.
            let _ = kill(child, Signal::SIGKILL);
            let status = waitpid(child, None).map_err(cannot("wait for init"))?;
            let answer = watch.answer(ended?, cgroup.as_ref(), status)?;
            if answer == Answer::Done {
                take_back(&task.out, user).map_err(cannot("take the outputs"))?;
            }
            Ok(answer)
        }
    }
}

/// A folder that only the step may use, with the time of all that it finds.
fn prepare(folder: &Path, user: StepUser) -> io::Result<()> {
    if user.other {
        nix::unistd::chown(folder, Some(user.user), Some(user.group))?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let second = SystemTime::UNIX_EPOCH + Duration::from_secs(super::TIME.unsigned_abs());
    File::open(folder)?.set_times(FileTimes::new().set_accessed(second).set_modified(second))
}

/// The outputs are the driver's, whatever the step has done with them.
fn take_back(out: &Path, user: StepUser) -> nix::Result<()> {
    let open = || -> io::Result<()> { fs::set_permissions(out, Permissions::from_mode(0o700)) };
    open().map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
    if user.other {
        nix::unistd::chown(out, Some(geteuid()), Some(getegid()))?;
        match tree::give(out, geteuid(), getegid()) {
            // Deeper than the store takes: it names the output.
            Err(Errno::ELOOP) => {}
            given => given?,
        }
    }
    Ok(())
}

/// All namespaces but those that init makes for itself: mounts, and its last user namespace.
fn make_namespaces(user: StepUser) -> Result<(), SetupError> {
    let flags = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC;
    let write = |path: &str, text: &str| fs::write(path, text).map_err(cannot(format_args!("write {path}")));
    if user.other {
        unshare(flags).map_err(SetupError::Namespaces)?;
    } else {
        unshare(flags | CloneFlags::CLONE_NEWUSER).map_err(SetupError::Namespaces)?;
        write("/proc/self/setgroups", "deny")?;
        write("/proc/self/uid_map", &format!("{0} {0} 1", user.user))?;
        write("/proc/self/gid_map", &format!("{0} {0} 1", user.group))?;
    }
    // How long the machine has been up is hidden where the kernel can do it (Linux 5.6), and where
    // this user may set clocks in containers.
    let new_time = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    if unshare(new_time).is_ok() {
        let up = |clock| clock_gettime(clock).map_or(0, |up| up.tv_sec());
        let (monotonic, boot) = (up(ClockId::CLOCK_MONOTONIC), up(ClockId::CLOCK_BOOTTIME));
        let _ =
            fs::write("/proc/self/timens_offsets", format!("monotonic -{monotonic} 0\nboottime -{boot} 0\n"));
    }
    Ok(())
}

/// How watching ended.
#[derive(Debug, Clone, Copy)]
enum Ended {
    /// Init is gone.
    Gone,
    /// A limit was reached.
    Limit(LimitKind),
    /// Processes have outlived their command.
    Left,
}

/// Watches init, and all that comes out of it.
struct Watch<'a> {
    task: &'a SandboxTask,
    init: Pid,
    /// What init sends; what programs print.
    from: [Option<File>; 2],
    /// What a person types, in parts, if it does not come from a terminal.
    feed: Option<File>,
    typed: Vec<u8>,
    received: Vec<u8>,
    printed: u64,
    /// The command that runs.
    command: usize,
    /// Since when the last command has been over while processes of it were left.
    left: Option<Instant>,
    answer: Option<Answer>,
}

impl<'a> Watch<'a> {
    fn new(task: &'a SandboxTask, init: Pid, from: [OwnedFd; 2], feed: Option<OwnedFd>) -> Self {
        Self {
            task,
            init,
            from: from.map(|file| Some(file.into())),
            feed: feed.map(File::from),
            typed: Vec::new(),
            received: Vec::new(),
            printed: 0,
            command: 0,
            left: None,
            answer: None,
        }
    }

    /// Until init is gone, or has to go.
    fn run(&mut self, go: OwnedFd, user: StepUser) -> Result<Ended, SetupError> {
        let begun = Instant::now();
        let limits = &self.task.limits;
        // A person may take all the time there is.
        let end = self.task.shell.is_none().then(|| begun + Duration::from_secs(limits.seconds.min(1 << 30)));
        let mut look = begun + PAUSE;
        let mut go = Some(File::from(go));
        while self.from.iter().any(Option::is_some) {
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                return Ok(Ended::Limit(LimitKind::Seconds));
            }
            if self.left.is_some_and(|left| now >= left + GRACE) {
                return Ok(Ended::Left);
            }
            if now >= look {
                if let Some(limit) = self.outgrown() {
                    return Ok(Ended::Limit(limit));
                }
                look = Instant::now() + PAUSE.max(now.elapsed() * SHARE);
            }
            let next = [Some(look), end, self.left.map(|left| left + GRACE)].into_iter().flatten().min();
            let pause = next.unwrap_or(look).saturating_duration_since(now);
            self.hear(pause).map_err(cannot("hear of init"))?;
            for message in self.messages()? {
                match message {
                    Message::Ready => {
                        give_names(self.init, user)?;
                        let let_go = go.take().map_or(Ok(()), |mut go| go.write_all(b"."));
                        let_go.map_err(cannot("let init go"))?;
                    }
                    Message::Command(number) => (self.command, self.left) = (number, None),
                    Message::Left => self.left = Some(Instant::now()),
                    Message::Ended(answer) => (self.answer, self.left) = (Some(answer), None),
                }
            }
            if self.printed > limits.log() {
                return Ok(Ended::Limit(LimitKind::Log));
            }
        }
        Ok(Ended::Gone)
    }

    /// Waits until there is something to read, or for so long, and reads it.
    fn hear(&mut self, pause: Duration) -> io::Result<()> {
        let stdin = io::stdin();
        let mut polled: Vec<(usize, BorrowedFd<'_>, PollFlags)> = Vec::new();
        for (place, file) in self.from.iter().enumerate() {
            polled.extend(file.as_ref().map(|file| (place, file.as_fd(), PollFlags::POLLIN)));
        }
        if let Some(feed) = &self.feed {
            polled.push(if self.typed.is_empty() {
                (2, stdin.as_fd(), PollFlags::POLLIN)
            } else {
                (3, feed.as_fd(), PollFlags::POLLOUT)
            });
        }
        let mut files: Vec<_> = polled.iter().map(|(_, file, flags)| PollFd::new(*file, *flags)).collect();
        // One more, so that it is not asked again just before the time has come.
        let pause = PollTimeout::try_from(pause.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        match poll(&mut files, pause) {
            Err(Errno::EINTR) | Ok(0) => return Ok(()),
            polled => polled?,
        };
        let ready: Vec<usize> = polled
            .iter()
            .zip(&files)
            .filter(|(_, file)| file.any().unwrap_or(true))
            .map(|((place, ..), _)| *place)
            .collect();
        for place in ready {
            self.transfer(place)?;
        }
        Ok(())
    }

    /// Moves what is there from one place to another.
    fn transfer(&mut self, place: usize) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        match place {
            0 | 1 => {
                let Some(file) = &mut self.from[place] else { return Ok(()) };
                let read = file.read(&mut buffer)?;
                let part = buffer.get(..read).unwrap_or_default();
                if read == 0 {
                    self.from[place] = None;
                } else if place == 0 {
                    self.received.extend_from_slice(part);
                } else {
                    self.printed += part.len() as u64;
                    io::stderr().write_all(part)?;
                }
            }
            2 => {
                // A pipe that can be written to takes at least this much.
                let part = buffer.get_mut(..4096).unwrap_or_default();
                match nix::unistd::read(io::stdin(), part) {
                    Ok(read) if read > 0 => self.typed = part.get(..read).unwrap_or_default().to_vec(),
                    // The end, or no file that can be read, such as a folder.
                    _ => self.feed = None,
                }
            }
            _ => {
                let written = self.feed.as_mut().map(|feed| feed.write_all(&self.typed));
                self.typed.clear();
                if written.is_none_or(|written| written.is_err()) {
                    self.feed = None;
                }
            }
        }
        Ok(())
    }

    /// What init has sent: a line each.
    fn messages(&mut self) -> Result<Vec<Message>, SetupError> {
        let Some(end) = self.received.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
        let rest = self.received.split_off(end + 1);
        let lines = std::mem::replace(&mut self.received, rest);
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(cannot("understand init"))).collect()
    }

    /// The limit that what the step has left is above.
    fn outgrown(&self) -> Option<LimitKind> {
        let usage = tree::usage(&[&self.task.out, &self.task.build]);
        let limits = &self.task.limits;
        if usage.bytes > limits.output() {
            return Some(LimitKind::Output);
        }
        (usage.files > limits.files).then_some(LimitKind::Files)
    }

    /// What is answered to the driver.
    fn answer(
        &mut self,
        ended: Ended,
        cgroup: Option<&Cgroup>,
        status: WaitStatus,
    ) -> Result<Answer, SetupError> {
        let command = self.command;
        let limited = |kind| Ok(Answer::Limited { command, limit: self.task.limits.reached(kind) });
        let reached = cgroup.and_then(Cgroup::reached);
        if reached == Some(LimitKind::Memory) {
            // Somebody was killed who would have written something, or others wait for.
            return limited(LimitKind::Memory);
        }
        match ended {
            Ended::Limit(kind) => return limited(kind),
            Ended::Left => {
                let how = format!(
                    "a process that it started was still running {} s after it had ended",
                    GRACE.as_secs()
                );
                return Ok(Answer::Failed { command, how });
            }
            Ended::Gone => {}
        }
        match (self.answer.take(), reached) {
            (Some(Answer::Failed { .. }), Some(kind)) => limited(kind),
            (Some(Answer::Done), _) => self.outgrown().map_or(Ok(Answer::Done), limited),
            (Some(answer), _) => Ok(answer),
            (None, _) => Err(SetupError::NoResult(format!("{status:?}"))),
        }
    }
}

/// Who the step is in its user namespace, and in this one.
fn give_names(init: Pid, user: StepUser) -> Result<(), SetupError> {
    for (name, number) in [("uid_map", user.user.as_raw()), ("gid_map", user.group.as_raw())] {
        let path = format!("/proc/{init}/{name}");
        let written = fs::write(&path, format!("{INSIDE} {number} 1"));
        written.map_err(cannot(format_args!("write {path}")))?;
    }
    Ok(())
}
