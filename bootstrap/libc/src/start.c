/* start.c: from the kernel's stack to main.

   Programs that tcc -run executes in its own process never come this way: tcc calls the constructors,
   main and the destructors itself (environment.c and stdio_buffer.c have one each for that). cc has
   neither and needs neither. */
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

int main(int argc, char **argv, char **envp);

#ifndef __SNOWGUARD_CC__
typedef void (*constructor)(int, char **, char **);
extern constructor __init_array_start[], __init_array_end[];

static void call_constructors(int argc, char **argv, char **envp)
{
    constructor *each;
    for (each = __init_array_start; each != __init_array_end; each++)
        (*each)(argc, argv, envp);
}
#else
#define call_constructors(argc, argv, envp)
#endif

void __libc_start(long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    char **envp = argv + argc + 1;

    environ = envp;
    call_constructors(argc, argv, envp);
    exit(main(argc, argv, envp));
}
