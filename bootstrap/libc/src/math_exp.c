/* math_exp.c: exponentials and logarithms. All is calculated in long double, whose 11 more bits
   absorb the errors, and rounded to double at the end: the results are within one unit in the last
   place, and nearly always the nearest double. Series are summed from the small end. */
#include <errno.h>
#include <math.h>
#include "internal.h"
#include "math_exp.h"

/* The logarithm of 2 in two parts; multiples of the first by up to 2^24 are exact. */
#define LN2_HIGH 0xb17217f7d1p-40L
#define LN2_LOW (0xcf79abc9e3p-80L + 0xb39803f2f7p-120L)
#define LOG10_2 0.30102999566398119521373889472449302677L
#define LN10 2.3025850929940456840179914546843642076L
#define LN2 0.69314718055994530941723212145817656808L

/* e^x - 1 for |x| < 0.5: x + x^2/2! + ..., 0.5^20/20! is below 2^-64 of the sum. */
static long double series(long double x)
{
    long double sum = 0;
    int n;
    for (n = 20; n > 0; n--)
        sum = (1 + sum) * x / n;
    return sum;
}

/* x = k ln 2 + r, e^x = 2^k e^r */
static long double reduce(long double x, int *k)
{
    long double whole = roundl(x / LN2);
    *k = (int)whole;
    return x - whole * LN2_HIGH - whole * LN2_LOW;
}

long double __exp(long double x)
{
    int k;
    if (isnan(x))
        return x;
    if (x > 20000)
        return HUGE_VALL;
    if (x < -20000)
        return 0;
    x = reduce(x, &k);
    return ldexpl(1 + series(x), k);
}

long double __exp_minus_1(long double x)
{
    return fabsl(x) < 0.5L ? series(x) : __exp(x) - 1;
}

/* x = m 2^k with m near 1; log m = 2 artanh s = 2 (s + s^3/3 + ...), s = (m-1)/(m+1), |s| < 0.172 */
static long double log_parts(long double x, int *k)
{
    long double s, square, sum = 0;
    int n;

    x = frexpl(x, k);
    if (x < 0.70710678118654752440L) {
        x *= 2;
        --*k;
    }
    s = (x - 1) / (x + 1);
    square = s * s;
    for (n = 27; n > 1; n -= 2)
        sum = (sum + 1.0L / n) * square;
    return 2 * (s + s * sum);
}

long double __log(long double x)
{
    int k;
    long double part = log_parts(x, &k);
    return k * LN2_HIGH + (k * LN2_LOW + part);
}

/* What all logarithms have in common: 1 if *result is already known. */
static int log_special(double x, double *result)
{
    *result = x;
    if (isnan(x))
        return 1;
    if (x == 0) {
        errno = ERANGE;
        *result = -HUGE_VAL;
        return 1;
    }
    if (x < 0) {
        errno = EDOM;
        *result = (x - x) / (x - x);
        return 1;
    }
    return isinf(x);
}

double log(double x)
{
    double result;
    return log_special(x, &result) ? result : (double)__log(x);
}

double log2(double x)
{
    double result;
    int k;
    long double part;
    if (log_special(x, &result))
        return result;
    part = log_parts(x, &k);
    return (double)(k + part / LN2);
}

double log10(double x)
{
    double result;
    int k;
    long double part;
    if (log_special(x, &result))
        return result;
    part = log_parts(x, &k);
    return (double)(k * LOG10_2 + part / LN10);
}

/* log(1+x): 1+x is rounded; the error is put back by the derivative. */
double log1p(double x)
{
    long double wide = x, sum = 1 + wide;
    double result;
    if (isnan(x) || x == 0 || x <= -1)
        return x == 0 ? x : (log_special(1 + x, &result), result);
    if (isinf(x))
        return x;
    return (double)(__log(sum) + (wide - (sum - 1)) / sum);
}

static double checked(long double value)
{
    double result = (double)value;
    if (isinf(result) || (result == 0 && value != 0))
        errno = ERANGE;
    return result;
}

double exp(double x) { return checked(__exp(x)); }
double exp2(double x) { return pow(2, x); }
double expm1(double x) { return x == 0 ? x : checked(__exp_minus_1(x)); }

/* Whole powers by squaring: exact whenever the result fits in 64 bits. */
static long double whole_power(long double x, long n)
{
    long double result = 1;
    int inverse = n < 0;
    for (n = inverse ? -n : n; n != 0; n >>= 1) {
        if (n & 1)
            result *= x;
        x *= x;
    }
    return inverse ? 1 / result : result;
}

double pow(double x, double y)
{
    int whole = floor(y) == y, odd = whole && fabs(y) < 9007199254740992.0 && fmod(y, 2) != 0;
    long double result;

    if (y == 0 || x == 1)
        return 1;
    if (isnan(x) || isnan(y))
        return x + y;
    if (x == 0 || isinf(x)) {
        int to_zero = (x == 0) == (y > 0);
        if (x == 0 && y < 0)
            errno = ERANGE;
        return copysign(to_zero ? 0 : HUGE_VAL, odd ? x : 1);
    }
    if (isinf(y)) {
        if (x == -1)
            return 1;
        return (fabs(x) > 1) == (y > 0) ? HUGE_VAL : 0;
    }
    if (x < 0 && !whole) {
        errno = EDOM;
        return (x - x) / (x - x);
    }
    if (whole && fabs(y) <= 512)
        return checked(whole_power(x, (long)y));
    result = __exp(y * __log(fabs(x)));
    return checked(x < 0 && odd ? -result : result);
}

double cbrt(double x)
{
    int k, rest;
    long double part, root;
    if (x == 0 || isnan(x) || isinf(x))
        return x;
    part = frexpl(fabs(x), &k);
    rest = k % 3;
    part = ldexpl(part, rest);
    root = __exp(__log(part) / 3);
    root -= (root * root * root - part) / (3 * root * root);      /* a step of Newton's */
    return copysign((double)ldexpl(root, (k - rest) / 3), x);
}

double sinh(double x)
{
    long double part = __exp_minus_1(fabs(x));
    if (x == 0 || isnan(x) || isinf(x))
        return x;
    if (fabs(x) > 40)
        return copysign(checked(__exp(fabs(x)) / 2), x);
    return copysign((double)((part + part / (part + 1)) / 2), x);
}

double cosh(double x)
{
    long double part = __exp(fabs(x));
    return checked((part + 1 / part) / 2);
}

double tanh(double x)
{
    long double part;
    if (x == 0 || isnan(x))
        return x;
    if (fabs(x) > 25)
        return copysign(1, x);
    part = __exp_minus_1(2 * fabsl(x));
    return copysign((double)(part / (part + 2)), x);
}

float expf(float x) { return (float)exp(x); }
float logf(float x) { return (float)log(x); }
float powf(float x, float y) { return (float)pow(x, y); }
