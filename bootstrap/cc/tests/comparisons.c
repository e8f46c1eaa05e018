#include "support.h"
int a = 5, b = -5; unsigned ua = 5, ub = 4294967291u; long l = -1; unsigned long ul = 1; char c = -1; int array[4];
#define all(x, y) show(#x " < " #y, x < y); show(#x " <= " #y, x <= y); show(#x " > " #y, x > y); show(#x " >= " #y, x >= y); \
  show(#x " == " #y, x == y); show(#x " != " #y, x != y)
int main(void)
{
  int *p = array, *q = array + 3, *null = 0;
  all(a, b); all(ua, ub); all(a, ub); all(l, ul); all(c, a); all(c, 255); all(ua, 5); all(ub, -5); all(p, q); all(q,
      &array[3]);
  show("null", null == 0); show("!null", !null); show("!p", !p); show("p && q", p && q);
  if (a > b) putstring("greater\n"); else putstring("not greater\n");
  if (!(a > b)) putstring("not greater\n"); else putstring("greater\n");
  if (ub > 5) putstring("unsigned greater\n");
  if (l < 0 && ul > 0 || 0) putstring("both\n");
  while (a-- > 3) putstring(".");
  putstring("\n");
  return a == 2;
}
