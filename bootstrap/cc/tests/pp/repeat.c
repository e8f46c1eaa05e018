// Doubling: many expansions, few rules.
#define E1(x) x x
#define E2(x) E1(E1(x))
#define E4(x) E2(E2(x))
E4(a)
#define EVAL(...) EVAL1(EVAL1(__VA_ARGS__))
#define EVAL1(...) __VA_ARGS__
#define EMPTY()
#define DEFER2(x) x EMPTY EMPTY()()
#define REPEAT_INDIRECT() REPEAT
#define REPEAT(n) n DEFER2(REPEAT_INDIRECT)()(n)
EVAL(REPEAT(1))
