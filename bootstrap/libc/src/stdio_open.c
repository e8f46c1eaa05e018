/* stdio_open.c: opening, closing, flushing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "file.h"

/* Flags of open() for a mode of fopen, and our own; -1 if it is none. */
static int parse_mode(const char *mode, int *ours)
{
    int both = strchr(mode, '+') != NULL, flags;

    switch (*mode) {
    case 'r': flags = 0; *ours = CAN_READ; break;
    case 'w': flags = O_CREAT | O_TRUNC; *ours = CAN_WRITE; break;
    case 'a': flags = O_CREAT | O_APPEND; *ours = CAN_WRITE | APPENDS; break;
    default: errno = EINVAL; return -1;
    }
    if (both)
        *ours |= CAN_READ | CAN_WRITE;
    if (strchr(mode, 'x') != NULL)
        flags |= O_EXCL;
    if (strchr(mode, 'e') != NULL)
        flags |= O_CLOEXEC;
    return flags | (both ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY);
}

static void forget(FILE *file)
{
    FILE **link;
    for (link = &__open_files; *link != file; link = &(*link)->next)
        ;
    *link = file->next;
}

static void set_up(FILE *file, int descriptor, int flags)
{
    file->descriptor = descriptor;
    file->flags = flags;
    file->mode = _IOFBF;
    file->pushed = EOF;
    file->buffer = NULL;
    file->size = file->position = file->end = 0;
    file->next = __open_files;
    __open_files = file;
}

FILE *fdopen(int descriptor, const char *mode)
{
    int ours;
    FILE *file;

    if (parse_mode(mode, &ours) < 0)
        return NULL;
    file = malloc(sizeof *file);
    if (file != NULL)
        set_up(file, descriptor, ours);
    return file;
}

FILE *fopen(const char *path, const char *mode)
{
    int ours, descriptor, flags = parse_mode(mode, &ours);
    FILE *file;

    if (flags < 0)
        return NULL;
    descriptor = open(path, flags, 0666);
    if (descriptor < 0)
        return NULL;
    file = fdopen(descriptor, mode);
    if (file == NULL)
        close(descriptor);
    return file;
}

/* Drains, closes and takes it out of the list; the memory of the FILE stays. */
static int shut(FILE *file)
{
    int result = __drain(file);
    if (file->flags & OWNS_BUFFER)
        free(file->buffer);
    forget(file);
    if (close(file->descriptor) < 0)
        result = EOF;
    return result;
}

int fclose(FILE *file)
{
    int is_static = file->flags & IS_STATIC, result = shut(file);
    if (!is_static)
        free(file);
    return result;
}

FILE *freopen(const char *path, const char *mode, FILE *file)
{
    int ours, descriptor, is_static = file->flags & IS_STATIC, flags = parse_mode(mode, &ours);

    shut(file);
    descriptor = flags < 0 ? -1 : open(path, flags, 0666);
    if (descriptor < 0) {
        if (!is_static)
            free(file);
        return NULL;
    }
    set_up(file, descriptor, ours | is_static);
    return file;
}

int fflush(FILE *file)
{
    int result = 0;
    if (file != NULL)
        return __drain(file);
    for (file = __open_files; file != NULL; file = file->next)
        if (__drain(file) == EOF)
            result = EOF;
    return result;
}

int setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF)
        return -1;
    __drain(file);
    file->flags &= ~(IS_READING | IS_WRITING);
    if (file->flags & OWNS_BUFFER)
        free(file->buffer);
    file->flags &= ~OWNS_BUFFER;
    file->mode = mode;
    file->buffer = mode == _IONBF || size == 0 ? NULL : (unsigned char *)buffer;
    file->size = file->buffer == NULL ? 0 : size;
    return 0;
}

void setbuf(FILE *file, char *buffer)
{
    setvbuf(file, buffer, buffer == NULL ? _IONBF : _IOFBF, BUFSIZ);
}
