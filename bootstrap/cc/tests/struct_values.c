#include "support.h"
struct one { char c; }; struct odd { char c[3]; }; struct two { int a; long b; }; struct big { int a[40]; };
struct nest { struct two t; struct odd o; double d; }; union both { long l; char c[8]; }; struct empty { };
struct one make1(int x) { struct one s; s.c = x; return s; } struct odd make3(int x) { struct odd s = { { x, x + 1,
    x + 2 } }; return s; } struct two make2(int a, long b) { return (struct two){ a, b }; } struct big make40(int n) {
    struct big s; for (int i = 0; i < 40; i++) s.a[i] = i * n; return s; } int sum40(struct big s, int from) {
    int t = 0; for (int i = from; i < 40; i++) t += s.a[i]; s.a[0] = 999; return t; } struct two swap(struct two t) {
    struct two r = { t.b, t.a }; t.a = 77; return r; } struct nest wrap(struct two t, struct odd o, double d) {
    struct nest n; n.t = t; n.o = o; n.d = d; return n; } long mixed(char a, struct odd o, int b, struct two t,
    double d, struct one p, union both u) {
    return a + o.c[0] * 2 + o.c[2] * 3 + b * 5 + t.a * 7 + t.b * 11 + (long)d * 13 + p.c * 17 + u.c[1] * 19; }
struct two recursive(int n) { if (n == 0) return make2(0, 0); struct two t = recursive(n - 1); t.a += n; t.b += t.a;
return t; } struct empty nothing(struct empty e, int x) { return e; }
int main(void)
{
  show("make1", make1(-5).c); show("make3", make3(7).c[2]); struct two t = make2(-1, 1L << 40); show("t.a", t.a);
  show("t.b", t.b); show("sum40", sum40(make40(3), 10)); struct big b = make40(2), copy; copy = b; b.a[1] = 0;
  show("copy", copy.a[1] * 100 + b.a[1]); show("argument is a copy", sum40(b, 0) + b.a[0]); t = make2(5, 6);
  t = swap(t); show("swap", t.a * 10 + t.b); t = swap(swap(swap(t))); show("swap", t.a * 10 + t.b);
  struct nest n = wrap(t, make3(1), 2.5); show("nest", n.t.a * 1000 + n.t.b * 100 + n.o.c[1] * 10 + (int)(n.d * 2));
  struct nest array[3]; array[1] = n; array[2] = array[1]; array[2].t.a = 0; show("array", array[1].t.a);
  union both u; u.l = 0x4241; show("mixed", mixed(1, make3(10), 2, t, 3.7, make1(4), u)); show("recursive",
      recursive(10).b); struct two *p = &t; *p = make2(8, 9); show("*p", p->a + p->b); show("conditional",
      (t.a == 8 ? t : swap(t)).b); show("assignment value", (t = make2(3, 4)).b); show("comma", (t.a++, t).a);
  int index = 0; struct two pair[2] = { { 1, 2 }, { 3, 4 } }; pair[index++] = pair[1]; show("pair",
      pair[0].a * 10 + index); show("sizeof",
      sizeof(struct odd) * 10000 + sizeof(struct big) * 10 + sizeof(struct one)); *&t = *&pair[1]; show("*&", t.b);
  struct empty e; nothing(e, 3); pair[0] = pair[0]; show("self", pair[0].b); struct odd o1 = make3(50), o2; o2 = o1;
  show("odd", o2.c[0] + o2.c[1] + o2.c[2]);
  return 0;
}
