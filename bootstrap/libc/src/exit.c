/* exit.c: the end of a process. */
#include <stdlib.h>
#include <unistd.h>
#include <signal.h>
#include "internal.h"

#define MOST_FUNCTIONS 64   /* C99 asks for 32 */

static void (*functions[MOST_FUNCTIONS])(void);
static int function_count;

int atexit(void (*function)(void))
{
    if (function_count == MOST_FUNCTIONS)
        return -1;
    functions[function_count++] = function;
    return 0;
}

#ifndef __SNOWGUARD_CC__
extern void (*__fini_array_start[])(void), (*__fini_array_end[])(void);

static void call_destructors(void)
{
    void (**each)(void);
    for (each = __fini_array_end; each != __fini_array_start; )
        (*--each)();
}
#else
#define call_destructors()
#endif

void exit(int status)
{
    /* The last registered first; one that registers another has it called next. */
    while (function_count > 0)
        functions[--function_count]();
    call_destructors();
    __flush_all();
    _exit(status);
}

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
