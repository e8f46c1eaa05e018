/* Integers, strings and characters in every combination of flags, widths and precisions. */
#include "common.h"

int main(int argc, char **argv)
{
    static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-#", "+0", "-0 ", "#0", "+-# 0" };
    static const char *const widths[] = { "", "1", "7", "25" };
    static const char *const precisions[] = { "", ".", ".0", ".1", ".9", ".30" };
    static const char *const kinds[] = { "hhd", "hd", "d", "ld", "lld", "zu", "jx", "to", "hhu", "hu", "u",
        "lu", "o", "lo", "x", "lx", "X", "llX", "hho", "hx" };
    static const char *const words[] = { "", "a", "hello", "a rather longer string" };
    char format[40], text[200], piece[64];
    size_t f, w, p, k;
    int i, length;

    begin(argc);
    (void)argv;
    for (f = 0; f < sizeof flags / sizeof flags[0]; f++) {
        for (w = 0; w < 4; w++)
            for (p = 0; p < 6; p++) {
                for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
                    sprintf(format, "%%%s%s%s%s", flags[f], widths[w], precisions[p], kinds[k]);
                    for (i = 0; i < 8; i++) {
                        long value = i == 0 ? 0 : i == 1 ? 1 : i == 2 ? -1 : i == 3 ? 1L << 63
                            : (long)any_size();
                        length = sprintf(text, format, value);
                        sprintf(piece, " %d %s", length, format);
                        strcat(text, piece);
                        result(text);
                    }
                }
                sprintf(format, "[%%%s%s%ss]", flags[f], widths[w], precisions[p]);
                for (i = 0; i < 4; i++) {
                    sprintf(text, format, words[i]);
                    result(text);
                }
            }
        end_block(flags[f]);
    }
    length = sprintf(text, "%c%5c|%-5c|%%|%p|%p|%s|%.3s", 'a', 'b', 'c', (void *)0x1234abcd, (void *)0,
                     "text", "truncated");
    result(text);
    length = sprintf(text, "%*d|%-*d|%.*d|%*.*f|%*s|%d%n", 7, 42, -7, 42, 4, 42, 10, 3, 3.14159, -6, "ab", 5, &i);
    result(text);
    sprintf(text, "%d %d %d", length, i, snprintf(piece, 5, "%s", "truncated here"));
    result(text);
    result(piece);
    sprintf(text, "%hhn%ld", (signed char *)piece, 77L);
    result(text);
    end_block("rest");
    return 0;
}
