/* printf_float.c: floating point as text, always correctly rounded (half to even): the value is turned
   into its exact decimal digits first. double goes the way of long double, which holds it exactly. */
#include <math.h>
#include <string.h>
#include "decimal.h"
#include "format.h"
#include "internal.h"

#define LETTER_CASE(c, lower, upper) ((c)->letter >= 'a' ? (lower) : (upper))
#define MOST_DIGITS 20000   /* no value has a digit further behind the point */

/* mantissa * 2^exponent, exactly */
static void to_decimal(struct decimal *d, uint64_t mantissa, int exponent)
{
    __decimal_set(d, mantissa);
    if (exponent >= 0)
        __decimal_shift_left(d, exponent);
    else
        __decimal_shift_right(d, -exponent);
}

static int is_zero(const struct decimal *d)
{
    return d->first == d->end;
}

static void emit_digit(struct sink *sink, int digit)
{
    char c = (char)('0' + digit);
    __emit(sink, &c, 1);
}

/* Digits from one place down to another. */
static void emit_digits(struct sink *sink, const struct decimal *d, int from, int down_to)
{
    for (; from >= down_to && from >= -MOST_DIGITS; from--)
        emit_digit(sink, __decimal_digit(d, from));
    if (from >= down_to)
        __emit_repeated(sink, '0', from - down_to + 1);
}

static void emit_point(struct sink *sink, const struct conversion *c, int precision)
{
    if (precision > 0 || c->alternative)
        __emit(sink, ".", 1);
}

/* 123.456: already rounded to the precision */
static void format_fixed(struct sink *sink, const struct conversion *c, const char *sign,
                         const struct decimal *d, int precision)
{
    int top = is_zero(d) ? 0 : __decimal_place(d);
    long length;

    if (top < 0)
        top = 0;
    length = top + 1L + (precision > 0 || c->alternative) + precision;
    __before(sink, c, sign, length);
    emit_digits(sink, d, top, 0);
    emit_point(sink, c, precision);
    emit_digits(sink, d, -1, -precision);
    __after(sink, c, sign, length);
}

