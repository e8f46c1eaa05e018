/* file.h: what a FILE is. One buffer serves reading or writing, whichever came last. */
#ifndef _FILE_H
#define _FILE_H

#include <stdio.h>

enum {
    CAN_READ = 1, CAN_WRITE = 2, APPENDS = 4,
    AT_END = 8, HAS_FAILED = 16,
    IS_READING = 32, IS_WRITING = 64,
    OWNS_BUFFER = 128, IS_STATIC = 256
};

struct __FILE {
    int descriptor;
    int flags;
    int mode;                  /* _IOFBF, _IOLBF or _IONBF */
    int pushed;                /* what ungetc gave back, or EOF */
    unsigned char *buffer;     /* NULL until it is needed */
    size_t size;
    size_t position;           /* reading: the next byte; writing: how many wait */
    size_t end;                /* reading: how many bytes are in the buffer */
    FILE *next;                /* all open files, for __flush_all */
};

extern FILE *__open_files;

/* Each is 0, or EOF after setting HAS_FAILED (or AT_END). */
int __begin_reading(FILE *file);
int __begin_writing(FILE *file);
int __fill(FILE *file);        /* reads the next part into the empty buffer */
int __drain(FILE *file);       /* writes what waits */

/* How many of the bytes were taken. */
size_t __put(FILE *file, const char *bytes, size_t length);

#endif
