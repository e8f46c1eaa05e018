//! Answers the system calls that tell the time, for programs of 64 and of 32 bits.

use super::calls::{self, Call};
use super::clock::{Clock, FileTimes, Time};
use super::user::INSIDE;
use nix::errno::Errno;
use nix::libc::user_regs_struct as Registers;
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;
use std::io::{IoSlice, IoSliceMut};

/// What is to be done when a system call returns.
#[derive(Debug)]
pub(super) enum Pending {
    /// What it says about a file is changed.
    File(Structure, u64),
    /// These arguments were changed for the call, and come back.
    Arguments(Box<Registers>),
}

/// How a call tells about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    /// `struct stat` of x86-64.
    Stat,
    /// `struct statx`, the same everywhere.
    Statx,
    /// `struct stat` of i386.
    Stat32,
    /// `struct stat64` of i386.
    Stat64,
}

/// Where something is in a structure.
#[derive(Debug, Clone, Copy)]
struct Layout {
    owner: u64,
    group: u64,
    /// Of these, whether they have 16 bits.
    short_owner: bool,
    accessed: u64,
    modified: u64,
    changed: u64,
    /// When it was made.
    made: Option<u64>,
    /// Bytes of seconds and of nanoseconds.
    widths: (usize, usize),
}

impl Structure {
    /// Of the kernel's headers: asm/stat.h of each architecture, asm/compat.h, linux/stat.h.
    fn layout(self) -> Layout {
        let (made, short_owner) = (None, false);
        match self {
            Self::Stat => Layout {
                owner: 28,
                group: 32,
                short_owner,
                accessed: 72,
                modified: 88,
                changed: 104,
                made,
                widths: (8, 8),
            },
            Self::Statx => Layout {
                owner: 20,
                group: 24,
                short_owner,
                accessed: 64,
                modified: 112,
                changed: 96,
                made: Some(80),
                widths: (8, 4),
            },
            Self::Stat32 => Layout {
                owner: 12,
                group: 14,
                short_owner: true,
                accessed: 32,
                modified: 40,
                changed: 48,
                made,
                widths: (4, 4),
            },
            Self::Stat64 => Layout {
                owner: 24,
                group: 28,
                short_owner,
                accessed: 64,
                modified: 72,
                changed: 80,
                made,
                widths: (4, 4),
            },
        }
    }
}

/// How a program makes system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abi {
    Amd64,
    I386,
}

impl Abi {
    /// An argument of a call.
    fn argument(self, registers: &Registers, number: usize) -> u64 {
        let r = registers;
        let amd64 = [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9];
        let i386 = [r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp].map(|value| value & u64::from(u32::MAX));
        let all = if self == Self::Amd64 { amd64 } else { i386 };
        all.get(number).copied().unwrap_or_default()
    }

    fn number(self, call: Call) -> u64 {
        u64::from(if self == Self::Amd64 { call.1 } else { call.2 })
    }

    /// Bytes of the seconds of a time.
    fn width(self) -> u64 {
        if self == Self::Amd64 { 8 } else { 4 }
    }
}

/// Bytes of a word of the program that begins: code of 32 bits runs in another segment.
pub(super) fn width(registers: &Registers) -> u64 {
    if registers.cs == 0x23 { 4 } else { 8 }
}

