/* mman.c: pages. */
#include <sys/mman.h>
#include "internal.h"

void *mmap(void *where, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    return (void *)CALL6(SYS_mmap, where, length, protection, flags, descriptor, offset);
}

int munmap(void *where, size_t length)
{
    return (int)CALL2(SYS_munmap, where, length);
}

int mprotect(void *where, size_t length, int protection)
{
    return (int)CALL3(SYS_mprotect, where, length, protection);
}
