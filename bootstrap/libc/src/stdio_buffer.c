/* stdio_buffer.c: between buffers and system calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "file.h"

static FILE standard_input = {
    0, CAN_READ | IS_STATIC, _IOFBF, EOF, NULL, 0, 0, 0, NULL
};
static FILE standard_output = {
    1, CAN_WRITE | IS_STATIC, _IOFBF, EOF, NULL, 0, 0, 0, &standard_input
};
static FILE standard_error = {
    2, CAN_WRITE | IS_STATIC, _IONBF, EOF, NULL, 0, 0, 0, &standard_output
};

/* The names are macros of themselves in <stdio.h>, as C wants. */
#undef stdin
#undef stdout
#undef stderr
FILE *stdin = &standard_input;
FILE *stdout = &standard_output;
FILE *stderr = &standard_error;
FILE *__open_files = &standard_error;

static int fail(FILE *file)
{
    file->flags |= HAS_FAILED;
    return EOF;
}

static int get_buffer(FILE *file)
{
    if (file->buffer != NULL || file->mode == _IONBF)
        return 0;
    file->buffer = malloc(BUFSIZ);
    if (file->buffer == NULL)
        return fail(file);
    file->size = BUFSIZ;
    file->flags |= OWNS_BUFFER;
    if (file == &standard_output && isatty(1))
        file->mode = _IOLBF;
    return 0;
}

/* Writes all of it, however often the kernel must be asked. */
static int write_all(FILE *file, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file->descriptor, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(file);
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

int __drain(FILE *file)
{
    size_t waiting = file->position;
    if (!(file->flags & IS_WRITING) || waiting == 0)
        return 0;
    file->position = 0;
    return write_all(file, file->buffer, waiting);
}

int __begin_writing(FILE *file)
{
    if (file->flags & IS_WRITING)
        return 0;
    if (!(file->flags & CAN_WRITE)) {
        errno = EBADF;
        return fail(file);
    }
    if (file->flags & IS_READING) {
        /* The kernel is ahead of the program by what is still in the buffer. */
        fseek(file, 0, SEEK_CUR);
        file->flags &= ~IS_READING;
    }
    if (get_buffer(file) == EOF)
        return EOF;
    file->position = file->end = 0;
    file->flags |= IS_WRITING;
    return 0;
}

int __begin_reading(FILE *file)
{
    if (file->flags & IS_READING)
        return 0;
    if (!(file->flags & CAN_READ)) {
        errno = EBADF;
        return fail(file);
    }
    if (file->flags & IS_WRITING) {
        if (__drain(file) == EOF)
            return EOF;
        file->flags &= ~IS_WRITING;
    }
    if (file->mode == _IONBF && file->buffer == NULL) {
        /* Unbuffered means that nothing is read ahead: a buffer of one byte. */
        file->buffer = malloc(1);
        if (file->buffer == NULL)
            return fail(file);
        file->size = 1;
        file->flags |= OWNS_BUFFER;
    }
    if (get_buffer(file) == EOF)
        return EOF;
    file->position = file->end = 0;
    file->flags |= IS_READING;
    return 0;
}

int __fill(FILE *file)
{
    ssize_t length;
    do {
        length = read(file->descriptor, file->buffer, file->size);
    } while (length < 0 && errno == EINTR);
    file->position = 0;
    file->end = length > 0 ? (size_t)length : 0;
    if (length > 0)
        return 0;
    if (length == 0) {
        file->flags |= AT_END;
        return EOF;
    }
    return fail(file);
}

/* Puts bytes into the buffer, which is written whenever it is full. */
static int put_buffered(FILE *file, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t part = file->size - file->position;
        if (file->position == 0 && length >= file->size)
            return write_all(file, (const unsigned char *)bytes, length);   /* no use in copying */
        if (part > length)
            part = length;
        memcpy(file->buffer + file->position, bytes, part);
        file->position += part;
        bytes += part;
        length -= part;
        if (file->position == file->size && __drain(file) == EOF)
            return EOF;
    }
    return 0;
}

size_t __put(FILE *file, const char *bytes, size_t length)
{
    if (__begin_writing(file) == EOF)
        return 0;
    if (file->mode == _IONBF)
        return write_all(file, (const unsigned char *)bytes, length) == EOF ? 0 : length;
    if (put_buffered(file, bytes, length) == EOF)
        return 0;
    if (file->mode == _IOLBF && memchr(bytes, '\n', length) != NULL && __drain(file) == EOF)
        return 0;
    return length;
}

void __flush_all(void)
{
    FILE *file;
    for (file = __open_files; file != NULL; file = file->next)
        __drain(file);
}

#ifndef __SNOWGUARD_CC__
/* For programs that tcc -run starts and that return from main: nobody calls their exit. */
static void __attribute__((destructor)) flush_at_end(void)
{
    __flush_all();
}
#endif
