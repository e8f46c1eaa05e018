#define m(a, a) a
