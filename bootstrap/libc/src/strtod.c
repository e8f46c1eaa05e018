/* strtod.c: text to float, double and long double, correctly rounded (half to even).

   A decimal number is taken in exactly (decimal.h), then shifted by powers of two until its whole
   part has as many bits as the mantissa of the format; what is left behind the point decides the
   rounding. Digits too far behind the point to be kept are noted as "more than nothing": all
   values half way between two neighbours are short enough to be kept whole. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include "decimal.h"
#include "internal.h"

/* What a format can hold. */
struct format {
    int precision;      /* bits of the mantissa */
    int smallest;       /* every value is a multiple of 2^smallest */
    int largest;        /* every value is below 2^largest */
};
static const struct format float_format = { 24, -149, 128 };
static const struct format double_format = { 53, -1074, 1024 };
static const struct format long_double_format = { 64, -16445, 16384 };

/* What was read: value = mantissa * 2^exponent, or a name. */
enum kind { NOTHING, NUMBER, INFINITE, NOT_A_NUMBER };
struct result {
    enum kind kind;
    int negative;
    uint64_t mantissa;
    int exponent;
};

static void overflow(struct result *r)
{
    r->kind = INFINITE;
    errno = ERANGE;
}

/* mantissa * 2^exponent plus something below one unit, of which `rest` says: 0 nothing, 1 less than
   half, 2 half, 3 more. The mantissa has at most precision bits. */
static void round_up_or_not(struct result *r, const struct format *f, int rest)
{
    if (rest != 0 && r->mantissa >> (f->precision - 1) == 0)
        errno = ERANGE;                        /* subnormal and inexact */
    if (rest == 3 || (rest == 2 && (r->mantissa & 1))) {
        r->mantissa++;
        if (f->precision == 64 ? r->mantissa == 0 : r->mantissa >> f->precision != 0) {
            r->mantissa = (uint64_t)1 << (f->precision - 1);
            r->exponent++;
        }
    }
    if (r->mantissa != 0 && r->exponent + f->precision > f->largest)
        overflow(r);
}

