/* math_scale.c: exact functions on exponents, remainders and square roots, in integers. */
#include <errno.h>
#include <math.h>
#include "internal.h"

/* Takes a finite number that is not zero apart: |x| = mantissa * 2^exponent, top bit set. */
static void take_apart(long double x, uint64_t *mantissa, int *exponent)
{
    union __long_double parts;
    int field;

    parts.value = x;
    field = parts.bits.exponent & 0x7fff;
    *mantissa = parts.bits.mantissa;
    *exponent = (field == 0 ? 1 : field) - 16383 - 63;
    while (*mantissa >> 63 == 0) {
        *mantissa <<= 1;
        --*exponent;
    }
}

/* Not zero, not infinite, a number. */
static int is_ordinary(long double x)
{
    union __long_double parts;
    parts.value = x;
    return parts.bits.mantissa != 0 && (parts.bits.exponent & 0x7fff) != 0x7fff;
}

/* mantissa * 2^exponent with a sign; rounded half to even where the exponent is too small. */
static long double put_together(uint64_t mantissa, int exponent, int negative)
{
    union __long_double parts;
    int field = exponent + 16383 + 63;

    parts.value = 0;
    if (field >= 0x7fff) {
        errno = ERANGE;
        field = 0x7fff;
        mantissa = (uint64_t)1 << 63;
    } else if (field <= 0) {
        int down = 1 - field;
        uint64_t rest = 0, half = 0;
        if (down < 64) {
            half = (uint64_t)1 << (down - 1);
            rest = mantissa & ((half << 1) - 1);
            mantissa >>= down;
            if (rest > half || (rest == half && (mantissa & 1)))
                mantissa++;
        } else {
            /* Half of the smallest number goes to zero, which is even. */
            mantissa = down == 64 && mantissa << 1 != 0;
        }
        field = mantissa >> 63 != 0;
    }
    parts.bits.mantissa = mantissa;
    parts.bits.exponent = (uint16_t)(field | (negative ? 0x8000 : 0));
    return parts.value;
}

static int clamp(int value, int limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

long double ldexpl(long double x, int exponent)
{
    uint64_t mantissa;
    int old;

    if (!is_ordinary(x))
        return x;
    take_apart(x, &mantissa, &old);
    return put_together(mantissa, old + clamp(exponent, 50000), __signbit(x));
}

/* Within 5000 powers of two a long double holds the result exactly; it is rounded once, here. */
double ldexp(double x, int exponent) { return (double)ldexpl(x, clamp(exponent, 5000)); }
float ldexpf(float x, int exponent) { return (float)ldexpl(x, clamp(exponent, 5000)); }
double scalbn(double x, int exponent) { return ldexp(x, exponent); }

long double frexpl(long double x, int *exponent)
{
    uint64_t mantissa;

    *exponent = 0;
    if (!is_ordinary(x))
        return x;
    take_apart(x, &mantissa, exponent);
    *exponent += 64;
    return put_together(mantissa, -64, __signbit(x));
}

double frexp(double x, int *exponent)
{
    return (double)frexpl(x, exponent);
}

/* Long division, one bit at a time, of which only the rest is wanted. */
double fmod(double x, double y)
{
    uint64_t a, b;
    int a_exponent, b_exponent;

    if (isnan(x) || isnan(y) || isinf(x) || y == 0)
        return (x * y) / (x * y);
    if (x == 0 || isinf(y))
        return x;
    take_apart(x, &a, &a_exponent);
    take_apart(y, &b, &b_exponent);
    if (a_exponent < b_exponent)
        return x;
    a >>= 1;                                  /* room for the doubling below */
    b >>= 1;
    for (;;) {
        if (a >= b)
            a -= b;
        if (a == 0)
            return copysign(0, x);
        if (a_exponent == b_exponent)
            break;
        a <<= 1;
        a_exponent--;
    }
    for (; a >> 63 == 0; a_exponent--)
        a <<= 1;
    return (double)put_together(a, a_exponent + 1, __signbit(x));
}

/* The root of mantissa * 2^exponent, correctly rounded: digit by digit in base 2, as one does it on
   paper in base 10. From 54 bits of the root and whether anything is left, the conversion to
   double rounds as the exact root would. */
double sqrt(double x)
{
    uint64_t mantissa, root = 0, rest = 0;
    int exponent, i;

    if (!is_ordinary(x) || x < 0)
        return x < 0 ? (x - x) / (x - x) : x;
    take_apart(x, &mantissa, &exponent);
    if (exponent & 1) {
        mantissa >>= 1;                       /* a double leaves the last bits zero */
        exponent++;
    }
    for (i = 0; i < 55; i++) {
        uint64_t try = root * 4 + 1;
        rest = rest * 4 + (mantissa >> 62);
        mantissa <<= 2;
        root *= 2;
        if (rest >= try) {
            rest -= try;
            root++;
        }
    }
    /* 64 bits in, 32 bits of root are whole; 23 more were calculated. */
    root = root * 2 + (rest != 0);
    return (double)ldexpl(root, exponent / 2 - 24);
}

float sqrtf(float x) { return (float)sqrt(x); }

/* One step of Newton's from the root of the nearest double: good to the last bit or the one before. */
long double sqrtl(long double x)
{
    int exponent;
    long double part, root;

    if (!is_ordinary(x) || x < 0)
        return x < 0 ? (x - x) / (x - x) : x;
    part = frexpl(x, &exponent);
    if (exponent & 1) {
        part *= 2;
        exponent--;
    }
    root = sqrt((double)part);
    root = (root + part / root) / 2;
    return ldexpl(root, exponent / 2);
}

double hypot(double x, double y)
{
    long double a, b;
    if (isinf(x) || isinf(y))
        return HUGE_VAL;
    a = x;
    b = y;
    return (double)sqrtl(a * a + b * b);
}

double fmin(double x, double y) { return isnan(x) || y < x ? y : x; }
double fmax(double x, double y) { return isnan(x) || y > x ? y : x; }
