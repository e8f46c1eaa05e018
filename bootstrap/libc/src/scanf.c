/* scanf.c: formatted input. Each field is first collected as text, as long as it can still become what
   the conversion wants, then converted by strtol and strtod. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "internal.h"

/* Where characters come from: a file, or a string. */
struct source {
    FILE *file;
    const char *text;
    long taken;
};

struct field {
    int width;                  /* most characters; a large number if none is given */
    int suppress;               /* '*': nothing is stored */
    int length;                 /* h, H (hh), l, q (ll), L, z, j, t or 0 */
};

#define LONGEST_NUMBER 400      /* longer numbers are cut, which the standard allows from 509 on */

static int take(struct source *s)
{
    int c = s->file != NULL ? fgetc(s->file) : *s->text != 0 ? (unsigned char)*s->text++ : EOF;
    if (c != EOF)
        s->taken++;
    return c;
}

static void give_back(struct source *s, int c)
{
    if (c == EOF)
        return;
    s->taken--;
    if (s->file != NULL)
        ungetc(c, s->file);
    else
        s->text--;
}

static int skip_space(struct source *s)
{
    int c = take(s);
    while (isspace(c))
        c = take(s);
    give_back(s, c);
    return c;
}

static void store_integer(const struct field *f, void *to, uint64_t value)
{
    switch (f->length) {
    case 'l': case 'q': case 'z': case 'j': case 't': case 'L': *(uint64_t *)to = value; break;
    case 'h': *(uint16_t *)to = (uint16_t)value; break;
    case 'H': *(uint8_t *)to = (uint8_t)value; break;
    default: *(uint32_t *)to = (uint32_t)value; break;
    }
}

/* Collects the characters of an integer of a base (0: as in C); 0 if there is none. */
static int collect_integer(struct source *s, const struct field *f, char *text, int *base)
{
    int length = 0, digits = 0, c = take(s), width = f->width < LONGEST_NUMBER ? f->width : LONGEST_NUMBER;

    if (width > 0 && (c == '-' || c == '+')) {
        text[length++] = (char)c;
        c = take(s);
    }
    if (length < width && c == '0' && (*base == 0 || *base == 16)) {
        text[length++] = (char)c;
        digits++;
        c = take(s);
        if (length < width && (c == 'x' || c == 'X')) {
            *base = 16;
            text[length++] = (char)c;
            digits = 0;
            c = take(s);
        } else if (*base == 0) {
            *base = 8;
        }
    }
    if (*base == 0)
        *base = 10;
    while (length < width && (*base == 16 ? isxdigit(c) : isdigit(c) && c - '0' < *base)) {
        text[length++] = (char)c;
        digits++;
        c = take(s);
    }
    give_back(s, c);
    text[length] = 0;
    return digits;
}

/* Collects the characters of a floating number, in the order in which they may come. */
static int collect_float(struct source *s, const struct field *f, char *text)
{
    static const char infinity[] = "infinity", nan[] = "nan";
    int length = 0, digits = 0, point = 0, hexadecimal = 0, c = take(s);
    int width = f->width < LONGEST_NUMBER ? f->width : LONGEST_NUMBER;
    const char *name = NULL;

    if (width > 0 && (c == '-' || c == '+')) {
        text[length++] = (char)c;
        c = take(s);
    }
    if (tolower(c) == 'i')
        name = infinity;
    if (tolower(c) == 'n')
        name = nan;
    if (name != NULL) {
        int matched = 0;
        for (; length < width && name[matched] != 0 && tolower(c) == name[matched]; matched++) {
            text[length++] = (char)c;
            c = take(s);
        }
        give_back(s, c);
        text[length] = 0;
        return matched == 3 || name[matched] == 0;
    }
    for (; length < width; c = take(s)) {
        if (hexadecimal ? isxdigit(c) : isdigit(c))
            digits++;
        else if (c == '.' && !point)
            point = 1;
        else if ((c == 'x' || c == 'X') && digits == 1 && !point && !hexadecimal
                 && text[length - 1] == '0')
            hexadecimal = 1, digits = 0;
        else
            break;
        text[length++] = (char)c;
    }
    if (digits > 0 && length < width
        && (hexadecimal ? c == 'p' || c == 'P' : c == 'e' || c == 'E')) {
        text[length++] = (char)c;
        c = take(s);
        digits = 0;
        if (length < width && (c == '-' || c == '+')) {
            text[length++] = (char)c;
            c = take(s);
        }
        for (; length < width && isdigit(c); c = take(s)) {
            text[length++] = (char)c;
            digits++;
        }
    }
    give_back(s, c);
    text[length] = 0;
    return digits;
}

/* %[...]: marks the characters of the set; gives what stands behind it. */
static const char *parse_set(const char *format, char *in_set)
{
    int negated = *format == '^', first = 1, c;

    if (negated)
        format++;
    memset(in_set, negated, 256);
    for (; *format != 0 && (first || *format != ']'); format++) {
        int to = (unsigned char)*format;
        if (format[1] == '-' && format[2] != ']' && format[2] != 0) {
            to = (unsigned char)format[2];
            for (c = (unsigned char)*format; c <= to; c++)
                in_set[c] = !negated;
            format += 2;
        }
        in_set[to] = !negated;
        first = 0;
    }
    return *format == ']' ? format + 1 : format;
}