/* Exponent with its letter and sign and at least so many digits, into text; gives the length. */
static long exponent_text(char *text, int letter, int exponent, int least)
{
    char digits[8];
    int count = 0;
    long length = 0;
    int rest = exponent < 0 ? -exponent : exponent;

    while (rest > 0 || count < least) {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    text[length++] = (char)letter;
    text[length++] = exponent < 0 ? '-' : '+';
    while (count > 0)
        text[length++] = digits[--count];
    return length;
}

/* 1.23456e+02: already rounded to the precision */
static void format_scientific(struct sink *sink, const struct conversion *c, const char *sign,
                              const struct decimal *d, int precision)
{
    int place = is_zero(d) ? 0 : __decimal_place(d);
    char exponent[12];
    long exponent_length = exponent_text(exponent, LETTER_CASE(c, 'e', 'E'), place, 2);
    long length = 1L + (precision > 0 || c->alternative) + precision + exponent_length;

    __before(sink, c, sign, length);
    emit_digits(sink, d, place, place);
    emit_point(sink, c, precision);
    emit_digits(sink, d, place - 1, place - precision);
    __emit(sink, exponent, (size_t)exponent_length);
    __after(sink, c, sign, length);
}

/* Rounds to a number of significant digits; the place of the first one afterwards. */
static int round_significant(struct decimal *d, int digits)
{
    if (is_zero(d))
        return 0;
    if (digits < MOST_DIGITS)
        __decimal_round(d, __decimal_place(d) - digits + 1);
    return __decimal_place(d);
}

/* Whichever of the two is shorter, without zeros at the end unless # asks for them. */
static void format_general(struct sink *sink, const struct conversion *c, const char *sign,
                           struct decimal *d, int digits)
{
    int place = round_significant(d, digits);
    int scientific = place < -4 || place >= digits;
    int precision = scientific ? digits - 1 : digits - 1 - place;

    if (!c->alternative) {
        int last = scientific ? place : 0;      /* what precision counts from */
        if (is_zero(d))
            precision = 0;
        if (precision > MOST_DIGITS)
            precision = MOST_DIGITS;
        while (precision > 0 && __decimal_digit(d, last - precision) == 0)
            precision--;
    }
    if (scientific)
        format_scientific(sink, c, sign, d, precision);
    else
        format_fixed(sink, c, sign, d, precision);
}

/* %a: 0xh.hhhp+d. A double is written as 1.hhh (0.hhh if subnormal), a long double with four bits before
   the point, the way glibc does it. */
static void format_hexadecimal(struct sink *sink, const struct conversion *c, const char *sign,
                               uint64_t mantissa, int exponent, int is_long)
{
    const char *alphabet = LETTER_CASE(c, "0123456789abcdef", "0123456789ABCDEF");
    int digits = is_long ? 15 : 13;             /* behind the point, if all are written */
    int precision = c->precision, i;
    char prefix[4], power[12];
    long power_length, length;

    if (mantissa != 0 && !is_long) {
        /* The mantissa has its top bit at 63: bring it down to 52, subnormals further. */
        int down = 11;
        exponent += 11;
        while (exponent < -1074) {
            exponent++;
            down++;
        }
        mantissa >>= down;
    }
    exponent = mantissa == 0 ? 0 : exponent + digits * 4;
    if (precision >= 0 && precision < digits) {
        int dropped = (digits - precision) * 4;
        uint64_t rest = mantissa & (((uint64_t)1 << dropped) - 1), half = (uint64_t)1 << (dropped - 1);
        mantissa >>= dropped;
        if (rest > half || (rest == half && (mantissa & 1)))
            mantissa++;
        if (is_long && dropped < 64 && mantissa >> (64 - dropped) != 0) {
            mantissa >>= 4;                     /* 0xf.f became 0x10.0: 0x1.00 with another power */
            exponent += 4;
        }
        digits = precision;
    } else if (precision < 0) {
        while (digits > 0 && (mantissa & 15) == 0) {
            mantissa >>= 4;
            digits--;
        }
        precision = digits;
    }
    strcpy(prefix, sign);
    strcat(prefix, LETTER_CASE(c, "0x", "0X"));
    power_length = exponent_text(power, LETTER_CASE(c, 'p', 'P'), exponent, 1);
    length = 1L + (precision > 0 || c->alternative) + precision + power_length;
    __before(sink, c, prefix, length);
    __emit(sink, &alphabet[mantissa >> (digits * 4) & 15], 1);
    emit_point(sink, c, precision);
    for (i = digits - 1; i >= 0; i--)
        __emit(sink, &alphabet[mantissa >> (i * 4) & 15], 1);
    __emit_repeated(sink, '0', precision - digits);
    __emit(sink, power, (size_t)power_length);
    __after(sink, c, prefix, length);
}

void __format_float(struct sink *sink, const struct conversion *c, long double value, int is_long)
{
    union __long_double parts;
    struct decimal d;
    const char *sign;
    int exponent, precision = c->precision < 0 ? 6 : c->precision;

    parts.value = value;
    sign = parts.bits.exponent >> 15 ? "-" : c->plus ? "+" : c->space ? " " : "";
    exponent = parts.bits.exponent & 0x7fff;
    if (exponent == 0x7fff) {
        struct conversion plain = *c;
        const char *text = parts.bits.mantissa << 1 == 0 ? LETTER_CASE(c, "inf", "INF")
                                                         : LETTER_CASE(c, "nan", "NAN");
        plain.zero = 0;
        __before(sink, &plain, sign, 3);
        __emit(sink, text, 3);
        __after(sink, &plain, sign, 3);
        return;
    }
    exponent = (exponent == 0 ? 1 : exponent) - 16383 - 63;
    if (c->letter == 'a' || c->letter == 'A') {
        format_hexadecimal(sink, c, sign, parts.bits.mantissa, exponent, is_long);
        return;
    }
    to_decimal(&d, parts.bits.mantissa, exponent);
    switch (c->letter) {
    case 'f': case 'F':
        if (precision < MOST_DIGITS)
            __decimal_round(&d, -precision);
        format_fixed(sink, c, sign, &d, precision);
        break;
    case 'e': case 'E':
        round_significant(&d, precision < MOST_DIGITS ? precision + 1 : MOST_DIGITS);
        format_scientific(sink, c, sign, &d, precision);
        break;
    default:
        format_general(sink, c, sign, &d, precision == 0 ? 1 : precision);
        break;
    }
}
