/* stdio_read.c: bytes, lines and blocks in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"

int fgetc(FILE *file)
{
    if (file->pushed != EOF) {
        int c = file->pushed;
        file->pushed = EOF;
        return c;
    }
    if (__begin_reading(file) == EOF)
        return EOF;
    if (file->position == file->end && __fill(file) == EOF)
        return EOF;
    return file->buffer[file->position++];
}

int getc(FILE *file) { return fgetc(file); }
int getchar(void) { return fgetc(stdin); }

int ungetc(int c, FILE *file)
{
    if (c == EOF || file->pushed != EOF || __begin_reading(file) == EOF)
        return EOF;
    file->pushed = (unsigned char)c;
    file->flags &= ~AT_END;
    return file->pushed;
}

size_t fread(void *to, size_t size, size_t count, FILE *file)
{
    unsigned char *t = to;
    size_t wanted = size * count, left = wanted;

    if (wanted == 0)
        return 0;
    while (left > 0) {
        size_t part;
        int c = fgetc(file);           /* fills the buffer if need be */
        if (c == EOF)
            break;
        *t++ = (unsigned char)c;
        left--;
        part = file->flags & IS_READING ? file->end - file->position : 0;
        if (part > left)
            part = left;
        memcpy(t, file->buffer + file->position, part);
        file->position += part;
        t += part;
        left -= part;
    }
    return (wanted - left) / size;
}

char *fgets(char *line, int size, FILE *file)
{
    int length = 0;
    while (length < size - 1) {
        int c = fgetc(file);
        if (c == EOF) {
            if (length == 0 || ferror(file))
                return NULL;
            break;
        }
        line[length++] = (char)c;
        if (c == '\n')
            break;
    }
    line[length] = 0;
    return line;
}

ssize_t getline(char **line, size_t *size, FILE *file)
{
    size_t length = 0;
    for (;;) {
        int c = fgetc(file);
        if (length + 2 > *size || *line == NULL) {
            size_t larger = *size < 64 ? 128 : *size * 2;
            char *moved = realloc(*line, larger);
            if (moved == NULL)
                return -1;
            *line = moved;
            *size = larger;
        }
        if (c == EOF && length == 0)
            return -1;
        if (c != EOF)
            (*line)[length++] = (char)c;
        if (c == EOF || c == '\n')
            break;
    }
    (*line)[length] = 0;
    return (ssize_t)length;
}