static int bit_length(uint64_t value)
{
    int bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

/* The whole part of a number below 10^27, if it fits in 64 bits, else all ones. */
static uint64_t whole_part(const struct decimal *d)
{
    uint64_t value = 0;
    int i;
    for (i = DECIMAL_POINT - 3; i < DECIMAL_POINT; i++) {
        uint64_t limb = __decimal_limb(d, i);
        if (value > (UINT64_MAX - limb) / DECIMAL_BASE)
            return UINT64_MAX;
        value = value * DECIMAL_BASE + limb;
    }
    return value;
}

/* What is behind the point, in the terms of round_up_or_not. */
static int part_behind_point(const struct decimal *d)
{
    uint32_t limb = __decimal_limb(d, DECIMAL_POINT);
    int more = d->end > DECIMAL_POINT + 1 || d->inexact;

    if (limb >= DECIMAL_BASE / 2)
        return limb > DECIMAL_BASE / 2 || more ? 3 : 2;
    return limb != 0 || more ? 1 : 0;
}

static void from_decimal(struct result *r, const struct format *f, struct decimal *d)
{
    int exponent = 0, shift;

    r->mantissa = 0;
    r->exponent = f->smallest;
    if (d->first == d->end) {
        if (d->inexact)
            errno = ERANGE;
        return;
    }
    /* Coarsely, until the whole part has between 1 and 64 bits ... */
    while (d->first < DECIMAL_POINT - 2) {
        __decimal_shift_right(d, 29);
        exponent += 29;
    }
    while (d->first >= DECIMAL_POINT && exponent > f->smallest) {
        int step = exponent - f->smallest < 29 ? exponent - f->smallest : 29;
        __decimal_shift_left(d, step);
        exponent -= step;
    }
    /* ... then exactly. */
    shift = f->precision - bit_length(whole_part(d));
    if (exponent - shift < f->smallest)
        shift = exponent - f->smallest;
    if (shift >= 0)
        __decimal_shift_left(d, shift);
    else
        __decimal_shift_right(d, -shift);
    r->mantissa = whole_part(d);
    r->exponent = exponent - shift;
    round_up_or_not(r, f, part_behind_point(d));
}

/* Exponent behind e or p; *text moves on if there is one. Far out of range it stops growing. */
static int parse_exponent(const char **text)
{
    const char *at = *text + 1;
    int negative = 0, value = 0;

    if (*at == '-' || *at == '+')
        negative = *at++ == '-';
    if (!isdigit((unsigned char)*at))
        return 0;
    for (; isdigit((unsigned char)*at); at++)
        if (value < 100000000)
            value = value * 10 + (*at - '0');
    *text = at;
    return negative ? -value : value;
}

/* Puts a digit at a place (worth 10^place) of a number whose digits come from the left. */
static void put_digit(struct decimal *d, int place, int digit)
{
    int limbs = place >= 0 ? place / 9 : -((8 - place) / 9), i = DECIMAL_POINT - 1 - limbs, n;
    uint32_t value = (uint32_t)digit;

    if (i >= DECIMAL_LIMBS) {
        d->inexact |= digit != 0;
        return;
    }
    for (n = place - limbs * 9; n > 0; n--)
        value *= 10;
    if (d->first == d->end)
        d->first = d->end = i;
    while (d->end <= i)
        d->limb[d->end++] = 0;
    d->limb[i] += value;
}

/* The exact number. Returns 0 if it is too large for every format. */
static int read_decimal(struct decimal *d, const char **text)
{
    const char *first = *text, *at;
    int place, before = 0, leading = 1, exponent = 0;

    while (isdigit((unsigned char)first[before]))
        before++;
    at = first + before;
    if (*at == '.')
        at++;
    while (isdigit((unsigned char)*at))
        at++;
    if (*at == 'e' || *at == 'E') {
        const char *end = at;
        exponent = parse_exponent(&end);
        *text = end;
    } else {
        *text = at;
    }
    __decimal_set(d, 0);
    place = before - 1 + exponent;
    for (; first < at; first++) {
        if (!isdigit((unsigned char)*first))
            continue;
        if (*first != '0' || !leading) {
            if (leading && place >= 4960)
                return 0;
            leading = 0;
            if (*first != '0')
                put_digit(d, place, *first - '0');
        }
        if (place > -100000000 * 2)
            place--;
    }
    return 1;
}

/* 0xh.hhhp+d, behind the 0x: 64 bits are kept, the rest only counts for the rounding. */
static void read_hexadecimal(struct result *r, const struct format *f, const char **text)
{
    const char *at = *text;
    uint64_t mantissa = 0, next = 0;    /* next: the 4 bits behind the mantissa */
    int exponent = 0, point = 0, full = 0, more = 0, down, rest;

    for (;; at++) {
        int digit;
        if (*at == '.' && !point) {
            point = 1;
            continue;
        }
        if (!isxdigit((unsigned char)*at))
            break;
        digit = isdigit((unsigned char)*at) ? *at - '0' : tolower(*at) - 'a' + 10;
        if (mantissa >> 60 == 0) {
            mantissa = mantissa << 4 | (uint64_t)digit;
            exponent -= point * 4;
        } else {
            if (!full)
                next = (uint64_t)digit;
            else
                more |= digit != 0;
            full = 1;
            exponent += !point * 4;
        }
    }
    for (; full && mantissa >> 63 == 0; exponent--) {
        mantissa = mantissa << 1 | next >> 3;
        next = next << 1 & 15;
    }
    if (*at == 'p' || *at == 'P')
        exponent += parse_exponent(&at);
    *text = at;
    r->mantissa = 0;
    r->exponent = f->smallest;
    if (mantissa == 0)
        return;

    /* Drop what the precision or the smallest exponent does not allow. */
    down = bit_length(mantissa) - f->precision;
    if (exponent + down < f->smallest)
        down = f->smallest - exponent;
    more |= (next & 7) != 0;
    if (down <= 0) {
        rest = next >> 3 ? 2 + more : more;
        r->mantissa = mantissa << -down;
    } else if (down > 64) {
        rest = 1;
    } else {
        uint64_t half = (uint64_t)1 << (down - 1);
        uint64_t dropped = down == 64 ? mantissa : mantissa & ((half << 1) - 1);
        more |= next != 0;
        rest = dropped < half ? (dropped != 0 || more) : 2 + (dropped > half || more);
        r->mantissa = down == 64 ? 0 : mantissa >> down;
    }
    r->exponent = exponent + down;
    if (r->mantissa != 0 && bit_length(r->mantissa) + r->exponent > f->largest)
        overflow(r);
    else
        round_up_or_not(r, f, rest);
}

/* Letters of a name, without regard to case: how many characters it takes, 0 if it is not there. */
static int name_at(const char *text, const char *name, int length)
{
    return strncasecmp(text, name, (size_t)length) == 0 ? length : 0;
}

static const char *read_special(struct result *r, const char *at)
{
    int length = name_at(at, "infinity", 8);
    if (length == 0)
        length = name_at(at, "inf", 3);
    if (length != 0) {
        r->kind = INFINITE;
        return at + length;
    }
    length = name_at(at, "nan", 3);
    if (length != 0) {
        r->kind = NOT_A_NUMBER;
        at += length;
        if (*at == '(') {
            /* A number in parentheses goes into the mantissa, other letters into nothing. */
            const char *end = at + 1;
            char *number_end;
            while (isalnum((unsigned char)*end) || *end == '_')
                end++;
            if (*end == ')') {
                r->mantissa = strtoul(at + 1, &number_end, 0);
                if (number_end != end)
                    r->mantissa = 0;
                at = end + 1;
            }
        }
    }
    return at;
}

static void parse(struct result *r, const struct format *f, const char *text, char **end)
{
    const char *at = text;
    struct decimal d;

    r->kind = NOTHING;
    r->mantissa = 0;
    r->exponent = f->smallest;
    while (isspace((unsigned char)*at))
        at++;
    r->negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')
        && (isxdigit((unsigned char)at[2]) || (at[2] == '.' && isxdigit((unsigned char)at[3])))) {
        at += 2;
        r->kind = NUMBER;
        read_hexadecimal(r, f, &at);
    } else if (isdigit((unsigned char)at[0]) || (at[0] == '.' && isdigit((unsigned char)at[1]))) {
        r->kind = NUMBER;
        if (read_decimal(&d, &at))
            from_decimal(r, f, &d);
        else
            overflow(r);
    } else {
        at = read_special(r, at);
    }
    if (r->kind == NOTHING)
        r->negative = 0;
    if (end != NULL)
        *end = (char *)(r->kind == NOTHING ? text : at);
}

