/* A step that tries to leave its sandbox, to learn the time, and to take too much. It has no library, so it is the
   same for 64 and for 32 bits, and nothing stands between it and the kernel. One line each, `what: result`. */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>

#ifdef __i386__
long sys(long number, ...);
__asm__("sys: push %ebp; push %edi; push %esi; push %ebx; mov 20(%esp), %eax; mov 24(%esp), %ebx; mov 28(%esp), %ecx;"
        "mov 32(%esp), %edx; mov 36(%esp), %esi; mov 40(%esp), %edi; mov 44(%esp), %ebp; int $0x80;"
        "pop %ebx; pop %esi; pop %edi; pop %ebp; ret;"
        ".globl _start; _start: mov %esp, %eax; and $-16, %esp; sub $12, %esp; push %eax; call start");
#define STAT __NR_stat64
#define STAT_OWNER 24
#define STAT_MODIFIED 72
#else
long sys(long number, ...);
__asm__("sys: mov %rdi, %rax; mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; mov %r8, %r10; mov %r9, %r8;"
        "mov 8(%rsp), %r9; syscall; ret;"
        ".globl _start; _start: mov %rsp, %rdi; and $-16, %rsp; call start");
#define STAT __NR_stat
#define STAT_OWNER 28
#define STAT_MODIFIED 88
#endif
#define call(number, a, b, c, d, e, f) sys((long)(number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define call0(number) call(number, 0, 0, 0, 0, 0, 0)
#define call1(number, a) call(number, a, 0, 0, 0, 0, 0)
#define call2(number, a, b) call(number, a, b, 0, 0, 0, 0)
#define call3(number, a, b, c) call(number, a, b, c, 0, 0, 0)
#define call4(number, a, b, c, d) call(number, a, b, c, d, 0, 0)

struct time { long seconds, nanoseconds; };

static char line[4096];
static long used;
static void put(char c) { line[used++] = c; }
static void text(const char *from) { while (*from) put(*from++); }
static void decimal(long value) {
  char digits[24];
  int n = 0;
  do digits[n++] = '0' + value % 10; while (value /= 10);
  while (n) put(digits[--n]);
}
static void flush(void) { put('\n'); call3(__NR_write, 1, line, used); used = 0; }
static const char *error_name(long number) {
  switch (number) {
  case 1: return "EPERM"; case 2: return "ENOENT"; case 3: return "ESRCH"; case 9: return "EBADF"; case 10: return "ECHILD";
  case 11: return "EAGAIN"; case 12: return "ENOMEM"; case 13: return "EACCES"; case 14: return "EFAULT"; case 22: return "EINVAL";
  case 25: return "ENOTTY"; case 30: return "EROFS"; case 38: return "ENOSYS"; case 95: return "EOPNOTSUPP";
  case 110: return "ETIMEDOUT"; default: return 0;
  }
}
static void report(const char *what, long result) {
  text(what); text(": ");
  if (result < 0 && error_name(-result)) text(error_name(-result));
  else if (result < 0) { put('-'); decimal(-result); }
  else decimal(result);
  flush();
}
static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }

/* What signal ends a child that does this? 0: none. */
static long child(void (*what)(void)) {
  int status = 0;
  long pid = call0(__NR_fork);
  if (pid == 0) { what(); call1(__NR_exit_group, 0); }
  call4(__NR_wait4, pid, &status, 0, 0);
  return status & 127;
}
static unsigned long long counter(void) { unsigned low, high; __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)); return low | (unsigned long long)high << 32; }
static unsigned long long counter_of(unsigned *processor) { unsigned low, high; __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*processor)); return low | (unsigned long long)high << 32; }
static void other_abi(void) {
#ifdef __i386__
  /* The same numbers mean other calls to programs of 64 bits; i686 steps may run both. */
#else
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(13), "b"(0) : "memory");
#endif
}
static void x32(void) { call1(0x40000000 + 201, 0); }
static void stop(void) { call2(__NR_kill, call0(__NR_getpid), 19); }

