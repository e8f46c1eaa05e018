#include "support.h"
long double a = 1e4000L, b = 1e-4000L, table[3] = { 1, 2.5L, -3 };
struct { char c; long double x; char d; } s = { 1, 1.5L, 2 };
long double twice(long double x) { return x + x; }
long double sum(int n, ...) { va_list ap; va_start(ap, n); long double total = 0; while (n--) total += va_arg(ap,
    long double); va_end(ap); return total; }
int main(void)
{
  showdouble("a*b", a * b); showdouble("table", table[0] + table[1] * table[2]); show("sizeof", sizeof s);
  show("sizeof table", sizeof table); showdouble("s.x", s.x); show("s.d", s.d);
  showdouble("twice", twice(0.1L)); showdouble("twice of int", twice(21)); showdouble("sum", sum(4, 1.0L, 2.5L,
      (long double)3, twice(2))); showdouble("nested", twice(twice(1) + twice(2) * twice(3)));
  long double x = 1; x /= 3; showdouble("precise", x * 3 - 1); double d = 1.0; d /= 3; showdouble("mixed", x - d);
  s.x += 1; showdouble("s.x", s.x); s.x = table[1] = 7; showdouble("chain", s.x + table[1]);
  union { long double x; unsigned long bits[2]; } view; view.bits[1] = 0; view.x = -1.5L; show("high",
      view.bits[1] & 0xffff); show("low", view.bits[0]);
  long double *p = table; showdouble("*++p", *++p); showdouble("p[1]", p[1]); show("p-table", p - table); (void)x; x;
  x = x + 1, x;
  return 0;
}
