/* qsort.c: heap sort, which needs no memory and no luck, and binary search.

   The heap: element i is not less than its children 2i+1 and 2i+2. First all elements are made a
   heap, then the greatest is swapped to the end again and again. Equal elements keep no order;
   a result that depends on it would depend on the libc. */
#include <stdlib.h>
#include "internal.h"

static void swap(char *a, char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        char kept = *a;
        *a = *b;
        *b = kept;
    }
}

/* Lets element i sink until the heap of the first count elements is in order below it. */
static void sink(char *base, size_t i, size_t count, size_t size,
                 int (*compare)(const void *, const void *))
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + i * size, base + child * size) >= 0)
            return;
        swap(base + i * size, base + child * size, size);
        i = child;
    }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    size_t i;
    for (i = count / 2; i > 0; i--)
        sink(base, i - 1, count, size, compare);
    for (i = count; i > 1; i--) {
        swap(base, (char *)base + (i - 1) * size, size);
        sink(base, 0, i - 1, size, compare);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *from = base;
    while (count > 0) {
        const char *middle = from + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            from = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}