/// Answers a system call for the time, or says what is to be done when it returns.
pub(super) fn answer(pid: Pid, clock: &mut Clock) -> nix::Result<Option<Pending>> {
    let mut registers = ptrace::getregs(pid)?;
    // AUDIT_ARCH_I386. A program of 64 bits can call like one of 32.
    let abi = if ptrace::syscall_info(pid)?.arch == 0x4000_0003 { Abi::I386 } else { Abi::Amd64 };
    let argument = |number| abi.argument(&registers, number);
    let name = calls::CLOCKS.iter().find(|call| abi.number(**call) == registers.orig_rax);
    let name = name.map_or("", |call| call.0);
    let width = abi.width();
    let file = |structure: Structure, place: usize| Ok(Some(Pending::File(structure, argument(place))));
    let (stat, stat64) = match abi {
        Abi::Amd64 => (Structure::Stat, Structure::Stat),
        Abi::I386 => (Structure::Stat32, Structure::Stat64),
    };
    match name {
        "stat" | "lstat" | "fstat" => return file(stat, 1),
        "stat64" | "lstat64" | "fstat64" => return file(stat64, 1),
        "newfstatat" | "fstatat64" => return file(stat64, 2),
        "statx" => return file(Structure::Statx, 4),
        _ => {}
    }
    for (calls, operation) in [
        ([calls::FUTEX, calls::FUTEX_TIME64], true),
        ([calls::CLOCK_NANOSLEEP, calls::CLOCK_NANOSLEEP_TIME64], false),
    ] {
        for (call, width) in calls.into_iter().zip([width, 8]) {
            if abi.number(call) == registers.orig_rax {
                return wait_relative(pid, clock, registers, abi, operation, width);
            }
        }
    }
    let now = clock.now()?;
    let (seconds, nanoseconds) = (now.seconds.cast_unsigned(), now.nanoseconds.cast_unsigned());
    // Somebody who gives no place for the answer gets none.
    let put = |address: u64, width: u64, words: &[u64]| {
        if address == 0 { Ok(()) } else { write_words(pid, address, width, words) }
    };
    let answered = match name {
        "time" => put(argument(0), width, &[seconds]).map(|()| seconds),
        "gettimeofday" => {
            let day = put(argument(0), width, &[seconds, nanoseconds / 1000]);
            // The time zone: universal time.
            day.and_then(|()| put(argument(1), 4, &[0, 0])).map(|()| 0)
        }
        "clock_gettime" => put(argument(1), width, &[seconds, nanoseconds]).map(|()| 0),
        "clock_gettime64" => put(argument(1), 8, &[seconds, nanoseconds]).map(|()| 0),
        _ => return Ok(None),
    };
    // The kernel does not make a call of this number.
    registers.orig_rax = u64::MAX;
    registers.rax = answered.unwrap_or(i64::from(-libc::EFAULT).cast_unsigned());
    ptrace::setregs(pid, registers)?;
    Ok(None)
}

/// Makes a wait until a point of the step's time one for as long as it is until then: the kernel's
/// clock is another one.
fn wait_relative(
    pid: Pid,
    clock: &mut Clock,
    registers: Registers,
    abi: Abi,
    futex: bool,
    width: u64,
) -> nix::Result<Option<Pending>> {
    // futex(address, operation, value, time), clock_nanosleep(clock, flags, time, left)
    let place = if futex { 3 } else { 2 };
    let address = abi.argument(&registers, place);
    if address == 0 {
        return Ok(None);
    }
    let mut changed = registers;
    let read = |number| read_word(pid, address.wrapping_add(number * width), width);
    let (Ok(seconds), Ok(nanoseconds)) = (read(0), read(1)) else { return Ok(None) };
    let signed = |value: u64| {
        if width == 4 {
            i64::from(u32::try_from(value).unwrap_or(0).cast_signed())
        } else {
            value.cast_signed()
        }
    };
    let left = clock.until(Time { seconds: signed(seconds), nanoseconds: signed(nanoseconds) })?;
    // Below what functions without a frame may use of the stack (System V ABI, "The Red Zone").
    let scratch = registers.rsp.wrapping_sub(1024) & !15;
    let words = [left.seconds.cast_unsigned(), left.nanoseconds.cast_unsigned()];
    if write_words(pid, scratch, width, &words).is_err() {
        return Ok(None);
    }
    // FUTEX_WAIT, which is 0, of the same kind of futex (FUTEX_PRIVATE_FLAG); no TIMER_ABSTIME.
    let operation = if futex { abi.argument(&registers, 1) & 128 } else { 0 };
    match (abi, futex) {
        (Abi::Amd64, true) => (changed.rsi, changed.r10) = (operation, scratch),
        (Abi::Amd64, false) => (changed.rsi, changed.rdx) = (operation, scratch),
        (Abi::I386, true) => (changed.rcx, changed.rsi) = (operation, scratch),
        (Abi::I386, false) => (changed.rcx, changed.rdx) = (operation, scratch),
    }
    ptrace::setregs(pid, changed)?;
    Ok(Some(Pending::Arguments(Box::new(registers))))
}

/// Answers for the processor's counter, if that is why the program got this signal: reading it is
/// an error, because `rights` says so. glibc's loader reads it, and does not mind what it says.
pub(super) fn answer_counter(pid: Pid, clock: &mut Clock) -> nix::Result<bool> {
    let mut registers = ptrace::getregs(pid)?;
    let mut instruction = [0; 3];
    // At the end of memory there may be no third byte.
    let found = read(pid, registers.rip, &mut instruction)
        .or_else(|_| read(pid, registers.rip, instruction.get_mut(..2).unwrap_or_default()));
    let length = match instruction {
        // rdtsc, rdtscp (Intel's manual, volume 2)
        [0x0f, 0x31, _] => 2,
        [0x0f, 0x01, 0xf9] => 3,
        _ => return Ok(false),
    };
    // Not if another program has sent it.
    if found.is_err() || ptrace::getsiginfo(pid)?.si_code != libc::SI_KERNEL {
        return Ok(false);
    }
    let ticks = clock.tick()?;
    (registers.rax, registers.rdx) = (ticks & u64::from(u32::MAX), ticks >> 32);
    if length == 3 {
        // The processor's number.
        registers.rcx = 0;
    }
    registers.rip = registers.rip.wrapping_add(length);
    ptrace::setregs(pid, registers)?;
    Ok(true)
}

