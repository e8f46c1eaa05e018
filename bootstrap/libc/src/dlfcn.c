/* dlfcn.c: there is no dynamic linking. */
#include <dlfcn.h>
#include <stddef.h>

void *dlopen(const char *path, int flags)
{
    (void)path;
    (void)flags;
    return NULL;
}

void *dlsym(void *handle, const char *name)
{
    (void)handle;
    (void)name;
    return NULL;
}

int dlclose(void *handle)
{
    (void)handle;
    return -1;
}

char *dlerror(void)
{
    return "this libc is static and loads nothing";
}
