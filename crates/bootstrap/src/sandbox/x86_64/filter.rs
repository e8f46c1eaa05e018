//! Which system calls a step may make, as a program for the kernel (seccomp(2)).
//!
//! It is a list of what is allowed. Whatever is not in it does not exist (ENOSYS), so programs fall
//! back; what would reach beyond the step is refused (EPERM), as it is to every user without
//! rights. Calls of another architecture than the step's end the program.

use super::calls::{self, Call, NONE};
use crate::sandbox::StepArch;
use seccompiler::{BpfProgram, sock_filter};

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Makes it.
    Allow,
    /// Does not make it; the program gets this error. 0 is success.
    Error(i32),
    /// Stops the program, and init decides.
    Ask,
    /// Ends the program.
    Kill,
}

impl Action {
    /// seccomp(2), `SECCOMP_RET_…`.
    fn code(self) -> u32 {
        match self {
            Self::Allow => 0x7fff_0000,
            Self::Error(number) => 0x0005_0000 | number.cast_unsigned(),
            Self::Ask => 0x7ff0_0000,
            Self::Kill => 0x8000_0000,
        }
    }
}

/// Whether the lower 32 bits of an argument, of which only those of the mask count, are a value.
#[derive(Debug, Clone, Copy)]
struct Test {
    argument: u32,
    mask: u32,
    value: u32,
    is: bool,
}

/// The argument is that value.
const fn is(argument: u32, value: u32) -> Test {
    Test { argument, mask: u32::MAX, value, is: true }
}

/// The argument has at least one of these bits.
const fn has(argument: u32, bits: u32) -> Test {
    Test { argument, mask: bits, value: 0, is: false }
}

/// The first rule all tests of which pass decides.
type Rule = (Vec<Test>, Action);

/// Flags of clone(2) that make namespaces, and the one that would hide the new process from init.
const CLONE_REFUSED: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_UNTRACED;

/// Set-user-ID and set-group-ID: no file of a step gets them, not even for a moment.
const SET_ID: u32 = libc::S_ISUID | libc::S_ISGID;

/// Flags of open(2) with which its mode counts: `O_CREAT`, and the bit that makes `O_TMPFILE`.
const MAKES_FILE: [u32; 2] = [0o100, 0o20_000_000];

/// What may be asked of devices (ioctl_tty(2), ioctl_ficlone(2)): nothing that types into a
/// terminal, and nothing that changes a file's attributes.
const DEVICE_REQUESTS: &[u32] = &[
    0x5401,
    0x5402,
    0x5403,
    0x5404, // TCGETS, TCSETS, TCSETSW, TCSETSF
    0x5405,
    0x5406,
    0x5407,
    0x5408, // TCGETA, TCSETA, TCSETAW, TCSETAF
    0x5409,
    0x540a,
    0x540b, // TCSBRK, TCXONC, TCFLSH
    0x540e,
    0x540f,
    0x5410, // TIOCSCTTY, TIOCGPGRP, TIOCSPGRP
    0x5411,
    0x5413,
    0x5414, // TIOCOUTQ, TIOCGWINSZ, TIOCSWINSZ
    0x541b,
    0x5421,
    0x5422,
    0x5429, // FIONREAD, FIONBIO, TIOCNOTTY, TIOCGSID
    0x5450,
    0x5451,
    0x5452,
    0x5460, // FIONCLEX, FIOCLEX, FIOASYNC, FIOQSIZE
    0x4004_9409,
    0x4020_940d, // FICLONE, FICLONERANGE
];

/// What a process may change about itself (prctl(2)): its name, what becomes of it when its parent
/// dies, whose children it adopts, and its names for memory. PR_SET_TSC and PR_SET_SECCOMP are not
/// among it: the first would bring the processor's counter back, the second can answer calls before
/// init is asked.
const PROCESS_REQUESTS: &[u32] = &[
    1,
    2,
    3,
    4, // PDEATHSIG, DUMPABLE
    15,
    16, // NAME
    21,
    23,
    25, // GET_SECCOMP, CAPBSET_READ, GET_TSC
    29,
    30, // TIMERSLACK
    36,
    37,
    38,
    39,
    40,          // CHILD_SUBREAPER, NO_NEW_PRIVS, GET_TID_ADDRESS
    0x5356_4d41, // SET_VMA
];

/// The base registers of threads: ARCH_SET_GS, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS.
const THREAD_REGISTERS: &[u32] = &[0x1001, 0x1002, 0x1003, 0x1004];

