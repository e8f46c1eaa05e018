/* internal.h: what the files of this libc share and programs do not see. */
#ifndef _INTERNAL_H
#define _INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* A system call; negative results from -4095 on are error numbers. */
#ifdef __SNOWGUARD_CC__
#define __syscall(n, a, b, c, d, e, f) __builtin_syscall(n, a, b, c, d, e, f)
#else
long __syscall(long number, long a, long b, long c, long d, long e, long f);
#endif

/* The result as C programs want it: -1 and errno. */
long __checked(long result);

#define CALL0(n) __checked(__syscall(n, 0, 0, 0, 0, 0, 0))
#define CALL1(n, a) __checked(__syscall(n, (long)(a), 0, 0, 0, 0, 0))
#define CALL2(n, a, b) __checked(__syscall(n, (long)(a), (long)(b), 0, 0, 0, 0))
#define CALL3(n, a, b, c) __checked(__syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0))
#define CALL4(n, a, b, c, d) \
    __checked(__syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0))
#define CALL6(n, a, b, c, d, e, f) \
    __checked(__syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

/* Numbers of system calls (linux/arch/x86/entry/syscalls/syscall_64.tbl). */
enum {
    SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_close = 3, SYS_stat = 4, SYS_fstat = 5,
    SYS_lstat = 6, SYS_lseek = 8, SYS_mmap = 9, SYS_mprotect = 10, SYS_munmap = 11,
    SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_ioctl = 16, SYS_access = 21, SYS_pipe = 22,
    SYS_dup = 32, SYS_dup2 = 33, SYS_nanosleep = 35, SYS_getpid = 39, SYS_fork = 57,
    SYS_execve = 59, SYS_wait4 = 61, SYS_kill = 62, SYS_fcntl = 72, SYS_ftruncate = 77,
    SYS_getcwd = 79, SYS_chdir = 80, SYS_rename = 82, SYS_mkdir = 83, SYS_rmdir = 84,
    SYS_creat = 85, SYS_link = 86, SYS_unlink = 87, SYS_symlink = 88, SYS_readlink = 89,
    SYS_chmod = 90, SYS_fchmod = 91, SYS_umask = 95, SYS_gettimeofday = 96, SYS_getppid = 110,
    SYS_futex = 202, SYS_getdents64 = 217, SYS_clock_gettime = 228, SYS_exit_group = 231
};

/* Writes out what buffered files still hold (stdio_flush.c); exit calls it. */
void __flush_all(void);

/* The 80-bit format of the x87 in its bytes: value = (-1)^negative * mantissa * 2^(exponent-16383-63).
   The top bit of the mantissa is set in all numbers but zero and subnormals. */
union __long_double {
    long double value;
    struct {
        uint64_t mantissa;
        uint16_t exponent;    /* top bit is the sign */
    } bits;
};
union __double {
    double value;
    uint64_t bits;
};
union __float {
    float value;
    uint32_t bits;
};

#endif
