/* The functions of math.h that have one right answer. */
#include <math.h>
#include "common.h"

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

int main(int argc, char **argv)
{
    static const double chosen[] = { 0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 4503599627370495.5,
        4503599627370496.5, 9007199254740993, 1e300, 5e-324, 2.2250738585072014e-308, 4, 2, 1.0000000000000002, 1e-310 };
    char text[400];
    int i, exponent, n;
    double whole, part, mantissa;
    long double wide, down;

    begin(argc);
    (void)argv;
    for (i = 0; i < 20000; i++) {
        uint64_t r = random64(), s = random64();
        double x = i < 18 ? chosen[i] : r & 1 ? double_of(r) : double_of((r & ~(0x7ffUL << 52)) | (1023 + (s & 63)) << 52);
        double y = s & 2 ? double_of(random64()) : (double)(long)(s >> 40) / 8;
        if (isnan(x) || isinf(x) || isnan(y) || isinf(y))
            continue;
        n = (int)(s >> 8) % 2200;
        sprintf(text, "%a: %a %a %a %a %a %a", x, floor(x), ceil(x), trunc(x), round(x), rint(x), fabs(x));
        result(text);
        part = modf(x, &whole);
        mantissa = frexp(x, &exponent);
        sprintf(text, "%a %a %a", part, whole, mantissa);
        result(text);
        sprintf(text, "%d %a %d", exponent, ldexp(x, n), n);
        result(text);
        if (x >= 0 || x == 0) {
            sprintf(text, "sqrt %a %a", sqrt(x), sqrtf((float)x));
            result(text);
        }
        if (y != 0) {
            sprintf(text, "fmod %a %a %a", x, y, fmod(x, y));
            result(text);
        }
        sprintf(text, "%a %a %a %d %d %d", copysign(x, y), fmin(x, y), fmax(x, y), fpclassify(x) == FP_SUBNORMAL,
                fpclassify((float)y) == FP_SUBNORMAL, signbit(x) != 0);
        result(text);
        wide = x;
        wide /= 3;
        down = floorl(wide);
        wide = ldexpl(wide, n * 8);
        sprintf(text, "%La %La %a %a", down, wide, floorf((float)x), roundf((float)y));
        result(text);
    }
    end_block("exact");
    return 0;
}