static void clocks(struct time *now) { call2(__NR_clock_gettime, 0, now); }
static int later(struct time a, struct time b) { return a.seconds > b.seconds || (a.seconds == b.seconds && a.nanoseconds > b.nanoseconds); }
static struct time modified(const char *path) {
  unsigned char found[256];
  struct time time = {-1, -1};
  if (call2(STAT, path, found) == 0) time = *(struct time *)(found + STAT_MODIFIED);
  return time;
}
static int make(const char *path) { return call3(__NR_open, path, O_WRONLY | O_CREAT | O_TRUNC, 0644); }
static void sleep_for(long milliseconds) { struct time pause = {0, milliseconds * 1000000}; call2(__NR_nanosleep, &pause, 0); }

static void files(void) {
  unsigned char found[256];
  text("open files:");
  for (int file = 0; file < 4096; file++) if (call2(__NR_fcntl, file, 1) >= 0) { put(' '); decimal(file); }
  flush();
  report("folder of the caller", call3(__NR_openat, 9, ".", O_RDONLY));
  report("answer to the helper", call3(__NR_write, 4, "\"done\"\n", 7));
  /* What kind they are: 2 is a character device, 1 a pipe (inode(7)). */
  for (int file = 0; file < 3; file++) {
    call(__NR_statx, file, "", 0x1000, 0x7ff, found, 0);
    report("kind of a standard file", *(unsigned short *)(found + 28) >> 12);
  }
  report("size of the log", call2(__NR_ftruncate, 1, 0));
  report("mode of the log", call2(__NR_fchmod, 1, 0600) <= 0);
}

static void devices(const char *path) {
  struct time none[2] = {{5, 0}, {5, 0}};
  text(path); text(":"); flush();
  report("  write", call3(__NR_write, call2(__NR_open, path, O_WRONLY), "x", 1));
  report("  mode", call2(__NR_chmod, path, 0600));
  report("  mode of the open device", call2(__NR_fchmod, call2(__NR_open, path, O_WRONLY), 0600));
  report("  owner", call3(__NR_chown, path, 1000, 1000));
  report("  time", call4(__NR_utimensat, AT_FDCWD, path, none, 0));
  report("  time of the open device", call4(__NR_utimensat, call2(__NR_open, path, O_WRONLY), 0, none, 0));
  report("  attribute", call(__NR_setxattr, path, "user.a", "b", 1, 0, 0));
}

static void rights(void) {
  int file = make("/build/own");
  report("user", call0(__NR_getuid) * 10000 + call0(__NR_getgid));
  report("groups", call2(__NR_getgroups, 0, 0));
  report("become root", call1(__NR_setuid, 0));
  report("set-user-ID by chmod", call2(__NR_chmod, "/build/own", 04755));
  report("set-group-ID by chmod", call2(__NR_chmod, "/build/own", 02755));
  report("set-user-ID by fchmod", call2(__NR_fchmod, file, 04755));
  report("set-user-ID by fchmodat", call3(__NR_fchmodat, AT_FDCWD, "/build/own", 04755));
  report("set-user-ID by fchmodat2", call4(452, AT_FDCWD, "/build/own", 04755, 0));
  report("set-user-ID by open", call3(__NR_open, "/build/new", O_WRONLY | O_CREAT, 04755));
  report("set-user-ID by openat", call4(__NR_openat, AT_FDCWD, "/build/new", O_WRONLY | O_CREAT, 04755));
  report("set-user-ID by O_TMPFILE", call3(__NR_open, "/build", O_WRONLY | 020200000, 04755));
  report("set-user-ID by creat", call2(__NR_creat, "/build/new", 04755));
  report("set-user-ID by mknod", call3(__NR_mknod, "/build/new", 0104755, 0));
  report("openat2", call4(437, AT_FDCWD, "/build/new", 0, 0));
  report("capability of a file", call(__NR_setxattr, "/build/own", "security.capability", "", 0, 0, 0));
  report("access list", call(__NR_setxattr, "/build/own", "system.posix_acl_access", "", 0, 0, 0));
  report("attributes of a file", call3(__NR_ioctl, file, 0x40086602, 0));
  report("type into a terminal", call3(__NR_ioctl, 0, 0x5412, "x"));
  report("device", call3(__NR_mknod, "/build/device", 020600, 259));
}

