#include "support.h"
_Bool b, flags[3] = { 5, 0, -1 }; struct { _Bool f : 1; _Bool g; int n; } s = { 7, 8, 9 }; int n = 256; int *p = &n;
double tiny = 1e-300;
_Bool is_even(int x) { return !(x & 1); } _Bool truth(long x) { return x; }
int main(void)
{
  b = n; show("b=256", b); b = p; show("b=p", b); b = 0; show("b=0", b); b = tiny; show("b=tiny", b); show("flags",
      flags[0] * 100 + flags[1] * 10 + flags[2]); show("s.f", s.f); show("s.g", s.g); s.f = 2; show("s.f=2", s.f);
  s.f = 0; show("s.f=0", s.f);
  show("is_even", is_even(4) * 10 + is_even(5)); show("truth", truth(0x100000000)); show("(_Bool)0.5", (_Bool)0.5);
  show("b+b", b + b); show("sizeof", sizeof b); b += 5; show("b+=5", b); b ^= 1; show("b^=1", b); show("~b", ~b);
  show("-b", -(_Bool)1); b = b || n; show("b||n", b); show("cast chain", (int)(_Bool)(char)256);
  return 0;
}
