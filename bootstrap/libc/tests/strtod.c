/* Text to floating point: the bits of float, double and long double, and where reading stopped. */
#include <errno.h>
#include "common.h"

static char input[30000], text[400];

static void try(void)
{
    float f;
    double d;
    long double l;
    unsigned char bytes[16];
    uint32_t f_bits;
    uint64_t d_bits, l_bits;
    char *f_end, *d_end, *l_end;
    int f_error, d_error, l_error;

    errno = 0;
    f = strtof(input, &f_end);
    f_error = errno;
    errno = 0;
    d = strtod(input, &d_end);
    d_error = errno;
    errno = 0;
    l = strtold(input, &l_end);
    l_error = errno;
    memcpy(&f_bits, &f, 4);
    memcpy(&d_bits, &d, 8);
    memcpy(bytes, &l, 16);
    memcpy(&l_bits, bytes, 8);
    sprintf(text, "%.60s %08x %016lx %016lx.%02x%02x %ld %ld %ld %d %d %d", input, f_bits,
            (unsigned long)d_bits, (unsigned long)l_bits, bytes[9], bytes[8], (long)(f_end - input),
            (long)(d_end - input), (long)(l_end - input), f_error, d_error, l_error);
    result(text);
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

/* Changes the text near the end of the digits: just above or below what it was. */
static void nudge(void)
{
    char *e = strchr(input, 'e');
    switch (random64() & 3) {
    case 0: break;
    case 1: memmove(e + 1, e, strlen(e) + 1); *e = '1'; break;
    case 2:
        while (e > input && e[-1] == '0')
            e--;
        if (e > input && e[-1] >= '1' && e[-1] <= '9') {
            e[-1]--;
            memmove(e + 3, e, strlen(e) + 1);
            memcpy(e, "999", 3);
        }
        break;
    case 3: memmove(e + 30, e, strlen(e) + 1); memset(e, '0', 29); e[29] = '1'; break;
    }
}

int main(int argc, char **argv)
{
    static const char *const words[] = { "", "-", "+", ".", "e5", "0", "-0", "0x", "0x.", "0xg", "0x1", "0x1.8p1",
        "0x.8p-1", "0x1p", "0x1p+", "1e", "1e+", "1e5", "1.e5", ".5e1", ".e1", "1..2", "  \t\n12", "inf",
        "-INFINITY", "infinit", "nan", "-nan", "nan(123)", "nan(", "nan(x y)", "NaN(_a1)", "1e400", "-1e400",
        "1e-400", "1e5000", "1e-5000", "1e99999999999999999999", "0e99999999999999999999", "1e-99999999999999999999",
        "0x1p1024", "0x1p-1074", "0x1p-1075", "0x1.8p-1075", "0x1p-1076", "0x1p16384", "0x1p-16445",
        "0x1.00000000000008p0", "0x1.000000000000080000000000000001p0", "0x1.00000000000018p0",
        "0x123456789abcdef0123456789", "0x1.ffffffffffffffffffffffffp0", "0x0.00000000000000000000000000000001p0",
        "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "179769313486231580793e289",
        "2.2250738585072011e-308", "2.2250738585072012e-308", "4.9406564584124654e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "340282356779733661637539395458142568447", "340282356779733661637539395458142568448",
        "1.18973149535723176502e4932", "1.18973149535723176506e4932", "1.18973149535723176509e4932",
        "0x1.fffffffffffffff9p16383", "0x1.ffffffffffffffffp16383", "0x1fffffffffffffffffp0", "0x7fffffffffffffffcp0",
        "0x3fffffffffffffffe8p0", "0x3fffffffffffffffd8p0", "9007199254740993", "9007199254740992.99999999999999999999999999",
        "9007199254740993.00000000000000000000000000000000000000000000001", "12345678901234567890123456789", "1_000",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "123abc", "0b11" };
    size_t w;
    unsigned long a, b, c, d;
    int i, j;

    begin(argc);
    (void)argv;
    for (w = 0; w < sizeof words / sizeof words[0]; w++) {
        strcpy(input, words[w]);
        try();
    }
    end_block("words");
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 1000; j++) {
            a = random64(), b = random64(), c = random64(), d = random64();
            sprintf(input, "%.*e", (int)(a % 40), double_of(b & ~(1UL << 62) & ~(1UL << 52)));
            try();
            sprintf(input, "%ld.%lue%d", (long)c >> (a >> 32 & 63), b, (int)(d % 700) - 350);
            try();
            sprintf(input, "%lu%s%lu", c >> (b & 63), b & 64 ? "." : "", d >> (b >> 8 & 63));
            try();
        }
        end_block("decimal");
    }
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 500; j++) {
            /* The point half way between two doubles, or floats, exactly: then a little more or less. */
            uint64_t bits = random64() & ~(3UL << 62);
            if (j % 3 == 0)
                bits &= ~((1UL << 29) - 1);
            if (j % 5 == 0)
                bits = any_size() >> 12;
            sprintf(input, "%.1080Le", ((long double)double_of(bits) + (long double)double_of(bits + 1)) / 2);
            nudge();
            try();
        }
        end_block("half way");
    }
    for (i = 0; i < 5; i++) {
        for (j = 0; j < 60; j++) {
            a = random64(), b = random64(), c = random64();
            sprintf(input, "%lu.%lue%d", a % 10, b, (int)(c % 9900) - 4950);
            try();
        }
        end_block("long double");
    }
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 1000; j++) {
            a = random64(), b = random64(), c = random64();
            sprintf(input, "0x%lx.%0*lxp%d", a >> (c & 63), (int)(c >> 8 & 15), b << (c >> 16 & 63),
                    (int)((c >> 24) % 2300) - 1150);
            try();
            sprintf(input, "0x1.%016lx%xp-%d", a, (int)(b & 15), (int)(c % 40) + 16340);
            try();
        }
        end_block("hexadecimal");
    }
    for (i = 1; i < 20000; i += 1999) {
        memset(input, '0' + i % 10, (size_t)i);
        input[i / 2] = '.';
        sprintf(input + i, "e-%d", i / 3);
        try();
    }
    end_block("long input");
    return 0;
}
