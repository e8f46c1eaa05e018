/* What runtime.asm gives a program in the subset, for a C compiler of the host.
   Programs in the subset are also C: this file first, then the program's files,
   as one text.  Used by tests and by diverse double compiling, never in the
   chain itself.

     gcc -std=gnu11 -funsigned-char -fno-builtin -w -O1 -include host.c PROGRAM.c

   The system calls give the kernel's own results (negative errno). */

static long host_call(long number, long a, long b, long c)
{
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

long sys_read(long fd, char *to, long n) { return host_call(0, fd, (long)to, n); }
long sys_write(long fd, char *from, long n) { return host_call(1, fd, (long)from, n); }
long sys_open(char *path, long flags, long mode) { return host_call(2, (long)path, flags, mode); }
long sys_close(long fd) { return host_call(3, fd, 0, 0); }
char *sys_brk(char *end) { return (char *)host_call(12, (long)end, 0, 0); }
long sys_rename(char *from, char *to) { return host_call(82, (long)from, (long)to, 0); }
long sys_unlink(char *path) { return host_call(87, (long)path, 0, 0); }
long sys_chmod(char *path, long mode) { return host_call(90, (long)path, mode, 0); }
void sys_exit(long code) { while (1) host_call(231, code, 0, 0); }

long udiv(long a, long b) { return (unsigned long)a / (unsigned long)b; }
long umod(long a, long b) { return (unsigned long)a % (unsigned long)b; }
long ult(long a, long b) { return (unsigned long)a < (unsigned long)b; }
long ushr(long a, long n) { return (unsigned long)a >> n; }
