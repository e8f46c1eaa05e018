/* sys/syscall.h: system calls by number. */
#ifndef _SYS_SYSCALL_H
#define _SYS_SYSCALL_H

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
    SYS_gettid = 186, SYS_futex = 202, SYS_getdents64 = 217, SYS_clock_gettime = 228, SYS_exit_group = 231
};

long syscall(long number, ...);

#endif
