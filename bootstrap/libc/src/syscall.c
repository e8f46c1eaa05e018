/* syscall.c: system calls for programs. */
#include <stdarg.h>
#include "internal.h"

/* Fetches six arguments whether there are as many or not: the kernel looks at those of the call only. */
long syscall(long number, ...)
{
    long argument[6];
    int i;
    va_list arguments;

    va_start(arguments, number);
    for (i = 0; i < 6; i++)
        argument[i] = va_arg(arguments, long);
    va_end(arguments);
    return CALL6(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
