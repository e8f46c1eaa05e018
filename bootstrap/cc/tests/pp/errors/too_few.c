#define f(a, b) a b
// the place is that of the name
f(
 1)
