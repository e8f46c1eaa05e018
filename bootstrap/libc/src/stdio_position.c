/* stdio_position.c: places in files, and their state. */
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include "file.h"

/* Bytes that the kernel has handed out and the program has not had yet. */
static long unread(FILE *file)
{
    long count = file->pushed != EOF;
    if (file->flags & IS_READING)
        count += (long)(file->end - file->position);
    return count;
}

int fseek(FILE *file, long offset, int whence)
{
    if (__drain(file) == EOF)
        return -1;
    if (whence == SEEK_CUR)
        offset -= unread(file);
    if (lseek(file->descriptor, offset, whence) < 0)
        return -1;
    file->position = file->end = 0;
    file->pushed = EOF;
    file->flags &= ~(AT_END | IS_READING | IS_WRITING);
    return 0;
}

long ftell(FILE *file)
{
    long place;
    /* What waits to be appended lands at the end, wherever the kernel's position is now. */
    if ((file->flags & APPENDS) && __drain(file) == EOF)
        return -1;
    place = lseek(file->descriptor, 0, SEEK_CUR);
    if (place < 0)
        return -1;
    if (file->flags & IS_WRITING)
        place += (long)file->position;
    return place - unread(file);
}

int fseeko(FILE *file, off_t offset, int whence) { return fseek(file, offset, whence); }
off_t ftello(FILE *file) { return ftell(file); }

void rewind(FILE *file)
{
    fseek(file, 0, SEEK_SET);
    clearerr(file);
}

int fgetpos(FILE *file, fpos_t *position)
{
    *position = ftell(file);
    return *position < 0 ? -1 : 0;
}

int fsetpos(FILE *file, const fpos_t *position)
{
    return fseek(file, *position, SEEK_SET);
}

int feof(FILE *file) { return (file->flags & AT_END) != 0; }
int ferror(FILE *file) { return (file->flags & HAS_FAILED) != 0; }
void clearerr(FILE *file) { file->flags &= ~(AT_END | HAS_FAILED); }
int fileno(FILE *file) { return file->descriptor; }

void perror(const char *what)
{
    const char *why = strerror(errno);
    if (what != NULL && *what != 0)
        fprintf(stderr, "%s: %s\n", what, why);
    else
        fprintf(stderr, "%s\n", why);
}
