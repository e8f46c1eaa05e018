// defined with and without parentheses; names that are no macros are 0.
#define YES
#define NO_VALUE
#define F(x) x
#if defined YES && defined(YES) && !defined NO && !defined ( NO ) && defined F
ok1
#endif
#if UNKNOWN == 0 && !UNKNOWN && if == 0 && true == 0
ok2
#endif
#if F(1) && F (2) && F(F(1))
ok3
#endif
#undef YES
#ifdef YES
wrong
#elif defined NO_VALUE
ok4
#endif
#ifndef YES
ok5
#else
wrong
#endif
