/* process.c: starting programs and waiting for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "internal.h"

pid_t getpid(void) { return (pid_t)CALL0(SYS_getpid); }
pid_t getppid(void) { return (pid_t)CALL0(SYS_getppid); }
pid_t fork(void) { return (pid_t)CALL0(SYS_fork); }

int execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)CALL3(SYS_execve, path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* Looks in the folders of PATH if the name has no slash; there is no default path. */
int execvp(const char *file, char *const argv[])
{
    const char *folders = getenv("PATH");
    size_t name_length = strlen(file);

    if (strchr(file, '/') != NULL)
        return execve(file, argv, environ);
    errno = ENOENT;
    while (folders != NULL && *folders != 0) {
        size_t length = strcspn(folders, ":");
        char *path = malloc(length + name_length + 3);
        if (path == NULL)
            return -1;
        memcpy(path, folders, length);
        if (length == 0)
            path[length++] = '.';
        path[length] = '/';
        strcpy(path + length + 1, file);
        execve(path, argv, environ);
        free(path);
        if (errno != ENOENT && errno != ENOTDIR)
            return -1;
        folders += strcspn(folders, ":");
        folders += *folders == ':';
    }
    return -1;
}

pid_t waitpid(pid_t process, int *status, int options)
{
    return (pid_t)CALL4(SYS_wait4, process, status, options, 0);
}

pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}

/* Runs `/bin/sh -c COMMAND`, which must be there; status 127 if it is not. */
int system(const char *command)
{
    int status = 0;
    pid_t child;

    if (command == NULL)
        return access("/bin/sh", X_OK) == 0;
    child = fork();
    if (child < 0)
        return -1;
    if (child == 0) {
        char *arguments[4];
        arguments[0] = "sh";
        arguments[1] = "-c";
        arguments[2] = (char *)command;
        arguments[3] = NULL;
        execve("/bin/sh", arguments, environ);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}
