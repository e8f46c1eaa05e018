// __COUNTER__ counts its uses.
__COUNTER__ __COUNTER__
#define cat_(a, b) a ## b
#define cat(a, b) cat_(a, b)
cat(x, __COUNTER__) cat(x, __COUNTER__)
#define twice(x) x x
twice(__COUNTER__)
#if __COUNTER__ == 5
ok
#endif
