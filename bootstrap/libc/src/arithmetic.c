/* arithmetic.c: the integer functions of stdlib.h. */
#include <stdlib.h>

int abs(int value) { return value < 0 ? -value : value; }
long labs(long value) { return value < 0 ? -value : value; }
long long llabs(long long value) { return value < 0 ? -value : value; }

div_t div(int a, int b)
{
    div_t result;
    result.quot = a / b;
    result.rem = a % b;
    return result;
}

ldiv_t ldiv(long a, long b)
{
    ldiv_t result;
    result.quot = a / b;
    result.rem = a % b;
    return result;
}

lldiv_t lldiv(long long a, long long b)
{
    lldiv_t result;
    result.quot = a / b;
    result.rem = a % b;
    return result;
}

/* A linear congruential generator modulo 2^64 (multiplier and increment from Knuth's MMIX), its upper
   31 bits: good enough for games and tests, and always the same without srand. */
static unsigned long seed_now = 1;

void srand(unsigned int seed)
{
    seed_now = seed;
}

int rand(void)
{
    seed_now = seed_now * 6364136223846793005UL + 1442695040888963407UL;
    return (int)(seed_now >> 33);
}
