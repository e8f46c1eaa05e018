/* decimal.h: exact decimal numbers, wide enough for every float, double and long double.

   A number is a row of limbs of nine decimal digits: limb i is worth 10^(9 * (DECIMAL_POINT-1-i)), so
   the point stands before limb DECIMAL_POINT. Limbs before first and from end on are zero and not
   kept. The largest long double has 4933 digits before the point (549 limbs), the smallest
   subnormal 16445 behind it (1828 limbs). */
#ifndef _DECIMAL_H
#define _DECIMAL_H

#include <stdint.h>

#define DECIMAL_POINT 556
#define DECIMAL_LIMBS (DECIMAL_POINT + 1832)
#define DECIMAL_BASE 1000000000U

struct decimal {
    int first, end;            /* equal: the number is zero */
    int inexact;               /* something not zero was cut off behind the last limb */
    uint32_t limb[DECIMAL_LIMBS];
};

void __decimal_set(struct decimal *d, uint64_t value);
uint32_t __decimal_limb(const struct decimal *d, int i);

/* Multiplies or divides by 2^bits. */
void __decimal_shift_left(struct decimal *d, int bits);
void __decimal_shift_right(struct decimal *d, int bits);

/* Place of the first digit: it is worth 10^place. The number is not zero. */
int __decimal_place(const struct decimal *d);

/* The digit that is worth 10^place. */
int __decimal_digit(const struct decimal *d, int place);

/* Rounds to a multiple of 10^place, to even if it is half way. */
void __decimal_round(struct decimal *d, int place);

#endif
