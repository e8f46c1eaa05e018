// Macros in conditions, also such that make operators.
#define A 1
#define B A + A
#define AND &&
#define LESS(a, b) ((a) < (b))
#define IS(x) defined(x)
#if B * 2 == 3 AND LESS(A, B) AND A == A
ok1
#endif
#define VERSION(a,b,c) ((a)*10000+(b)*100+(c))
#if VERSION(4,8,1) >= VERSION(4, \
  8, 0)
ok2
#endif
#define EMPTY
#if EMPTY 1 EMPTY
ok3
#endif
