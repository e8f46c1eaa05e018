/* malloc.h: what some programs include for memalign. */
#ifndef _MALLOC_H
#define _MALLOC_H

#include <stdlib.h>

void *memalign(size_t alignment, size_t size);

#endif
