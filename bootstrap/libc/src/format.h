/* format.h: between the parts of printf. */
#ifndef _FORMAT_H
#define _FORMAT_H

#include <stdio.h>

/* Where formatted text goes: a file, or memory with room for some bytes (the rest is only counted). */
struct sink {
    FILE *file;
    char *to;
    size_t room;
    size_t total;
    int failed;
};

/* One conversion: %[flags][width][.precision][length]conversion */
struct conversion {
    int left, plus, space, alternative, zero;   /* - + blank # 0 */
    int width;
    int precision;                              /* -1: none given */
    int length;                                 /* h, H (hh), l, q (ll), L, z, j, t or 0 */
    int letter;
};

void __emit(struct sink *sink, const char *bytes, size_t length);
void __emit_repeated(struct sink *sink, int c, long count);

/* Padding, sign or prefix, zeros: what stands before a body of the given length; __after what follows. */
void __before(struct sink *sink, const struct conversion *c, const char *prefix, long body);
void __after(struct sink *sink, const struct conversion *c, const char *prefix, long body);

/* a e f g and their capitals; is_long tells %a which format the value came in. */
void __format_float(struct sink *sink, const struct conversion *c, long double value, int is_long);

#endif
