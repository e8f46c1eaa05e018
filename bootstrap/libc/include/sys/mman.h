/* sys/mman.h (POSIX), numbers of Linux on x86-64 */
#ifndef _SYS_MMAN_H
#define _SYS_MMAN_H

#include <sys/types.h>

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_FAILED ((void *)-1L)

void *mmap(void *where, size_t length, int protection, int flags, int descriptor, off_t offset);
int munmap(void *where, size_t length);
int mprotect(void *where, size_t length, int protection);

#endif
