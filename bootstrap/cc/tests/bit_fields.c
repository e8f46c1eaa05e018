#include "support.h"
struct a { unsigned x : 3; unsigned y : 5; int z : 7; } a = { 5, 17, -20 }; struct b { char c; int i : 4; short s : 9;
unsigned char u : 8; long l : 33; } b; struct c { unsigned a : 30; unsigned b : 3; unsigned : 0; unsigned c : 1;
char d; int : 5; unsigned e : 2; } c; struct d { long a : 40; long b : 24; unsigned long c : 1; } d; struct e {
    char a; int : 0; char b; } e; struct f { _Bool x : 1; _Bool y : 1; unsigned char z : 6; } f; struct g { char x;
long y : 20; } g; struct h { int : 3; char x; } h; union u { unsigned low : 4; unsigned all; } u; enum color { RED,
    GREEN, BLUE }; struct i { enum color c : 2; int s : 1; unsigned full : 32; unsigned long wide : 64; } i;
struct j { unsigned short a : 12, b : 6; unsigned char c : 4, d : 4, e : 1; } j;
#define dump(name) { unsigned char *p = (unsigned char *)&name; for (int n = 0; n < (int)sizeof name; n++) { putnumber(p[n]); putstring(" "); } show(#name, sizeof name); }
int main(void)
{
  show("x", a.x); show("y", a.y); show("z", a.z); a.x = 9; show("a.x=9", a.x); a.y += 20; show("a.y+=20", a.y);
  a.z = 63; show("z", a.z++); show("z", a.z); dump(a); b.c = 1; b.i = -3; b.s = 255; b.u = 200; b.l = -5000000000 / 2;
  show("b", b.i + b.s + b.u); show("b.l", b.l); dump(b); c.a = 0x3fffffff; c.b = 5; c.c = 1; c.d = 'd'; c.e = 3;
  dump(c); d.a = -2; d.b = 0x7fffff; d.c = 1; show("d.a", d.a); show("d.b", d.b); dump(d); e.a = 1; e.b = 2; dump(e);
  f.x = 2; f.y = 0; f.z = 77; show("f.z", f.z); dump(f); g.x = 1; g.y = -1; dump(g); h.x = 3; dump(h); u.all = 0xff;
  u.low = 5; show("u", u.all); i.c = BLUE; i.s = 1; i.full = 4000000000u; i.wide = -1ul; show("i.c", i.c); show("i.s",
      i.s); show("i.full", i.full); show("i.wide", i.wide == -1ul); dump(i); j.a = 0xabc; j.b = 0x2a; j.c = 7;
  j.d = 9; j.e = 1; dump(j); show("promotion", (a.x - 10 < 0) + (i.full - 4100000000u > 0) * 10); show("assigned",
      (a.x = 15)); show("shift", a.x << 30 < 0); struct a copy = a, *p = &copy; p->y = ~0; p->z = p->x = 6;
  show("copy", copy.x * 10000 + copy.y * 100 + copy.z); show("a.y", a.y); int n = p->x++ + --p->y; show("n", n);
  p->z |= 1; p->z <<= 3; show("p->z", p->z); if (p->x) putstring("yes\n"); if (!copy.z) putstring("no\n"); struct {
      unsigned k : 1; unsigned v : 31; } table[3] = { { 1, 10 }, { 0, 20 }, { 1, 30 } }; n = 0;
  for (int t = 0; t < 3; t++) if (table[t].k) n += table[t].v; show("table", n); show("?:", (n ? a.x : a.z) * 2);
  return 0;
}
