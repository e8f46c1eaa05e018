/* exit.c: the orderly end of a process. Nothing else is here: tcc -run -b brings an exit of its own, and
   then this file must not be needed for anything else. */
#include <stdlib.h>
#include <unistd.h>
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