/* Characters of a set (all, if it is NULL) into memory; with a zero behind them if it is a string. */
static int read_characters(struct source *s, const struct field *f, const char *in_set, char *to,
                           int is_string)
{
    int count = 0, c = EOF;
    for (; count < f->width; count++) {
        c = take(s);
        if (c == EOF || (in_set != NULL && !in_set[c])) {
            give_back(s, c);
            break;
        }
        if (to != NULL)
            to[count] = (char)c;
    }
    if (to != NULL && is_string && count > 0)
        to[count] = 0;
    return is_string ? count > 0 : count == f->width;
}

/* One conversion. 1: a field was read; 0: what is there does not match; EOF: there is nothing. */
static int convert(struct source *s, const struct field *f, int letter, const char *in_set, void *to)
{
    char text[LONGEST_NUMBER + 2], not_space[256];
    int base, c;

    if (letter != 'c' && letter != '[' && letter != 'n' && skip_space(s) == EOF)
        return EOF;
    switch (letter) {
    case 'd': base = 10; goto integer;
    case 'u': base = 10; goto integer;
    case 'i': base = 0; goto integer;
    case 'o': base = 8; goto integer;
    case 'x': case 'X': case 'p': base = 16; goto integer;
    integer:
        if (!collect_integer(s, f, text, &base))
            return 0;
        if (to != NULL && letter == 'p')
            *(uint64_t *)to = strtoul(text, NULL, base);
        else if (to != NULL && (letter == 'd' || letter == 'i'))
            store_integer(f, to, (uint64_t)strtol(text, NULL, base));
        else if (to != NULL)
            store_integer(f, to, strtoul(text, NULL, base));
        return 1;
    case 'a': case 'e': case 'f': case 'g': case 'A': case 'E': case 'F': case 'G':
        if (!collect_float(s, f, text))
            return 0;
        if (to != NULL && f->length == 'L')
            *(long double *)to = strtold(text, NULL);
        else if (to != NULL && f->length == 'l')
            *(double *)to = strtod(text, NULL);
        else if (to != NULL)
            *(float *)to = strtof(text, NULL);
        return 1;
    case 's':
        for (c = 0; c < 256; c++)
            not_space[c] = !isspace(c);
        return read_characters(s, f, not_space, to, 1);
    case '[': case 'c':
        c = take(s);
        if (c == EOF)
            return EOF;
        give_back(s, c);
        return read_characters(s, f, in_set, to, letter == '[');
    default:
        return 0;
    }
}

static int scan(struct source *s, const char *format, va_list list)
{
    int stored = 0, result;
    char in_set[256];
    va_list arguments;

    va_copy(arguments, list);
    for (; *format != 0; ) {
        struct field f = { 0, 0, 0 };
        const char *set = NULL;
        void *to = NULL;
        int letter, c;

        if (isspace((unsigned char)*format)) {
            skip_space(s);
            format++;
            continue;
        }
        if (*format != '%' || format[1] == '%') {
            if (*format == '%') {
                format++;
                skip_space(s);
            }
            c = take(s);
            if (c != (unsigned char)*format) {
                give_back(s, c);
                if (c == EOF && stored == 0)
                    stored = EOF;
                break;
            }
            format++;
            continue;
        }
        format++;
        if (*format == '*') {
            f.suppress = 1;
            format++;
        }
        for (; isdigit((unsigned char)*format); format++)
            if (f.width < 100000000)
                f.width = f.width * 10 + (*format - '0');
        while (*format != 0 && strchr("hlLzjtq", *format) != NULL) {
            f.length = *format == f.length ? (*format == 'h' ? 'H' : 'q') : *format;
            format++;
        }
        letter = (unsigned char)*format;
        if (letter != 0)
            format++;
        if (f.width == 0)
            f.width = letter == 'c' ? 1 : 0x7fffffff;
        if (letter == '[') {
            format = parse_set(format, in_set);
            set = in_set;
        }
        if (!f.suppress)
            to = va_arg(arguments, void *);
        if (letter == 'n') {
            if (to != NULL)
                store_integer(&f, to, (uint64_t)s->taken);
            continue;
        }
        result = convert(s, &f, letter, set, to);
        if (result == EOF && stored == 0)
            stored = EOF;
        if (result != 1)
            break;
        stored += !f.suppress;
    }
    va_end(arguments);
    return stored;
}

int vfscanf(FILE *file, const char *format, va_list arguments)
{
    struct source source = { NULL, NULL, 0 };
    source.file = file;
    return scan(&source, format, arguments);
}

int vsscanf(const char *text, const char *format, va_list arguments)
{
    struct source source = { NULL, NULL, 0 };
    source.text = text;
    return scan(&source, format, arguments);
}

int vscanf(const char *format, va_list arguments)
{
    return vfscanf(stdin, format, arguments);
}

#define WITH_ARGUMENTS(last, call)  \
    {                               \
        va_list arguments;          \
        int result;                 \
        va_start(arguments, last);  \
        result = call;              \
        va_end(arguments);          \
        return result;              \
    }

int scanf(const char *format, ...)
WITH_ARGUMENTS(format, vfscanf(stdin, format, arguments))

int fscanf(FILE *file, const char *format, ...)
WITH_ARGUMENTS(format, vfscanf(file, format, arguments))

int sscanf(const char *text, const char *format, ...)
WITH_ARGUMENTS(format, vsscanf(text, format, arguments))
