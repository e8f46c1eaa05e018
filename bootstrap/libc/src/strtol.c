/* strtol.c: text to integers. long and long long are the same here. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include "internal.h"

static int digit_of(int c)
{
    if (isdigit(c))
        return c - '0';
    if (isalpha(c))
        return tolower(c) - 'a' + 10;
    return 99;
}

/* The magnitude of the number at text, its sign, and whether it is above ULONG_MAX. *end is where
   the number ends, or text if there is none. */
static unsigned long parse(const char *text, char **end, int base, int *negative, int *overflow)
{
    const char *at = text;
    unsigned long value = 0;
    int found = 0;

    *negative = *overflow = 0;
    while (isspace((unsigned char)*at))
        at++;
    if (*at == '-' || *at == '+')
        *negative = *at++ == '-';
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')
        && isxdigit((unsigned char)at[2])) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    for (;; at++) {
        int digit = digit_of((unsigned char)*at);
        if (digit >= base)
            break;
        if (value > (ULONG_MAX - (unsigned long)digit) / (unsigned long)base)
            *overflow = 1;
        value = value * (unsigned long)base + (unsigned long)digit;
        found = 1;
    }
    if (end != NULL)
        *end = (char *)(found ? at : text);
    return value;
}

unsigned long strtoul(const char *text, char **end, int base)
{
    int negative, overflow;
    unsigned long value = parse(text, end, base, &negative, &overflow);
    if (overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return negative ? 0 - value : value;
}

long strtol(const char *text, char **end, int base)
{
    int negative, overflow;
    unsigned long value = parse(text, end, base, &negative, &overflow);
    unsigned long limit = negative ? (unsigned long)LONG_MAX + 1 : LONG_MAX;
    if (overflow || value > limit) {
        errno = ERANGE;
        value = limit;
    }
    return (long)(negative ? 0 - value : value);
}

long long strtoll(const char *text, char **end, int base) { return strtol(text, end, base); }

unsigned long long strtoull(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

intmax_t strtoimax(const char *text, char **end, int base) { return strtol(text, end, base); }
uintmax_t strtoumax(const char *text, char **end, int base) { return strtoul(text, end, base); }
int atoi(const char *text) { return (int)strtol(text, NULL, 10); }
long atol(const char *text) { return strtol(text, NULL, 10); }
long long atoll(const char *text) { return strtol(text, NULL, 10); }