/// Bits of personality(2) that are harmless: that of 32-bit programs, and addresses that are not
/// random.
const PERSONALITIES: u32 = 0x0008 | 0x0004_0000;

/// Calls whose arguments decide.
fn with_rules() -> Vec<(Call, Vec<Rule>, Action)> {
    use Action::{Allow, Ask, Error};
    let refused = Error(libc::EPERM);
    let set_id = |mode| vec![(vec![has(mode, SET_ID)], refused)];
    let makes_set_id = |flags: u32| {
        MAKES_FILE.map(|makes| (vec![has(flags, makes), has(flags + 1, SET_ID)], refused)).to_vec()
    };
    let one_of = |argument: u32, values: &[u32]| -> Vec<Rule> {
        values.iter().map(|value| (vec![is(argument, *value)], Allow)).collect()
    };
    // FUTEX_WAIT_BITSET has a point in time; so have the operations for mutexes that inherit
    // priorities, which need real-time scheduling to make sense.
    let operation = |value| Test { argument: 1, mask: 0x7f, value, is: true };
    let waits = vec![
        (vec![operation(9)], Ask),
        (vec![operation(6)], Error(libc::ENOSYS)),
        (vec![operation(11)], Error(libc::ENOSYS)),
        (vec![operation(13)], Error(libc::ENOSYS)),
    ];
    let absolute = |action| vec![(vec![has(1, 1)], action)];
    let known = Test { argument: 0, mask: !PERSONALITIES, value: 0, is: true };
    vec![
        (calls::FUTEX, waits.clone(), Allow),
        (calls::FUTEX_TIME64, waits, Allow),
        (calls::CLOCK_NANOSLEEP, absolute(Ask), Allow),
        (calls::CLOCK_NANOSLEEP_TIME64, absolute(Ask), Allow),
        (calls::TIMER_SETTIME, absolute(Error(libc::EINVAL)), Allow),
        (calls::TIMER_SETTIME64, absolute(Error(libc::EINVAL)), Allow),
        (calls::OPEN, makes_set_id(1), Allow),
        (calls::OPENAT, makes_set_id(2), Allow),
        (calls::CREAT, set_id(1), Allow),
        (calls::MKNOD, set_id(1), Allow),
        (calls::MKNODAT, set_id(2), Allow),
        (calls::CHMOD, set_id(1), Allow),
        (calls::FCHMOD, set_id(1), Allow),
        (calls::FCHMODAT, set_id(2), Allow),
        (calls::FCHMODAT2, set_id(2), Allow),
        (calls::CLONE, vec![(vec![has(0, CLONE_REFUSED.cast_unsigned())], refused)], Allow),
        (calls::IOCTL, one_of(1, DEVICE_REQUESTS), Error(libc::ENOTTY)),
        (calls::PRCTL, one_of(0, PROCESS_REQUESTS), refused),
        (calls::ARCH_PRCTL, one_of(0, THREAD_REGISTERS), Error(libc::EINVAL)),
        (calls::PERSONALITY, vec![(vec![known], Allow), (vec![is(0, u32::MAX)], Allow)], refused),
        // Of no other process: the limits of init are init's.
        (calls::PRLIMIT64, one_of(0, &[0]), refused),
    ]
}

/// The architectures as the kernel names them (audit.h).
const AUDIT_AMD64: u32 = 0xc000_003e;
const AUDIT_I386: u32 = 0x4000_0003;
/// Calls of the x32 ABI have this bit, and numbers of their own.
const X32: u32 = 0x4000_0000;

/// Where the kernel puts what a program may look at: `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

const fn load(offset: u32) -> sock_filter {
    sock_filter { code: 0x20, jt: 0, jf: 0, k: offset }
}

/// Goes on, or passes over so many instructions.
const fn if_equal(k: u32, then: u8, otherwise: u8) -> sock_filter {
    sock_filter { code: 0x15, jt: then, jf: otherwise, k }
}

fn give(action: Action) -> sock_filter {
    sock_filter { code: 0x06, jt: 0, jf: 0, k: action.code() }
}

/// The instructions of a rule: all tests, then its action.
fn rule((tests, action): &Rule) -> BpfProgram {
    // Each test is three instructions: load, mask, compare.
    let rest = |place: usize| u8::try_from((tests.len() - 1 - place) * 3 + 1).unwrap_or(u8::MAX);
    let mut program = Vec::new();
    for (place, test) in tests.iter().enumerate() {
        let (then, otherwise) = if test.is { (0, rest(place)) } else { (rest(place), 0) };
        program.extend([
            load(ARGUMENTS + 8 * test.argument),
            sock_filter { code: 0x54, jt: 0, jf: 0, k: test.mask },
            if_equal(test.value, then, otherwise),
        ]);
    }
    program.push(give(*action));
    program
}

