#include "support.h"
struct p { int x, y; }; int calls; int next(void) { return ++calls; } struct p make(int x) { return (struct p){ x,
    x + 1 }; } int total(struct p *p, int n) { int t = 0; while (n--) t += p->x * p->y, p++; return t; }
void dirty(void) { volatile int junk[200]; for (int i = 0; i < 200; i++) junk[i] = -1; }
int test(int n)
{
  int a[] = { n, n + 1, n + 2 }, b[5] = { n }, c[2][2] = { { n }, { 1, n } }; char s1[] = "text", s2[8] = "ab",
      s3[2] = "xy", s4[] = { 'a', n, 0 }; struct p p1 = { n, 2 }, p2 = { .y = n }, p3 = p1, p4 = make(n), p5[3] = { {
      1, n }, make(7), [2].y = next() }; struct { struct p a; char t[4]; struct p b[2]; } m = { p1, "abc", { p4, { n }
  } }; union { long l; char c[8]; } u = { n }; double d = n, e[3] = { 1, n }; float f = 2.5; int x = n++, y = n,
      *p = &x, *q[2] = { a, b + 1 }; struct { unsigned a : 4, b : 4; } bits = { n, 3 }; long l = 5000000000;
  unsigned char uc = 300; _Bool flag = 2; int scalar = { 6 }, zero[100] = { 0 }; const char *names[] = { "one", "two",
      s1 };
  show("a", a[0] + a[2] * 10 + sizeof a); show("b", b[0] + b[4]); show("c", c[0][0] + c[0][1] * 10 + c[1][1] * 100);
  putstring(s1); putstring(s2); write_bytes(s3, 2); show("", s4[1] + s2[7] + sizeof s4); show("p",
      p1.x + p2.y * 10 + p2.x * 100 + p3.y * 1000 + p4.y * 10000); show("p5",
      p5[0].y + p5[1].y * 10 + p5[2].x * 100 + p5[2].y * 1000); show("m",
      m.a.x + m.t[1] + m.b[0].y * 1000 + m.b[1].x * 10000 + m.b[1].y); show("u", u.l + u.c[5]); showdouble("d",
      d + e[1] + e[2] + f); show("x", x * 10 + y + *p * 100 + *q[0] * 1000 + q[1][0]); show("bits",
      bits.a * 10 + bits.b); show("l", l + uc + flag + scalar); int z = 0; for (int i = 0; i < 100; i++) z |= zero[i];
  show("zero", z); putstring(names[2]); putstring("\n"); return n;
}
int main(void)
{
  dirty(); show("test", test(3)); dirty(); show("test", test(5)); show("literal", total((struct p[]){ { 1, 2 }, { 3,
      4 } }, 2)); struct p *q = &(struct p){ 5, 6 }; q->x++; show("q", q->x * q->y); show("member", (struct p){ 8,
      9 }.y + ((struct p){ .x = 4 }).x); for (int i = 0; i < 3; i++) { int fresh[3] = { i };
  putnumber(fresh[0] + fresh[1]); fresh[1] = 100; int *lit = (int[]){ i, i * i }; putnumber(lit[1]++); } show("",
      (int){ 3 } + sizeof(int[]){ 1, 2, 3 }); show("string", "abc"[1] + *"z" + sizeof "four"); int n = (int){ next() }
  + (int){ next() }; show("n", n > 4); show("nested", total((struct p[2]){ make(2), (struct p){ (int){ 7 },
      next() - calls } }, 2)); struct p w = (struct p){ 1, 2 }; w = (struct p){ w.y, w.x }; show("w", w.x * 10 + w.y);
  return 0;
}
