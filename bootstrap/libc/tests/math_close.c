/* The functions of math.h that nobody rounds correctly: one line for each value, compared with glibc's
   in units of the last place (the limit is 1). Not a test by itself: it prints name, argument, bits. */
#include <math.h>
#include "common.h"

static void show(const char *name, double x, double y, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    printf("%s %a %a %016lx\n", name, x, y, (unsigned long)bits);
}

#define SHOW(function, x) show(#function, x, 0, function(x))

int main(void)
{
    int i;
    for (i = 0; i < 4000; i++) {
        uint64_t r = random64();
        double unit = (double)(r >> 11) / 9007199254740992.0 * 2 - 1;
        double wide = ldexp(unit, (int)(r & 31)), any = ldexp(unit, (int)(r & 2047) - 1024);
        double y = ldexp((double)(random64() >> 11) / 9007199254740992.0 * 2 - 1, (int)(r >> 6 & 7));
        SHOW(sin, wide / 4);
        SHOW(cos, wide / 4);
        SHOW(tan, wide / 4);
        SHOW(asin, unit);
        SHOW(acos, unit);
        SHOW(atan, any);
        show("atan2", unit, y, atan2(unit, y));
        SHOW(exp, unit * 700);
        SHOW(exp, unit);
        SHOW(expm1, unit * 4);
        SHOW(log, fabs(any));
        SHOW(log, 1 + unit / 100);
        SHOW(log2, fabs(any));
        SHOW(log10, fabs(any));
        SHOW(log1p, fabs(wide));
        SHOW(sinh, unit * 30);
        SHOW(cosh, unit * 30);
        SHOW(tanh, unit * 5);
        SHOW(cbrt, any);
        show("hypot", unit, y, hypot(unit, y));
        show("pow", fabs(wide), y, pow(fabs(wide), y));
        show("pow", unit * 10, (double)(int)y, pow(unit * 10, (double)(int)y));
    }
    return 0;
}
