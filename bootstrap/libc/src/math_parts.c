/* math_parts.c: exact functions on the parts of a number: sign, exponent, whole part. */
#include <math.h>
#include "internal.h"

int __fpclassify(long double value, int smallest_exponent)
{
    union __long_double parts;
    int exponent;

    parts.value = value;
    exponent = parts.bits.exponent & 0x7fff;
    if (exponent == 0x7fff)
        return parts.bits.mantissa << 1 == 0 ? FP_INFINITE : FP_NAN;
    if (parts.bits.mantissa == 0)
        return FP_ZERO;
    /* value = 0.1... * 2^(exponent - 16382); float and double became longer without becoming normal */
    return exponent - 16382 < smallest_exponent ? FP_SUBNORMAL : FP_NORMAL;
}

int __signbit(long double value)
{
    union __long_double parts;
    parts.value = value;
    return parts.bits.exponent >> 15;
}

long double fabsl(long double x)
{
    union __long_double parts;
    parts.value = x;
    parts.bits.exponent &= 0x7fff;
    return parts.value;
}

double fabs(double x)
{
    union __double parts;
    parts.value = x;
    parts.bits &= ~((uint64_t)1 << 63);
    return parts.value;
}

float fabsf(float x)
{
    return (float)fabs(x);
}

double copysign(double x, double sign)
{
    return __signbit(x) == __signbit(sign) ? x : -x;
}

/* x without what is behind the point. */
static long double truncl_parts(long double x)
{
    union __long_double parts;
    int exponent;

    parts.value = x;
    exponent = (parts.bits.exponent & 0x7fff) - 16383;
    if (exponent >= 63)                       /* whole already, or infinite, or not a number */
        return x;
    if (exponent < 0) {
        parts.bits.mantissa = 0;
        parts.bits.exponent &= 0x8000;
    } else {
        parts.bits.mantissa &= ~(uint64_t)0 << (63 - exponent);
    }
    return parts.value;
}

long double floorl(long double x)
{
    long double whole = truncl_parts(x);
    return whole > x ? whole - 1 : whole;
}

long double ceill(long double x)
{
    long double whole = truncl_parts(x);
    if (whole < x)
        whole += 1;
    return whole == 0 && __signbit(x) ? -0.0L : whole;
}

long double roundl(long double x)
{
    long double whole = truncl_parts(x), rest = fabsl(x - whole);
    if (!(rest >= 0.5L))
        return whole;
    return __signbit(x) ? whole - 1 : whole + 1;
}

double trunc(double x) { return (double)truncl_parts(x); }
double floor(double x) { return (double)floorl(x); }
double ceil(double x) { return (double)ceill(x); }
double round(double x) { return (double)roundl(x); }
float floorf(float x) { return (float)floorl(x); }
float ceilf(float x) { return (float)ceill(x); }
float roundf(float x) { return (float)roundl(x); }
long lround(double x) { return (long)roundl(x); }

/* To the nearest whole number, half way to the even one. */
double rint(double x)
{
    long double wide = x, whole = truncl_parts(wide), rest = fabsl(wide - whole);
    if (rest > 0.5L || (rest == 0.5L && truncl_parts(whole / 2) * 2 != whole))
        whole += __signbit(x) ? -1 : 1;
    return copysign((double)whole, x);
}

double modf(double x, double *whole)
{
    *whole = trunc(x);
    return __fpclassify(x, -1021) == FP_INFINITE ? copysign(0, x) : copysign(x - *whole, x);
}
