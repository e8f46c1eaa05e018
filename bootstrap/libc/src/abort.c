/* abort.c: the end of a process at once. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

void _exit(int status)
{
    for (;;)
        __syscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

void _Exit(int status)
{
    _exit(status);
}

void abort(void)
{
    raise(SIGABRT);
    /* A handler returned, or the signal is ignored: abort must not return. */
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(127);
}
