// Arguments that are calls, in several depths.
#define max(a, b) ((a) > (b) ? (a) : (b))
#define twice(f, x) f(f(x, 1), 2)
max(max(1, 2), max(3, max(4, 5)))
twice(max, 7)
#define apply(f, ...) f(__VA_ARGS__)
apply(max, 1, 2) apply(apply, max, 3, 4)
