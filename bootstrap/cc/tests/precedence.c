#include "support.h"
int a = 1, b = 2, c = 3, d = 4, *p = &c; struct { int x, *q; } s = { 5, &d }, *r = &s;
int main(void)
{
  show("1", a + b * c - d / b % c); show("2", a << b + c); show("3", a | b ^ c & d); show("4", a < b == c > d);
  show("5", !a + ~b * -c); show("6", a && b || c && !d); show("7", a ? b : c ? d : a); show("8", a = b = c + d);
  show("9", (a, b)); show("10", a & b == 2); show("11", *p * *p); show("12", -*p - -d); show("13", *r->q + -r->x);
  show("14", *s.q++); s.q--; show("15", sizeof a * 2); show("16", (char)a + b); show("17", a - b - c); show("18",
      d / b / 2); show("19", a + +b - -c); show("20", 1 << 2 << 3 >> 1); show("21", a == b != c); show("22",
      7 & 3 | 8 ^ 12); show("23", !a == b); show("24", - -a); show("25", ~-a); show("26", a > b ? c : d + 1);
  show("27", a += b -= c *= 2); show("28", (a) - (b)); show("29", a ^ b << 1); show("30", a % b * c); show("31", *&a);
  show("32", a||b&&c); show("33", a---b); show("34", a+++b);
  return 0;
}
