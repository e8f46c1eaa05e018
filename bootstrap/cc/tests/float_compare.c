#include "support.h"
double a = 1.5, b = 2.5, zero; float f = 1.5f; long double x = 2.5L;
#define all(x, y) putnumber(x < y); putnumber(x <= y); putnumber(x > y); putnumber(x >= y); putnumber(x == y); putnumber(x != y); putstring(" " #x " " #y "\n")
#define branches(x, y) if (x < y) putstring("<"); if (x <= y) putstring("<="); if (x > y) putstring(">"); if (x >= y) putstring(">="); if (x == y) putstring("=="); if (x != y) putstring("!="); \
  if (!(x < y)) putstring("!<"); if (!(x >= y)) putstring("!>="); if (!(x == y)) putstring("!=="); putstring(" " #x " " #y "\n")
int main(void)
{
  double nan = zero / zero, infinity = 1 / zero; long double xnan = nan; float fnan = nan;
  all(a, b); all(b, a); all(a, f); all(f, x); all(x, b); all(nan, a); all(a, nan); all(nan, nan); all(xnan, x); all(x,
      xnan); all(fnan, f); all(infinity, b); all(-infinity, b); all(zero, -zero);
  branches(a, b); branches(b, a); branches(a, f); branches(x, b); branches(nan, a); branches(xnan, x); branches(fnan,
      fnan);
  show("nan is true", nan ? 1 : 0); show("!nan", !nan); show("xnan", xnan && 1); show("a && zero", a && zero);
  while (a < 4) a += 0.75; showdouble("a", a);
  return 0;
}
