/* assert.c */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void __assert_fail(const char *condition, int line, const char *function)
{
    fflush(stdout);
    fprintf(stderr, "%s: line %d: assertion failed: %s\n", function, line, condition);
    abort();
}
