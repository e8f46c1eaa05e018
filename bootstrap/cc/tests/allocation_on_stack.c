#include "support.h"
int sum(int n) { int *p = __builtin_alloca(n * sizeof(int)); int t = 0; for (int i = 0; i < n; i++) p[i] = i;
for (int i = 0; i < n; i++) t += p[i]; char *q = __builtin_alloca(10); q[9] = 1; return t + q[9] + p[n - 1] * 0; }
int main(void) { show("sum", sum(100)); for (int i = 0; i < 3; i++) { char *p = __builtin_alloca(100); p[99] = i;
putnumber(p[99]); } show("aligned", ((long)__builtin_alloca(3) & 15)); return 0; }
