/* math_exp.h: exponential and logarithm in long double, for the functions made of them. */
#ifndef _MATH_EXP_H
#define _MATH_EXP_H

long double __exp(long double x);
long double __exp_minus_1(long double x);
long double __log(long double x);      /* of a finite number above zero */

#endif
