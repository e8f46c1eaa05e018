/* malloc.c: the heap.

   Blocks of up to half a megabyte are cut from 1 MB regions that come from mmap; each size class
   (16 bytes apart up to 1 KB, then four classes per doubling) has a list of free blocks. A freed
   block goes to the list of its class and is reused for the same class only: no merging, which is
   simple and costs little for programs that allocate many things of few sizes. Larger blocks are
   mappings of their own and go back to the kernel.

   The 16 bytes before each block hold its class (or the length of the mapping) and, in an aligned
   block, nothing else; blocks are aligned to 16 bytes. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "internal.h"

#define HEADER 16
#define REGION (1UL << 20)
#define LARGEST (1UL << 19)        /* largest payload in a class */
#define SMALL_CLASSES 64           /* 16, 32, ... 1024 */
#define CLASSES (SMALL_CLASSES + 9 * 4 + 1)
#define MAPPED (-1L)

struct header {
    long class;                    /* or MAPPED */
    unsigned long size;            /* what the block can hold */
};
struct free_block {
    struct free_block *next;
};

static struct free_block *free_blocks[CLASSES];
static char *region, *region_end;

/* Class of a size, and the size it is rounded up to. */
static long class_of(size_t size, size_t *rounded)
{
    size_t top = 1024, step;
    long class = SMALL_CLASSES;

    if (size <= 1024) {
        class = size == 0 ? 0 : (long)((size - 1) / 16);
        *rounded = ((size_t)class + 1) * 16;
        return class;
    }
    while (size > top * 2) {
        top *= 2;
        class += 4;
    }
    step = top / 4;
    class += (long)((size - top - 1) / step);
    *rounded = top + ((size - top + step - 1) / step) * step;
    return class;
}

static char *map(size_t length)
{
    void *where = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (where == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    return where;
}

static void *map_block(size_t size)
{
    size_t length = (size + HEADER + 4095) & ~4095UL;
    char *start;
    struct header *header;

    if (length < size) {           /* wrapped round */
        errno = ENOMEM;
        return NULL;
    }
    start = map(length);
    if (start == NULL)
        return NULL;
    header = (struct header *)start;
    header->class = MAPPED;
    header->size = length - HEADER;
    return start + HEADER;
}

void *malloc(size_t size)
{
    size_t rounded;
    long class;
    struct header *header;

    if (size > LARGEST)
        return map_block(size);
    class = class_of(size, &rounded);
    if (free_blocks[class] != NULL) {
        struct free_block *block = free_blocks[class];
        free_blocks[class] = block->next;
        return block;
    }
    if ((size_t)(region_end - region) < rounded + HEADER) {
        /* The rest of the old region is left: at most the size of this block. */
        region = map(REGION);
        if (region == NULL) {
            region_end = NULL;
            return NULL;
        }
        region_end = region + REGION;
    }
    header = (struct header *)region;
    header->class = class;
    header->size = rounded;
    region += HEADER + rounded;
    return (char *)header + HEADER;
}

static struct header *header_of(void *block)
{
    return (struct header *)((char *)block - HEADER);
}

void free(void *block)
{
    struct header *header;
    if (block == NULL)
        return;
    header = header_of(block);
    if (header->class == MAPPED) {
        munmap(header, header->size + HEADER);
        return;
    }
    ((struct free_block *)block)->next = free_blocks[header->class];
    free_blocks[header->class] = block;
}

void *calloc(size_t count, size_t size)
{
    void *block;
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    block = malloc(count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block;
}

void *realloc(void *block, size_t size)
{
    void *larger;
    size_t has;

    if (block == NULL)
        return malloc(size);
    if (size == 0) {
        free(block);
        return NULL;
    }
    has = header_of(block)->size;
    if (size <= has && size > has / 4)
        return block;
    larger = malloc(size);
    if (larger == NULL)
        return NULL;
    memcpy(larger, block, size < has ? size : has);
    free(block);
    return larger;
}

/* Blocks of wider alignment are cut from a mapping and never given back: a copy of the header stands
   before the block with a class whose list is never taken from. */
void *memalign(size_t alignment, size_t size)
{
    char *start, *block;
    struct header *header;

    if (alignment <= 16)
        return malloc(size);
    if ((alignment & (alignment - 1)) != 0 || size > SIZE_MAX - alignment - HEADER) {
        errno = EINVAL;
        return NULL;
    }
    start = map((size + alignment + HEADER + 4095) & ~4095UL);
    if (start == NULL)
        return NULL;
    block = (char *)(((uintptr_t)start + HEADER + alignment - 1) & ~(alignment - 1));
    header = header_of(block);
    header->class = CLASSES - 1;
    header->size = size;
    return block;
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *got = memalign(alignment, size);
    if (got == NULL)
        return errno;
    *block = got;
    return 0;
}
