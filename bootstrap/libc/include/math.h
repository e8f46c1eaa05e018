/* math.h: the double functions of C99 7.12, the float and long double ones that are used.
   sqrt, floor, ceil, trunc, round, fabs, fmod, ldexp, frexp, modf are exact or correctly rounded;
   the others are good to about one unit in the last place (src/math_*.c say how). */
#ifndef _MATH_H
#define _MATH_H

#define HUGE_VAL (1e308 * 10)
#define HUGE_VALF (1e38F * 10)
#define HUGE_VALL (1e4932L * 10)
#define INFINITY HUGE_VALF
#define NAN (-(INFINITY * 0.0F))

#define M_E 2.71828182845904523536
#define M_LOG2E 1.44269504088896340736
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440

#define FP_NAN 0
#define FP_INFINITE 1
#define FP_ZERO 2
#define FP_SUBNORMAL 3
#define FP_NORMAL 4

int __fpclassify(long double value, int smallest_exponent);
int __signbit(long double value);
#define __smallest_exponent(x) (sizeof(x) == 4 ? -125 : sizeof(x) == 8 ? -1021 : -16381)
#define fpclassify(x) __fpclassify(x, __smallest_exponent(x))
#define isnan(x) (fpclassify(x) == FP_NAN)
#define isinf(x) (fpclassify(x) == FP_INFINITE)
#define isfinite(x) (fpclassify(x) > FP_INFINITE)
#define isnormal(x) (fpclassify(x) == FP_NORMAL)
#define signbit(x) __signbit(x)

double fabs(double x);
float fabsf(float x);
long double fabsl(long double x);
double copysign(double x, double sign);
double floor(double x);
float floorf(float x);
long double floorl(long double x);
double ceil(double x);
float ceilf(float x);
long double ceill(long double x);
double trunc(double x);
double round(double x);
float roundf(float x);
long double roundl(long double x);
double rint(double x);
long lround(double x);
double fmod(double x, double y);
double fmin(double x, double y);
double fmax(double x, double y);
double hypot(double x, double y);

double ldexp(double x, int exponent);
float ldexpf(float x, int exponent);
long double ldexpl(long double x, int exponent);
double scalbn(double x, int exponent);
double frexp(double x, int *exponent);
long double frexpl(long double x, int *exponent);
double modf(double x, double *whole);

double sqrt(double x);
float sqrtf(float x);
long double sqrtl(long double x);
double cbrt(double x);

double exp(double x);
double exp2(double x);
double expm1(double x);
double log(double x);
double log2(double x);
double log10(double x);
double log1p(double x);
double pow(double x, double y);
float expf(float x);
float logf(float x);
float powf(float x, float y);

double sin(double x);
double cos(double x);
double tan(double x);
double asin(double x);
double acos(double x);
double atan(double x);
double atan2(double y, double x);
double sinh(double x);
double cosh(double x);
double tanh(double x);
float sinf(float x);
float cosf(float x);
float tanf(float x);

#endif