/// What is decided for the calls of an architecture, whose numbers are picked out of the tables.
fn block(number: impl Fn(&Call) -> u32) -> BpfProgram {
    let mut program =
        vec![load(NUMBER), sock_filter { code: 0x35, jt: 0, jf: 1, k: X32 }, give(Action::Kill)];
    for (call, rules, otherwise) in with_rules() {
        if number(&call) == NONE {
            continue;
        }
        let mut body: BpfProgram = rules.iter().flat_map(rule).collect();
        body.push(give(otherwise));
        // A conditional jump reaches 255 instructions, so the long lists are jumped over by
        // another one.
        program.extend([
            if_equal(number(&call), 1, 0),
            sock_filter { code: 0x05, jt: 0, jf: 0, k: u32::try_from(body.len()).unwrap_or(u32::MAX) },
        ]);
        program.extend(body);
    }
    let plain = [
        (calls::CLOCKS, Action::Ask),
        (calls::PLAIN, Action::Allow),
        (calls::DONE, Action::Error(0)),
        (calls::REFUSED, Action::Error(libc::EPERM)),
        (calls::NO_ATTRIBUTES, Action::Error(libc::EOPNOTSUPP)),
    ];
    for (calls, action) in plain {
        for call in calls.iter().filter(|call| number(call) != NONE) {
            program.extend([if_equal(number(call), 0, 1), give(action)]);
        }
    }
    program.push(give(Action::Error(libc::ENOSYS)));
    program
}

/// The filter of a step for that architecture. Programs of i686 may call as those of x86-64 do,
/// too: the tools that build them are such.
pub(super) fn program(arch: StepArch) -> BpfProgram {
    let amd64 = block(|call| call.1);
    let over = u32::try_from(amd64.len()).unwrap_or(u32::MAX);
    let mut program = vec![
        load(ARCHITECTURE),
        if_equal(AUDIT_AMD64, 1, 0),
        sock_filter { code: 0x05, jt: 0, jf: 0, k: over },
    ];
    program.extend(amd64);
    if arch == StepArch::I686 {
        program.extend([if_equal(AUDIT_I386, 1, 0), give(Action::Kill)]);
        program.extend(block(|call| call.2));
    } else {
        program.push(give(Action::Kill));
    }
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn tables() -> Vec<Call> {
        let plain = [calls::CLOCKS, calls::PLAIN, calls::DONE, calls::REFUSED, calls::NO_ATTRIBUTES].concat();
        with_rules().into_iter().map(|(call, ..)| call).chain(plain).collect()
    }

    /// Numbers by name, from a header of the kernel. It comes with every C compiler.
    fn header(bits: u32) -> BTreeMap<String, u32> {
        let name = format!("asm/unistd_{bits}.h");
        let folders = ["/usr/include/x86_64-linux-gnu", "/usr/include"];
        let text = folders.iter().find_map(|folder| std::fs::read_to_string(format!("{folder}/{name}")).ok());
        let text = text.expect("the headers of the kernel: install linux-libc-dev");
        let line = |line: &str| {
            let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
            Some((name.to_owned(), number.trim().parse().ok()?))
        };
        text.lines().filter_map(line).collect()
    }

    #[test]
    fn numbers_are_those_of_the_kernel() {
        let (amd64, i386) = (header(64), header(32));
        for (name, number, number32) in tables() {
            // Newer than the headers of some distributions; they have one number everywhere.
            if name == "fchmodat2" {
                continue;
            }
            assert_eq!(amd64.get(name).copied().unwrap_or(NONE), number, "{name}");
            assert_eq!(i386.get(name).copied().unwrap_or(NONE), number32, "{name} on i386");
        }
    }

    #[test]
    fn no_call_is_decided_twice() {
        let mut seen = BTreeSet::new();
        for (name, ..) in tables() {
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn programs_fit_into_the_kernel() {
        for arch in [StepArch::X86_64, StepArch::I686] {
            // bpf_common.h, BPF_MAXINSNS.
            assert!(program(arch).len() <= 4096, "{arch:?}: {}", program(arch).len());
        }
    }
}
