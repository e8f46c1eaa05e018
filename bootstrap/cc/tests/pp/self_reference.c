// A macro is not expanded within itself, directly, through others, or in arguments.
#define a a b
#define b b a
a b
#define f(x) x f(x) g
#define g f
f(1) f(f(1)) g(2)(3)
#define EPERM EPERM
EPERM
#define NIL(xxx) xxx
#define G_0(arg) NIL(G_1)(arg)
#define G_1(arg) NIL(arg)
G_0(42)