static void calls(void) {
#define EACH(name) report(#name, call1(__NR_##name, -1));
  EACH(add_key) EACH(keyctl) EACH(request_key) EACH(bpf) EACH(userfaultfd) EACH(io_uring_setup) EACH(mount) EACH(umount2)
  EACH(pivot_root) EACH(chroot) EACH(unshare) EACH(setns) EACH(ptrace) EACH(perf_event_open) EACH(kexec_load)
  EACH(open_by_handle_at) EACH(name_to_handle_at) EACH(open_tree) EACH(move_mount) EACH(fsopen) EACH(mount_setattr)
  EACH(process_vm_readv) EACH(process_vm_writev) EACH(pidfd_getfd) EACH(kcmp) EACH(seccomp) EACH(socket) EACH(socketpair)
  EACH(fanotify_init) EACH(quotactl) EACH(reboot) EACH(swapon) EACH(sethostname) EACH(syslog) EACH(acct)
  EACH(adjtimex) EACH(clock_adjtime) EACH(settimeofday) EACH(init_module) EACH(iopl)
  EACH(clone3) EACH(timerfd_create) EACH(mq_open) EACH(io_setup) EACH(landlock_create_ruleset) EACH(memfd_secret) EACH(modify_ldt)
  report("a call that no kernel has", call0(2000));
  report("clone with a namespace", call(__NR_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0, 0));
  report("clone that is not watched", call(__NR_clone, CLONE_UNTRACED | 17, 0, 0, 0, 0, 0));
  report("filter of its own", call(__NR_prctl, 22, 1, 0, 0, 0, 0));
  report("counter brought back", call(__NR_prctl, 26, 1, 0, 0, 0, 0));
  unsigned processor = 9;
  unsigned long long ticks = counter(), more = counter_of(&processor);
  report("counter is small", more < 1000000000 && processor == 0);
  report("counter goes on", more > ticks);
  report("personality that makes all memory a program", call1(__NR_personality, 0x0400000));
  report("personality without random addresses", call1(__NR_personality, 0x0040000) >= 0);
  report("limits of init", call4(__NR_prlimit64, 1, 7, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0));
#ifndef __i386__
  report("x32 call ends with signal", child(x32));
#endif
}

static void times(void) {
  struct time now, then, first, second, past = {0, 500000000};
  int word = 0;
  unsigned char found[256];
  report("time", call1(__NR_time, 0));
  clocks(&now);
  report("second of the clock", now.seconds);
  report("second of the monotonic clock", (call2(__NR_clock_gettime, 1, &then), then.seconds));
  call2(__NR_gettimeofday, &then, 0);
  report("second of the day", then.seconds);
  make("/build/first");
  sleep_for(30);
  make("/build/second");
  first = modified("/build/first"); second = modified("/build/second");
  clocks(&then);
  report("second of a file", first.seconds);
  report("a file is not older than the clock before", !later(now, first) || now.nanoseconds - first.nanoseconds < 20);
  report("a newer file is newer", later(second, first));
  report("no file lies in the future", !later(second, then));
  report("the clock goes on", later(then, now));
  first = modified("/in/probe");
  report("time of an input", first.seconds * 1000 + first.nanoseconds);
  first = modified("/in"), second = modified("/dev/null");
  report("time of a folder and a device", first.seconds * 1000 + second.seconds * 100 + first.nanoseconds + second.nanoseconds);
  first = modified("/build"), second = modified("/out");
  report("second of what was there", first.seconds * 10 + second.seconds);
  struct time set[2] = {{1000000000, 5}, {1000000000, 7}};
  call4(__NR_utimensat, AT_FDCWD, "/build/first", set, 0);
  first = modified("/build/first");
  report("a time that was set", first.seconds + first.nanoseconds);
  call2(STAT, "/in/probe", found);
  report("owner of an input", *(int *)(found + STAT_OWNER));
  call(__NR_statx, AT_FDCWD, "/build/second", 0, 0xfff, found, 0);
  report("seconds by statx", *(int *)(found + 64) * 1000 + *(int *)(found + 80) * 100 + *(int *)(found + 96) * 10 + *(int *)(found + 112));
  report("owner by statx", *(int *)(found + 20));
  clocks(&then);
  then.nanoseconds += 20000000;
  report("sleep until soon", call4(__NR_clock_nanosleep, 0, 1, &then, 0));
  report("sleep until what is past", call4(__NR_clock_nanosleep, 0, 1, &past, 0));
  report("wait until soon", call(__NR_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, 0, &then, 0, -1));
  report("timer at a point of time", call4(__NR_timer_settime, 0, 1, &now, 0));
  report("time to nowhere", call2(__NR_clock_gettime, 0, 8));
}

