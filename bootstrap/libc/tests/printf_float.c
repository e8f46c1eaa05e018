/* Floating point as text: random bit patterns of double and long double, numbers as people write them,
   exact halves, and the ends of the ranges. */
#include "common.h"

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static long double long_double_of(uint64_t mantissa, unsigned int exponent)
{
    unsigned char bytes[sizeof(long double)];
    long double value;
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, &mantissa, 8);
    bytes[8] = (unsigned char)exponent;
    bytes[9] = (unsigned char)(exponent >> 8);
    memcpy(&value, bytes, sizeof bytes);
    return value;
}

static const char *const flags[] = { "", "#", "+", "0", "-", " ", "#0", "-#" };
static const char letters[] = "aeEfFgGA";
static char text[20000];

static void random_format(char *format, int is_long)
{
    char width[16] = "", precision[16] = "";
    uint64_t r = random64();
    if ((r & 3) == 0)
        sprintf(width, "%d", (int)(r >> 8 & 31));
    if ((r >> 2 & 3) != 0)
        sprintf(precision, ".%d", (int)(r >> 16 & 31));
    if ((r >> 24 & 63) == 0)
        sprintf(precision, ".%d", (int)(r >> 32 & 1023));
    sprintf(format, "%%%s%s%s%s%c", flags[r >> 48 & 7], width, precision, is_long ? "L" : "",
            letters[r >> 56 & 7]);
}

static void both(double value)
{
    char format[64];
    random_format(format, 0);
    sprintf(text, format, value);
    result(text);
    random_format(format, 1);
    sprintf(text, format, (long double)value);
    result(text);
}

int main(int argc, char **argv)
{
    char format[64];
    int i, j, k;

    begin(argc);
    (void)argv;
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 2000; j++)
            both(double_of(random64()));
        end_block("any double");
    }
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 1000; j++) {
            double value = (double)(long)any_size();
            both(value / 1000);
            both(value * 1e-7);
            both(value / 64);               /* often half way */
            both(double_of(random64() >> 12));   /* subnormal */
        }
        end_block("numbers");
    }
    for (i = 0; i < 10; i++) {
        for (j = 0; j < 300; j++) {
            uint64_t mantissa = random64(), other = random64();
            random_format(format, 1);
            sprintf(text, format, long_double_of(mantissa | 1UL << 63, (unsigned int)(other % 0x7fff)));
            result(text);
            random_format(format, 1);
            sprintf(text, format, long_double_of(mantissa >> 1 >> other % 60, 0x8000));
            result(text);
            random_format(format, 1);
            sprintf(text, format, long_double_of(mantissa | 1UL << 63, 0x3fff - 70 + (unsigned int)(other % 140)));
            result(text);
        }
        end_block("long double");
    }
    for (i = 0; i < 8; i++)
        for (j = 0; j < 20; j++) {
            static const double values[] = { 0, 0.5, 1.5, 2.5, 0.125, 9.5, 99.95, 999999.5, 1e15, 1e16, 1e21,
                1e22, 1e23, 0.0001, 0.00001, 123456, 1234567, 1e300, 5e-324, 1.7976931348623157e308 };
            for (k = 0; k < 8; k++) {
                sprintf(format, "%%%s.%d%c", flags[i], j % 7, letters[k]);
                sprintf(text, format, values[j]);
                result(text);
                sprintf(text, format, -values[j]);
                result(text);
            }
        }
    sprintf(text, "%f %F %e %g %a %10f|%-10f|%010f %+f", double_of(0x7ffUL << 52), double_of(0x7ffUL << 52),
            double_of(0xfffUL << 52), double_of(0x7ff8UL << 48), double_of(0xfff8UL << 48),
            double_of(0x7ffUL << 52), double_of(0x7ffUL << 52), double_of(0x7ffUL << 52),
            double_of(0x7ffUL << 52));
    result(text);
    sprintf(text, "%.5000f %.5000e %#.5000g", 1e-320, 1e308, 0.1);
    result(text);
    sprintf(text, "%.1100f", 5e-324);
    result(text);
    end_block("named");
    return 0;
}
