/* printf.c: formatted text. Reads the format, fetches the arguments, and formats integers and strings;
   floating point is in printf_float.c. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "file.h"
#include "format.h"
#include "internal.h"

/* In a struct, a va_list can be passed on by pointer whatever kind of type it is. */
struct arguments {
    va_list list;
};

void __emit(struct sink *sink, const char *bytes, size_t length)
{
    if (sink->file != NULL) {
        if (length > 0 && __put(sink->file, bytes, length) != length)
            sink->failed = 1;
    } else if (sink->total < sink->room) {
        size_t fits = sink->room - sink->total;
        memcpy(sink->to + sink->total, bytes, length < fits ? length : fits);
    }
    sink->total += length;
}

void __emit_repeated(struct sink *sink, int c, long count)
{
    char piece[32];
    memset(piece, c, sizeof piece);
    for (; count > 0; count -= (long)sizeof piece)
        __emit(sink, piece, count < (long)sizeof piece ? (size_t)count : sizeof piece);
}

static long padding(const struct conversion *c, const char *prefix, long body)
{
    return c->width - (long)strlen(prefix) - body;
}

void __before(struct sink *sink, const struct conversion *c, const char *prefix, long body)
{
    if (!c->left && !c->zero)
        __emit_repeated(sink, ' ', padding(c, prefix, body));
    __emit(sink, prefix, strlen(prefix));
    if (!c->left && c->zero)
        __emit_repeated(sink, '0', padding(c, prefix, body));
}

void __after(struct sink *sink, const struct conversion *c, const char *prefix, long body)
{
    if (c->left)
        __emit_repeated(sink, ' ', padding(c, prefix, body));
}

static void format_text(struct sink *sink, struct conversion *c, const char *text, size_t length)
{
    c->zero = 0;
    __before(sink, c, "", (long)length);
    __emit(sink, text, length);
    __after(sink, c, "", (long)length);
}

static void format_string(struct sink *sink, struct conversion *c, const char *text)
{
    if (text == NULL)
        text = c->precision < 0 || c->precision >= 6 ? "(null)" : "";
    format_text(sink, c, text, c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision));
}

static void format_integer(struct sink *sink, struct conversion *c, uint64_t value,
                           const char *prefix)
{
    char digits[24], *first = digits + sizeof digits;   /* 64 bits are 22 octal digits */
    const char *alphabet = c->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned int base = c->letter == 'o' ? 8 : strchr("xXp", c->letter) != NULL ? 16 : 10;
    long length, zeros;

    while (value != 0) {
        *--first = alphabet[value % base];
        value /= base;
    }
    length = digits + sizeof digits - first;
    zeros = (c->precision < 0 ? 1 : c->precision) - length;
    if (zeros < 0)
        zeros = 0;
    if (c->letter == 'o' && c->alternative && zeros == 0)
        zeros = 1;
    if (c->precision >= 0)
        c->zero = 0;
    __before(sink, c, prefix, zeros + length);
    __emit_repeated(sink, '0', zeros);
    __emit(sink, first, (size_t)length);
    __after(sink, c, prefix, zeros + length);
}

static const char *sign_prefix(const struct conversion *c, int negative)
{
    return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
}

static void format_signed(struct sink *sink, struct conversion *c, struct arguments *arguments)
{
    int64_t value;
    switch (c->length) {
    case 'l': case 'q': case 'z': case 'j': case 't': case 'L':
        value = va_arg(arguments->list, long);
        break;
    case 'h': value = (short)va_arg(arguments->list, int); break;
    case 'H': value = (signed char)va_arg(arguments->list, int); break;
    default: value = va_arg(arguments->list, int); break;
    }
    format_integer(sink, c, value < 0 ? 0 - (uint64_t)value : (uint64_t)value,
                   sign_prefix(c, value < 0));
}

static void format_unsigned(struct sink *sink, struct conversion *c, struct arguments *arguments)
{
    uint64_t value;
    const char *prefix = "";
    switch (c->length) {
    case 'l': case 'q': case 'z': case 'j': case 't': case 'L':
        value = va_arg(arguments->list, unsigned long);
        break;
    case 'h': value = (unsigned short)va_arg(arguments->list, int); break;
    case 'H': value = (unsigned char)va_arg(arguments->list, int); break;
    default: value = va_arg(arguments->list, unsigned int); break;
    }
    if (c->alternative && value != 0 && c->letter == 'x')
        prefix = "0x";
    if (c->alternative && value != 0 && c->letter == 'X')
        prefix = "0X";
    format_integer(sink, c, value, prefix);
}

static void format_pointer(struct sink *sink, struct conversion *c, void *pointer)
{
    if (pointer == NULL)
        format_text(sink, c, "(nil)", 5);
    else
        format_integer(sink, c, (uintptr_t)pointer, "0x");
}

static void store_count(const struct conversion *c, long count, void *to)
{
    switch (c->length) {
    case 'l': case 'q': case 'z': case 'j': case 't': *(long *)to = count; break;
    case 'h': *(short *)to = (short)count; break;
    case 'H': *(signed char *)to = (signed char)count; break;
    default: *(int *)to = (int)count; break;
    }
}

/* A width or precision: digits, or * for an argument. */
static int parse_number(const char **format, struct arguments *arguments)
{
    int number = 0;
    if (**format == '*') {
        ++*format;
        return va_arg(arguments->list, int);
    }
    for (; **format >= '0' && **format <= '9'; ++*format)
        if (number < 100000000)
            number = number * 10 + (**format - '0');
    return number;
}

