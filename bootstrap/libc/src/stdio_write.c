/* stdio_write.c: bytes, lines and blocks out. */
#include <string.h>
#include "file.h"

int fputc(int c, FILE *file)
{
    char byte = (char)c;
    /* The common case without a call: room in a fully buffered file. */
    if ((file->flags & IS_WRITING) && file->mode == _IOFBF && file->position + 1 < file->size) {
        file->buffer[file->position++] = (unsigned char)c;
        return (unsigned char)c;
    }
    return __put(file, &byte, 1) == 1 ? (unsigned char)c : EOF;
}

int putc(int c, FILE *file) { return fputc(c, file); }
int putchar(int c) { return fputc(c, stdout); }

int fputs(const char *text, FILE *file)
{
    size_t length = strlen(text);
    return __put(file, text, length) == length ? 0 : EOF;
}

int puts(const char *text)
{
    return fputs(text, stdout) == EOF || putchar('\n') == EOF ? EOF : 0;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
    if (size == 0 || count == 0)
        return 0;
    return __put(file, from, size * count) / size;
}
