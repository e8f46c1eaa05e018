/* math_trig.c: circles. Calculated in long double and rounded at the end, as in math_exp.c. Angles of
   2^30 and more lose digits: pi is known here to 132 bits only in the steps below. */
#include <errno.h>
#include <math.h>
#include "internal.h"

/* Half of pi in parts of 33 bits: their multiples by up to 2^31 are exact. */
#define HALF_PI_1 0x1921fb544p-32L
#define HALF_PI_2 0x10b4611a6p-66L
#define HALF_PI_3 0x13198a2e0p-101L
#define HALF_PI_4 0x1b839a252p-136L
#define HALF_PI 1.5707963267948966192313216916397514421L
#define PI 3.1415926535897932384626433832795028842L

/* x = k pi/2 + r with |r| <= pi/4; gives r, and k modulo 4. */
static long double reduce(long double x, int *quadrant)
{
    long double k = roundl(x / HALF_PI);
    *quadrant = (int)(k - 4 * floorl(k / 4));
    x -= k * HALF_PI_1;
    x -= k * HALF_PI_2;
    x -= k * HALF_PI_3;
    return x - k * HALF_PI_4;
}

/* x - x^3/3! + ... (first 1) or 1 - x^2/2! + ... (first 0) for |x| <= pi/4 */
static long double series(long double x, int first)
{
    long double square = x * x, sum = 0;
    int n;
    for (n = 24 + first; n > first; n -= 2)
        sum = (1 + sum) * -square / (n * (n - 1));
    return first ? x + x * sum : 1 + sum;
}

/* The sine of x turned by quadrants. */
static double sine(double x, int turned)
{
    int quadrant;
    long double r, result;

    if (isnan(x) || isinf(x)) {
        if (isinf(x))
            errno = EDOM;
        return x - x;
    }
    r = reduce(x, &quadrant);
    quadrant += turned;
    result = series(r, !(quadrant & 1));
    return (double)(quadrant & 2 ? -result : result);
}

double sin(double x) { return x == 0 ? x : sine(x, 0); }
double cos(double x) { return sine(x, 1); }

double tan(double x)
{
    int quadrant;
    long double r, sine_of_r, cosine_of_r;

    if (x == 0 || isnan(x) || isinf(x))
        return x == 0 ? x : sine(x, 0);
    r = reduce(x, &quadrant);
    sine_of_r = series(r, 1);
    cosine_of_r = series(r, 0);
    return (double)(quadrant & 1 ? -cosine_of_r / sine_of_r : sine_of_r / cosine_of_r);
}

/* The angle whose tangent is x >= 0. Large x by way of 1/x, middle ones by turning back 30 degrees,
   then x - x^3/3 + ... for x < 0.268. */
static long double arc_tangent(long double x)
{
    long double square, sum = 0, turned = 0;
    const long double root_3 = 1.7320508075688772935274463415058723669L;
    int n;

    if (x > 1)
        return HALF_PI - arc_tangent(1 / x);
    if (x > 0.267949192431122706472553658494127633L) {
        x = (x * root_3 - 1) / (root_3 + x);
        turned = PI / 6;
    }
    square = x * x;
    for (n = 39; n > 1; n -= 2)
        sum = (1.0L / n - sum) * square;
    return turned + (x - x * sum);
}

double atan(double x)
{
    if (x == 0 || isnan(x))
        return x;
    return copysign((double)arc_tangent(fabsl(x)), x);
}

double atan2(double y, double x)
{
    long double angle, up = fabs(y), along = fabs(x);

    if (isnan(x) || isnan(y))
        return x + y;
    if (isinf(x) && isinf(y))
        angle = PI / 4;
    else if (y == 0 || isinf(x))
        angle = 0;
    else if (x == 0 || isinf(y))
        angle = HALF_PI;
    else
        angle = arc_tangent(up / along);
    if (signbit(x))
        angle = PI - angle;
    return copysign((double)angle, y);
}

static double outside(double x)
{
    if (!isnan(x))
        errno = EDOM;
    return (x - x) / (x - x);
}

double asin(double x)
{
    long double wide = x;
    if (x == 0)
        return x;
    if (!(fabs(x) <= 1))
        return outside(x);
    if (fabs(x) == 1)
        return copysign((double)HALF_PI, x);
    return copysign((double)arc_tangent(fabsl(wide) / sqrtl((1 - wide) * (1 + wide))), x);
}

double acos(double x)
{
    long double wide = x;
    if (!(fabs(x) <= 1))
        return outside(x);
    if (x == -1)
        return (double)PI;
    return (double)(2 * arc_tangent(sqrtl((1 - wide) / (1 + wide))));
}

float sinf(float x) { return (float)sin(x); }
float cosf(float x) { return (float)cos(x); }
float tanf(float x) { return (float)tan(x); }