static void stops(void) {
  int status = 0;
  long pid = call0(__NR_fork);
  if (pid == 0) { stop(); call1(__NR_exit_group, 3); }
  call4(__NR_wait4, pid, &status, 2, 0);
  report("stopped by", (status & 255) == 127 ? status >> 8 : 0);
  call2(__NR_kill, pid, 18);
  call4(__NR_wait4, pid, &status, 0, 0);
  report("and ended with", status >> 8);
}

static void proc(void) {
#define PATH(path) report(path, call2(__NR_open, path, O_RDONLY) < 0 ? call2(__NR_open, path, O_RDONLY) : 0);
  PATH("/proc/self/status") PATH("/proc/sys") PATH("/proc/sys/kernel/core_pattern") PATH("/proc/sysrq-trigger") PATH("/proc/kcore")
  PATH("/proc/keys") PATH("/proc/timer_list") PATH("/proc/uptime") PATH("/proc/stat") PATH("/proc/1/status") PATH("/proc/1/cmdline")
  report("write to its own", call2(__NR_open, "/proc/self/oom_score_adj", O_WRONLY));
}

static void many(void) {
  long made = 0, pid = 0;
  for (; made < 100; made++) {
    pid = call0(__NR_fork);
    if (pid == 0) { sleep_for(900); call1(__NR_exit_group, 0); }
    if (pid < 0) break;
  }
  report("more processes", pid);
  report("some processes", made > 10 && made < 40);
}

static void output(const char *path) {
  int file = make(path);
  call3(__NR_write, file, "whole", 5);
}

void start(long *stack) {
  char **argv = (char **)(stack + 1);
  const char *mode = argv[1];
  if (same(mode, "files")) files();
  if (same(mode, "devices")) { devices("/dev/null"); devices("/dev/zero"); }
  if (same(mode, "rights")) rights();
  if (same(mode, "calls")) calls();
  if (same(mode, "times")) times();
  if (same(mode, "stops")) stops();
  if (same(mode, "proc")) proc();
  if (same(mode, "many")) many();
  if (same(mode, "32-bit call")) report("32-bit call ends with signal", child(other_abi));
  if (same(mode, "fail")) { output("/build/left"); call2(__NR_chmod, "/build/left", 0755); call1(__NR_exit_group, 1); }
  if (same(mode, "closed")) { output("/out/o"); call2(__NR_chmod, "/out/o", 0); call2(__NR_chmod, "/out", 0); }
  if (same(mode, "mask")) { call1(__NR_umask, 0777); call2(__NR_mkdir, "/out/o", 0777); }
  if (same(mode, "behind") && call0(__NR_fork) == 0) { sleep_for(300); output("/out/o"); }
  if (same(mode, "outlive") && call0(__NR_fork) == 0) for (;;) sleep_for(900);
  if (same(mode, "for ever")) for (;;) sleep_for(900);
  if (same(mode, "print")) for (;;) call3(__NR_write, 1, line, sizeof line);
  if (same(mode, "write")) { int file = make("/build/large"); for (;;) if (call3(__NR_write, file, line, sizeof line) < 0) break; }
  if (same(mode, "write much")) for (int n = 0;; n++) {
    char name[] = "/build/0000";
    for (int digit = 0, left = n; digit < 4; digit++, left /= 10) name[10 - digit] = '0' + left % 10;
    int file = make(name);
    for (int i = 0; i < 64; i++) call3(__NR_write, file, line, sizeof line);
    call1(__NR_close, file);
    if (n % 64 == 0) sleep_for(100);
  }
  /* Thirty processes, each of which takes a part that it may have. */
  if (same(mode, "memory")) for (int n = 0; n < 30; n++) {
    if (call0(__NR_fork) == 0) continue;
    static volatile char part[24 << 20];
    for (long i = 0; i < (long)sizeof part; i += 4096) part[i] = 1;
    for (int i = 0; i < 5; i++) sleep_for(900);
    break;
  }
  call1(__NR_exit_group, 0);
}