static const char *parse_conversion(const char *format, struct conversion *c,
                                    struct arguments *arguments)
{
    memset(c, 0, sizeof *c);
    for (;; format++) {
        if (*format == '-') c->left = 1;
        else if (*format == '+') c->plus = 1;
        else if (*format == ' ') c->space = 1;
        else if (*format == '#') c->alternative = 1;
        else if (*format == '0') c->zero = 1;
        else if (*format != '\'') break;        /* grouping: none in the "C" locale */
    }
    c->width = parse_number(&format, arguments);
    if (c->width < 0) {
        c->left = 1;
        c->width = -c->width;
    }
    c->precision = -1;
    if (*format == '.') {
        format++;
        c->precision = parse_number(&format, arguments);
        if (c->precision < 0)
            c->precision = -1;
    }
    while (*format != 0 && strchr("hlLzjtq", *format) != NULL) {
        if (*format == 'h' && c->length == 'h') c->length = 'H';
        else if (*format == 'l' && c->length == 'l') c->length = 'q';
        else c->length = *format;
        format++;
    }
    c->letter = (unsigned char)*format;
    return *format != 0 ? format + 1 : format;
}

static void format_one(struct sink *sink, struct conversion *c, struct arguments *arguments)
{
    char character;
    switch (c->letter) {
    case 'd': case 'i':
        format_signed(sink, c, arguments);
        break;
    case 'o': case 'u': case 'x': case 'X':
        format_unsigned(sink, c, arguments);
        break;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        format_text(sink, c, &character, 1);
        break;
    case 's':
        format_string(sink, c, va_arg(arguments->list, char *));
        break;
    case 'p':
        format_pointer(sink, c, va_arg(arguments->list, void *));
        break;
    case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
        if (c->length == 'L')
            __format_float(sink, c, va_arg(arguments->list, long double), 1);
        else
            __format_float(sink, c, va_arg(arguments->list, double), 0);
        break;
    case 'n':
        store_count(c, (long)sink->total, va_arg(arguments->list, void *));
        break;
    case '%':
        __emit(sink, "%", 1);
        break;
    default:                                   /* no such conversion: nothing is fetched or written */
        break;
    }
}

static int format_all(struct sink *sink, const char *format, va_list list)
{
    struct arguments arguments;
    struct conversion c;

    va_copy(arguments.list, list);
    while (*format != 0) {
        size_t plain = strcspn(format, "%");
        __emit(sink, format, plain);
        format += plain;
        if (*format == '%') {
            format = parse_conversion(format + 1, &c, &arguments);
            format_one(sink, &c, &arguments);
        }
    }
    va_end(arguments.list);
    return sink->failed || sink->total > 0x7fffffff ? -1 : (int)sink->total;
}

int vfprintf(FILE *file, const char *format, va_list arguments)
{
    struct sink sink = { NULL, NULL, 0, 0, 0 };
    unsigned char buffer[512];
    int result, borrowed = 0;

    sink.file = file;
    if (__begin_writing(file) == EOF)
        return -1;
    if (file->mode == _IONBF) {
        /* A buffer for this call: one write for a message, not one for each of its parts. */
        file->buffer = buffer;
        file->size = sizeof buffer;
        file->mode = _IOFBF;
        borrowed = 1;
    }
    result = format_all(&sink, format, arguments);
    if (borrowed) {
        if (__drain(file) == EOF)
            result = -1;
        file->mode = _IONBF;
        file->buffer = NULL;
        file->size = 0;
    }
    return result;
}

int vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    struct sink sink = { NULL, NULL, 0, 0, 0 };
    int result;

    sink.to = to;
    sink.room = size > 0 ? size - 1 : 0;
    result = format_all(&sink, format, arguments);
    if (size > 0)
        to[sink.total < sink.room ? sink.total : sink.room] = 0;
    return result;
}

int vsprintf(char *to, const char *format, va_list arguments)
{
    return vsnprintf(to, SIZE_MAX, format, arguments);
}

int vprintf(const char *format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

int vasprintf(char **to, const char *format, va_list arguments)
{
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        return -1;
    *to = malloc((size_t)length + 1);
    if (*to == NULL)
        return -1;
    return vsnprintf(*to, (size_t)length + 1, format, arguments);
}

int vdprintf(int descriptor, const char *format, va_list arguments)
{
    char *text;
    int length = vasprintf(&text, format, arguments), written = 0;

    if (length < 0)
        return -1;
    while (written < length) {
        ssize_t part = write(descriptor, text + written, (size_t)(length - written));
        if (part < 0) {
            length = -1;
            break;
        }
        written += (int)part;
    }
    free(text);
    return length;
}

/* The functions with arguments of their own differ in nothing but where the text goes. */
#define WITH_ARGUMENTS(last, call)  \
    {                               \
        va_list arguments;          \
        int result;                 \
        va_start(arguments, last);  \
        result = call;              \
        va_end(arguments);          \
        return result;              \
    }

int printf(const char *format, ...)
WITH_ARGUMENTS(format, vfprintf(stdout, format, arguments))

int fprintf(FILE *file, const char *format, ...)
WITH_ARGUMENTS(format, vfprintf(file, format, arguments))

int sprintf(char *to, const char *format, ...)
WITH_ARGUMENTS(format, vsprintf(to, format, arguments))

int snprintf(char *to, size_t size, const char *format, ...)
WITH_ARGUMENTS(format, vsnprintf(to, size, format, arguments))

int asprintf(char **to, const char *format, ...)
WITH_ARGUMENTS(format, vasprintf(to, format, arguments))

int dprintf(int descriptor, const char *format, ...)
WITH_ARGUMENTS(format, vdprintf(descriptor, format, arguments))
