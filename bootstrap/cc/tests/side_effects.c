#include "support.h"
int n, array[5], log_at; char trace[50]; int mark(int x) { trace[log_at++] = '0' + x; return x; }
struct s { int a, b; } pair[2], *p = pair;
int main(void)
{
  mark(1), mark(2); int x = (mark(3), mark(4)) + (n++, n); show("x", x); array[n++] = 5; show("array[1]", array[1]);
  array[n] = n; show("array[2]", array[2]); if (mark(0) || mark(5) && mark(6)) mark(7); mark(8) ? mark(9) : mark(0);
  p++->b = 4; show("pair", pair[0].b * 10 + (p - pair)); (--p)->a = 3; (*p).b += (*p).a; show("pair", pair[0].b);
  *(array + (n = 4)) = n; show("array[4]", array[4]); n = 3; int i = 0; while (i++ < 3) array[i] = i * i; show("i",
      i); show("array[3]", array[3]); for (i = 0; i < 2; array[i++] = 9) ; show("array[1]", array[1]); do mark(1);
  while (i-- > 1); (void)mark(2); putstring(trace); show("", log_at); int y = 5; y++; return 0;
}
