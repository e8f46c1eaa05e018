/* alloca.h: memory on the stack of the calling function. cc has it built in; tcc's is in libtcc1. */
#ifndef _ALLOCA_H
#define _ALLOCA_H

#ifdef __TINYC__
void *alloca(unsigned long size);
#else
#define alloca(size) __builtin_alloca(size)
#endif

#endif
