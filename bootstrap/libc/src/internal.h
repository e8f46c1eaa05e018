/* internal.h: what the files of this libc share and programs do not see. */
#ifndef _INTERNAL_H
#define _INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* A system call; negative results from -4095 on are error numbers. */
#ifdef __SNOWGUARD_CC__
#define __syscall(n, a, b, c, d, e, f) __builtin_syscall(n, a, b, c, d, e, f)
#else
long __syscall(long number, long a, long b, long c, long d, long e, long f);
#endif

/* The result as C programs want it: -1 and errno. */
long __checked(long result);

#define CALL0(n) __checked(__syscall(n, 0, 0, 0, 0, 0, 0))
#define CALL1(n, a) __checked(__syscall(n, (long)(a), 0, 0, 0, 0, 0))
#define CALL2(n, a, b) __checked(__syscall(n, (long)(a), (long)(b), 0, 0, 0, 0))
#define CALL3(n, a, b, c) __checked(__syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0))
#define CALL4(n, a, b, c, d) \
    __checked(__syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0))
#define CALL6(n, a, b, c, d, e, f) \
    __checked(__syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

/* Writes out what buffered files still hold (stdio_flush.c); exit calls it. */
void __flush_all(void);

/* The 80-bit format of the x87 in its bytes: value = (-1)^negative * mantissa * 2^(exponent-16383-63).
   The top bit of the mantissa is set in all numbers but zero and subnormals. */
union __long_double {
    long double value;
    struct {
        uint64_t mantissa;
        uint16_t exponent;    /* top bit is the sign */
    } bits;
};
union __double {
    double value;
    uint64_t bits;
};
union __float {
    float value;
    uint32_t bits;
};

#endif