/* The bits of a format with the top bit of the mantissa implied: float and double. */
static uint64_t implied_bits(const struct result *r, const struct format *f)
{
    uint64_t hidden = (uint64_t)1 << (f->precision - 1);
    uint64_t top = (uint64_t)(f->largest * 2 - 1);         /* exponent of infinities */

    if (r->kind == INFINITE)
        return top << (f->precision - 1);
    if (r->kind == NOT_A_NUMBER)
        return top << (f->precision - 1) | hidden >> 1 | (r->mantissa & (hidden - 1));
    if ((r->mantissa & hidden) == 0)                       /* zero or subnormal */
        return r->mantissa;
    return (uint64_t)(r->exponent - f->smallest + 1) << (f->precision - 1) | (r->mantissa ^ hidden);
}

float strtof(const char *text, char **end)
{
    struct result r;
    union __float result;
    parse(&r, &float_format, text, end);
    result.bits = (uint32_t)implied_bits(&r, &float_format) | (uint32_t)(r.negative != 0) << 31;
    return result.value;
}

double strtod(const char *text, char **end)
{
    struct result r;
    union __double result;
    parse(&r, &double_format, text, end);
    result.bits = implied_bits(&r, &double_format) | (uint64_t)(r.negative != 0) << 63;
    return result.value;
}

long double strtold(const char *text, char **end)
{
    struct result r;
    union __long_double result;
    int exponent;

    parse(&r, &long_double_format, text, end);
    if (r.kind == INFINITE || r.kind == NOT_A_NUMBER) {
        r.mantissa = r.kind == INFINITE ? (uint64_t)1 << 63 : r.mantissa | (uint64_t)3 << 62;
        exponent = 0x7fff;
    } else {
        exponent = r.mantissa >> 63 == 0 ? 0 : r.exponent - long_double_format.smallest + 1;
    }
    result.value = 0;                                      /* the padding too */
    result.bits.mantissa = r.mantissa;
    result.bits.exponent = (uint16_t)(exponent | (r.negative ? 0x8000 : 0));
    return result.value;
}

double atof(const char *text)
{
    return strtod(text, NULL);
}
