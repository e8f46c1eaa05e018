#include "support.h"
enum a { A, B, C = 10, D, E = -1, F, G = C * 2 + 1, H = 'x', I = 1 << 4 | 1, }; enum b { BIG = 0x7fffffff }; enum c;
typedef enum { P, Q } pq; enum b var = BIG; enum a array[3] = { A, D, G }; struct s { enum { IN = 50, OUT } direction;
} s = { OUT }; enum { SIZE = sizeof(int) * 2 }; char sized[SIZE];
enum a next(enum a x) { return x + 1; }
int main(void)
{
  show("values", A + B * 10 + D * 100 + F * 1000); show("E", E); show("G", G); show("H", H); show("I", I); show("var",
      var); show("next", next(B)); show("array", array[2]); show("s", s.direction + IN); show("sizes",
      sizeof(enum a) + sizeof(pq) * 10 + sizeof A * 100 + sizeof sized * 1000); pq x = Q; x++; show("x", x);
  show("sign", (enum a)-1 < 0); show("unsigned", (pq)-1 > 0); enum local { L1 = 3, L2 } l = L2; show("l", l);
  switch (l) { case L1: putstring("L1\n"); break; case L2: putstring("L2\n"); }
  enum { TOP = 0x80000000, NEXT, ALL = 0xffffffff, LOW = -0x7fffffff - 1 };
  show("top", TOP); show("next to top", NEXT); show("all", ALL); show("positive", ALL > 0); show("low", LOW);
  return Q;
}
