/* common.h: what the tests share. A test prints the sum of each block of results rather than the results,
   so that its .expect is short; with an argument it prints everything, to find a difference. Its
   expectations are glibc's: README.md says how they are made. */
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252UL;

/* Marsaglia's xorshift: the same numbers everywhere. */
static uint64_t random64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* One number of any size, small ones as often as large ones. Two calls of random64 in one expression would
   come in an order that C leaves open. */
static uint64_t any_size(void)
{
    uint64_t number = random64();
    return number >> (random64() & 63);
}

static int show_all, in_block;
static uint64_t sum = 14695981039346656037UL;

static void end_block(const char *what)
{
    printf("%s %d %016lx\n", what, in_block, (unsigned long)sum);
    in_block = 0;
}

/* Takes one result into the sum of the block (FNV-1a). */
static void result(const char *text)
{
    const char *at;
    if (show_all)
        printf("%s\n", text);
    for (at = text; *at != 0; at++)
        sum = (sum ^ (unsigned char)*at) * 1099511628211UL;
    sum = (sum ^ 10) * 1099511628211UL;
    in_block++;
}

static void begin(int argc)
{
    show_all = argc > 1;
}