/// Does what is to be done when a system call has returned.
pub(super) fn finish(pid: Pid, pending: Pending, clock: &Clock) -> nix::Result<()> {
    let mut registers = ptrace::getregs(pid)?;
    match pending {
        Pending::File(structure, address) => {
            if registers.rax != 0 {
                return Ok(());
            }
            match correct(pid, structure.layout(), address, clock) {
                // Another thread has taken the memory away.
                Err(Errno::EFAULT) => Ok(()),
                corrected => corrected,
            }
        }
        Pending::Arguments(before) => {
            (registers.rdi, registers.rsi, registers.rdx) = (before.rdi, before.rsi, before.rdx);
            (registers.r10, registers.rcx) =
                (before.r10, if width(&registers) == 4 { before.rcx } else { registers.rcx });
            ptrace::setregs(pid, registers)
        }
    }
}

/// Every file is the step's own, and its times are those of the step's clock.
fn correct(pid: Pid, layout: Layout, address: u64, clock: &Clock) -> nix::Result<()> {
    // The longest structure up to the last time.
    let mut bytes = [0; 128];
    let (seconds, nanoseconds) = layout.widths;
    let last = [layout.accessed, layout.modified, layout.changed].into_iter().max().unwrap_or(0);
    let length = usize::try_from(last).unwrap_or(0) + seconds + nanoseconds;
    let part = bytes.get_mut(..length).ok_or(Errno::EINVAL)?;
    read(pid, address, part)?;
    let number = |at: u64, width: usize| -> i64 {
        let at = usize::try_from(at).unwrap_or(0);
        let mut word = [0; 8];
        word.iter_mut().zip(part.iter().skip(at).take(width)).for_each(|(to, from)| *to = *from);
        i64::from_le_bytes(word)
    };
    let time = |at: u64| Time {
        seconds: number(at, seconds),
        nanoseconds: number(at + seconds as u64, nanoseconds),
    };
    let seen = clock.file(FileTimes {
        accessed: time(layout.accessed),
        modified: time(layout.modified),
        changed: time(layout.changed),
    });
    let mut times = vec![
        (layout.accessed, seen.accessed),
        (layout.modified, seen.modified),
        (layout.changed, seen.changed),
    ];
    times.extend(layout.made.map(|at| (at, clock.made(time(at)))));
    let owner = if layout.short_owner { 2 } else { 4 };
    let id = i64::from(INSIDE);
    let mut writes = vec![(layout.owner, owner, id), (layout.group, owner, id)];
    for (at, time) in times {
        writes.extend([(at, seconds, time.seconds), (at + seconds as u64, nanoseconds, time.nanoseconds)]);
    }
    for (at, width, value) in writes {
        let at = usize::try_from(at).unwrap_or(0);
        part.iter_mut().skip(at).take(width).zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
    write(pid, address, part)
}

/// A word of a program, of 4 or 8 bytes.
pub(super) fn read_word(pid: Pid, address: u64, width: u64) -> nix::Result<u64> {
    let mut word = [0; 8];
    read(pid, address, if width == 4 { &mut word[..4] } else { &mut word[..] })?;
    Ok(u64::from_le_bytes(word))
}

/// Writes words of 4 or 8 bytes.
pub(super) fn write_words(pid: Pid, address: u64, width: u64, words: &[u64]) -> nix::Result<()> {
    let width = usize::try_from(width).unwrap_or(8);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes().into_iter().take(width)).collect();
    write(pid, address, &bytes)
}

fn read(pid: Pid, address: u64, bytes: &mut [u8]) -> nix::Result<()> {
    let len = bytes.len();
    let from = RemoteIoVec { base: usize::try_from(address).map_err(|_| Errno::EFAULT)?, len };
    match process_vm_readv(pid, &mut [IoSliceMut::new(bytes)], &[from]) {
        Ok(read) if read == len => Ok(()),
        Ok(_) => Err(Errno::EFAULT),
        Err(error) => Err(error),
    }
}

fn write(pid: Pid, address: u64, bytes: &[u8]) -> nix::Result<()> {
    let len = bytes.len();
    let to = RemoteIoVec { base: usize::try_from(address).map_err(|_| Errno::EFAULT)?, len };
    match process_vm_writev(pid, &[IoSlice::new(bytes)], &[to]) {
        Ok(written) if written == len => Ok(()),
        Ok(_) => Err(Errno::EFAULT),
        Err(error) => Err(error),
    }
}
