#include "support.h"
int add(a, b) int a; char b; { return a + b; } double scale(x, n, p) double x; int *p; { return x * n + *p; }
int none() { return 3; }
int main(void) { int n = 5; show("add", add(1000, (char)300)); showdouble("scale", scale(1.5, 4, &n)); show("none",
    none()); return 0; }
