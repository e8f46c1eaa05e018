/* decimal.c: exact decimal numbers (decimal.h). Shifts go in steps of at most 29 bits, so that a limb
   (30 bits) times the factor and a carry fit in 64. */
#include "decimal.h"

#define STEP 29

/* Drops limbs that are zero at both ends. */
static void trim(struct decimal *d)
{
    while (d->first < d->end && d->limb[d->first] == 0)
        d->first++;
    while (d->end > d->first && d->limb[d->end - 1] == 0)
        d->end--;
}

void __decimal_set(struct decimal *d, uint64_t value)
{
    d->inexact = 0;
    d->end = d->first = DECIMAL_POINT;
    while (value != 0) {
        d->limb[--d->first] = (uint32_t)(value % DECIMAL_BASE);
        value /= DECIMAL_BASE;
    }
    trim(d);
}

uint32_t __decimal_limb(const struct decimal *d, int i)
{
    return i >= d->first && i < d->end ? d->limb[i] : 0;
}

static void multiply(struct decimal *d, int bits)
{
    uint64_t carry = 0;
    int i;
    for (i = d->end; i > d->first; i--) {
        uint64_t product = ((uint64_t)d->limb[i - 1] << bits) + carry;
        d->limb[i - 1] = (uint32_t)(product % DECIMAL_BASE);
        carry = product / DECIMAL_BASE;
    }
    if (carry != 0)
        d->limb[--d->first] = (uint32_t)carry;
    trim(d);
}

static void divide(struct decimal *d, int bits)
{
    uint64_t rest = 0, mask = ((uint64_t)1 << bits) - 1;
    int i;
    for (i = d->first; i < d->end || rest != 0; i++) {
        uint64_t value = rest * DECIMAL_BASE;
        if (i == DECIMAL_LIMBS) {
            d->inexact = 1;
            break;
        }
        if (i < d->end)
            value += d->limb[i];
        d->limb[i] = (uint32_t)(value >> bits);
        rest = value & mask;
    }
    d->end = i;
    trim(d);
}

void __decimal_shift_left(struct decimal *d, int bits)
{
    for (; bits > STEP; bits -= STEP)
        multiply(d, STEP);
    multiply(d, bits);
}

void __decimal_shift_right(struct decimal *d, int bits)
{
    for (; bits > STEP; bits -= STEP)
        divide(d, STEP);
    divide(d, bits);
}

static uint32_t power_of_ten(int n)
{
    uint32_t power = 1;
    while (n-- > 0)
        power *= 10;
    return power;
}

/* Where the digit worth 10^place is: the limb, and the power of ten within it. Division rounds down. */
static int limb_of(int place, uint32_t *power)
{
    int limbs = place >= 0 ? place / 9 : -((8 - place) / 9);
    *power = power_of_ten(place - limbs * 9);
    return DECIMAL_POINT - 1 - limbs;
}

int __decimal_place(const struct decimal *d)
{
    int place = (DECIMAL_POINT - 1 - d->first) * 9;
    uint32_t rest;
    for (rest = d->limb[d->first]; rest >= 10; rest /= 10)
        place++;
    return place;
}

int __decimal_digit(const struct decimal *d, int place)
{
    uint32_t power;
    int i = limb_of(place, &power);
    return (int)(__decimal_limb(d, i) / power % 10);
}

/* Whether rounding at 10^place goes up: 1 if what is below is more than half, or half and the digit
   before it is odd. */
static int goes_up(const struct decimal *d, int place)
{
    uint32_t power;
    int half = __decimal_digit(d, place - 1), i = limb_of(place - 1, &power);

    if (half != 5)
        return half > 5;
    if (__decimal_limb(d, i) % power != 0 || d->end > i + 1 || d->inexact)
        return 1;
    return __decimal_digit(d, place) & 1;
}

void __decimal_round(struct decimal *d, int place)
{
    uint32_t power, add;
    int i = limb_of(place, &power), up;

    if (d->first == d->end || i >= d->end)
        return;                            /* nothing below */
    up = goes_up(d, place);
    if (i < d->first) {                    /* nothing above: all of it becomes 0 or 10^place */
        d->first = i;
        d->limb[i] = 0;
    }
    d->limb[i] -= d->limb[i] % power;
    d->end = i + 1;
    for (add = up ? power : 0; add != 0; add = 1) {
        uint32_t sum = __decimal_limb(d, i) + add;
        if (i < d->first)
            d->first = i;
        if (sum < DECIMAL_BASE) {
            d->limb[i] = sum;
            break;
        }
        d->limb[i--] = sum - DECIMAL_BASE;
    }
    d->inexact = 0;
    trim(d);
}
