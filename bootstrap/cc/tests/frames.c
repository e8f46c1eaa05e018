#include "support.h"
/* large and many local variables, frames that are reused, deep recursion */
int large(int n) { char big[100000]; int small = n; big[0] = n; big[99999] = n + 1; long array[3000];
array[2999] = small; return big[0] + big[99999] + array[2999]; } int blocks(int n) { int t = 0; { int a[10]; a[9] = n;
t += a[9]; } { int b[20]; b[19] = 2 * n; t += b[19]; } for (int i = 0; i < 3; i++) { long c[5] = { i };
t += c[0] + c[4]; } return t; } long deep(long n) { return n == 0 ? 0 : 1 + deep(n - 1); } struct s { long a[30]; }
make(int n) { struct s s; for (int i = 0; i < 30; i++) s.a[i] = n; return s; } long temporaries(void) {
    return make(1).a[0] + make(2).a[1] * make(3).a[2] + (make(4).a[3] - make(5).a[4]) * make(6).a[29]; }
int loop(void) { int t = 0; for (int i = 0; i < 10; i++) { struct s s = make(i); t += s.a[i] + make(i).a[0]; }
return t; }
int main(void) { show("large", large(3)); show("blocks", blocks(4)); show("deep", deep(20000)); show("temporaries",
    temporaries()); show("loop", loop()); return 0; }
