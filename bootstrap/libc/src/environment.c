/* environment.c: the environment is the kernel's array until something is set; then a copy in the heap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "internal.h"

char **environ;

#ifndef __SNOWGUARD_CC__
/* For programs that tcc -run starts, which have no start code. */
static void __attribute__((constructor)) set_environment(int argc, char **argv, char **envp)
{
    (void)argc;
    (void)argv;
    environ = envp;
}
#endif

static char **own;   /* the array if we allocated it */

/* Index of NAME=... in environ, or of the null at its end. */
static size_t find(const char *name, size_t length)
{
    size_t i;
    for (i = 0; environ[i] != NULL; i++)
        if (strncmp(environ[i], name, length) == 0 && environ[i][length] == '=')
            break;
    return i;
}

char *getenv(const char *name)
{
    size_t length = strlen(name), i;
    if (environ == NULL || length == 0)
        return NULL;
    i = find(name, length);
    return environ[i] == NULL ? NULL : environ[i] + length + 1;
}

int setenv(const char *name, const char *value, int overwrite)
{
    size_t length = strlen(name), i;
    char *entry, **larger;

    if (length == 0 || strchr(name, '=') != NULL) {
        errno = EINVAL;
        return -1;
    }
    i = find(name, length);
    if (environ[i] != NULL && !overwrite)
        return 0;
    entry = malloc(length + strlen(value) + 2);
    if (entry == NULL)
        return -1;
    memcpy(entry, name, length);
    entry[length] = '=';
    strcpy(entry + length + 1, value);
    if (environ[i] == NULL) {
        larger = malloc((i + 2) * sizeof *larger);
        if (larger == NULL) {
            free(entry);
            return -1;
        }
        memcpy(larger, environ, i * sizeof *larger);
        larger[i + 1] = NULL;
        if (own == environ)
            free(own);
        environ = own = larger;
    }
    environ[i] = entry;
    return 0;
}

int unsetenv(const char *name)
{
    size_t length = strlen(name), i = find(name, length);
    for (; environ[i] != NULL; i++)
        environ[i] = environ[i + 1];
    return 0;
}
