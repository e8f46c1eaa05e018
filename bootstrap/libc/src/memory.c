/* memory.c: runs of bytes. Eight at a time where it matters (copying, filling): the programs of the
   bootstrap spend their time elsewhere. x86 allows loads and stores at any address. */
#include <string.h>
#include "internal.h"

void *memcpy(void *to, const void *from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    for (; length >= 8; length -= 8, t += 8, f += 8)
        *(uint64_t *)t = *(const uint64_t *)f;
    for (; length > 0; length--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    /* Forwards is right whenever the target does not begin inside the source. */
    if ((uintptr_t)to - (uintptr_t)from >= length) {
        while (length-- > 0)
            *t++ = *f++;
    } else {
        while (length-- > 0)
            t[length] = f[length];
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    unsigned char *t = to;
    uint64_t eight = (unsigned char)byte * 0x0101010101010101UL;
    for (; length >= 8; length -= 8, t += 8)
        *(uint64_t *)t = eight;
    for (; length > 0; length--)
        *t++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *x = a, *y = b;
    for (; length > 0; length--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *where, int byte, size_t length)
{
    const unsigned char *w = where;
    for (; length > 0; length--, w++)
        if (*w == (unsigned char)byte)
            return (void *)w;
    return NULL;
}
