/* files.c: files by descriptor and by name; each function is one system call. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"

int open(const char *path, int flags, ...)
{
    int mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, int);
        va_end(arguments);
    }
    return (int)CALL3(SYS_open, path, flags, mode);
}

int fcntl(int descriptor, int command, ...)
{
    long argument = 0;
    if (command != F_GETFD && command != F_GETFL) {
        va_list arguments;
        va_start(arguments, command);
        argument = va_arg(arguments, int);
        va_end(arguments);
    }
    return (int)CALL3(SYS_fcntl, descriptor, command, argument);
}

int creat(const char *path, mode_t mode) { return (int)CALL2(SYS_creat, path, mode); }
int close(int descriptor) { return (int)CALL1(SYS_close, descriptor); }
int dup(int descriptor) { return (int)CALL1(SYS_dup, descriptor); }
int dup2(int from, int to) { return (int)CALL2(SYS_dup2, from, to); }
int pipe(int descriptors[2]) { return (int)CALL1(SYS_pipe, descriptors); }
int access(const char *path, int mode) { return (int)CALL2(SYS_access, path, mode); }
int unlink(const char *path) { return (int)CALL1(SYS_unlink, path); }
int rmdir(const char *path) { return (int)CALL1(SYS_rmdir, path); }
int mkdir(const char *path, mode_t mode) { return (int)CALL2(SYS_mkdir, path, mode); }
int rename(const char *from, const char *to) { return (int)CALL2(SYS_rename, from, to); }
int link(const char *from, const char *to) { return (int)CALL2(SYS_link, from, to); }
int symlink(const char *target, const char *path) { return (int)CALL2(SYS_symlink, target, path); }
int chmod(const char *path, mode_t mode) { return (int)CALL2(SYS_chmod, path, mode); }
int fchmod(int descriptor, mode_t mode) { return (int)CALL2(SYS_fchmod, descriptor, mode); }
mode_t umask(mode_t mask) { return (mode_t)CALL1(SYS_umask, mask); }
int chdir(const char *path) { return (int)CALL1(SYS_chdir, path); }
int stat(const char *path, struct stat *to) { return (int)CALL2(SYS_stat, path, to); }
int lstat(const char *path, struct stat *to) { return (int)CALL2(SYS_lstat, path, to); }
int fstat(int descriptor, struct stat *to) { return (int)CALL2(SYS_fstat, descriptor, to); }

int ftruncate(int descriptor, off_t length)
{
    return (int)CALL2(SYS_ftruncate, descriptor, length);
}

ssize_t read(int descriptor, void *to, size_t length)
{
    return CALL3(SYS_read, descriptor, to, length);
}

ssize_t write(int descriptor, const void *from, size_t length)
{
    return CALL3(SYS_write, descriptor, from, length);
}

off_t lseek(int descriptor, off_t offset, int whence)
{
    return CALL3(SYS_lseek, descriptor, offset, whence);
}

ssize_t readlink(const char *path, char *to, size_t size)
{
    return CALL3(SYS_readlink, path, to, size);
}

int remove(const char *path)
{
    if (unlink(path) == 0)
        return 0;
    return errno == EISDIR ? rmdir(path) : -1;
}

/* A null pointer asks for memory of the right size, as in other libcs. */
char *getcwd(char *to, size_t size)
{
    char *where = to;
    if (where == NULL) {
        if (size == 0)
            size = 4096;
        where = malloc(size);
        if (where == NULL)
            return NULL;
    }
    if (CALL2(SYS_getcwd, where, size) < 0) {
        if (to == NULL)
            free(where);
        return NULL;
    }
    return where;
}

int isatty(int descriptor)
{
    char settings[64];   /* struct termios of the kernel: 36 bytes */
    enum { TCGETS = 0x5401 };
    return CALL3(SYS_ioctl, descriptor, TCGETS, settings) == 0;
}
