#define m(a) __VA_ARGS__
