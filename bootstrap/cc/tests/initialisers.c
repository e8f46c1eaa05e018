#include "support.h"
int a[] = { 1, 2, 3, }, b[5] = { 1 }, c[2][3] = { { 1 }, { 4, 5 } }, d[2][3] = { 1, 2, 3, 4 }, e[] = { [3] = 7, 8,
    [1] = 5 }, f[10] = { [2 ... 4] = 9, [9] = 1 }; char s1[] = "text", s2[10] = "text", s3[4] = "text", s4[] = {
    "braced" }, s5[2][4] = { "ab", "cd" }, *s6[] = { "one", "two" }; int w[] = L"wide"; struct p { int x, y; } p1 = {
    1, 2 }, p2 = { .y = 3 }, p3[] = { { 1, 2 }, { .x = 3 }, [4] = { 5, 6 }, [2].y = 8 }, p4[2] = { 1, 2, 3, 4 };
struct n { struct p a[2]; char t[4]; struct p *q; union { int i; char c[4]; } u; } n1 = { { { 1, 2 }, { 3, 4 } },
    "abc", &p1, { 0x41424344 } }, n2 = { 1, 2, 3, 4, 'x', 'y', 'z', 0, &p3[1], 5 }, n3 = { .u.c = { 1, 2 },
    .a[1].y = 6, .t = "z" }, n4 = { .a = { [1] = { 7, 8 } }, .q = &n1.a[1] }; union { char c; int i; double d; }
u1 = { 65 }, u2 = { .d = 1.0 }; double g[] = { 1, 2.5, -3e2, 1.0 / 4, -0.0, 1 / 3.0 }; float h = 1 / 3.0f;
long double ld = 2.5; int *pa = &a[1], *pb = a + 2, *pc = &c[1][1], *pd = (int *)c + 1;
long difference = &a[2] - &a[0], address = (long)&b[0] - 0 + 4; char *text = "literal" + 3, *member = n1.t + 1;
int (*fp)(void), size = sizeof a / sizeof a[0], bits = 1 << 4 | 3, cond = 5 > 3 ? 10 : 20;
unsigned char wrapped = 300; signed char sc = 200; unsigned long big = -1; struct fl { int n; int data[]; } fl = { 3,
    { 10, 20, 30 } }; struct bf { unsigned a : 3, b : 5; int c : 10; } bf = { 7, 30, -5 }, bfs[] = { { 1 }, { .c = 9 }
}; enum { K = 3 }; int k[K + 1] = { [K] = K }; int *inner[] = { (int[]){ 1, 2 }, (int[3]){ 3 }, &(int){ 9 } };
struct p *lit = &(struct p){ 11, 12 }; int scalar = { 13 }; void *nothing = 0, *one = (void *)1; _Bool flag = 7,
    flag2 = 0.5; char zero[3] = {}; struct deep { int a; struct { int b; struct { int c, d; }; }; int e; } deep = { 1,
    { 2, { 3, 4 } }, 5 }, deep2 = { 1, 2, 3, 4, 5 }, deep3 = { .c = 3, 4, 5 };
int f1(void) { return 4; } int (*functions[])(void) = { f1, &f1, 0 };
int main(void)
{
  for (unsigned i = 0; i < sizeof c / 4; i++) putnumber(((int *)c)[i]), putnumber(((int *)d)[i]); show("",
      a[2] + b[0] * 10 + b[4]); for (unsigned i = 0; i < sizeof e / 4; i++) putnumber(e[i]);
  for (int i = 0; i < 10; i++) putnumber(f[i]); putstring(s1); putstring(s2); write_bytes(s3, 4); putstring(s4);
  putstring(s5[1]); putstring(s6[1]); show("", sizeof s1 + sizeof s2 + sizeof s4 + sizeof w + w[3]); show("p",
      p1.y + p2.y * 10 + p2.x + p3[4].x * 100 + p3[2].y * 1000 + p4[1].y * 10000); show("sizeof p3", sizeof p3);
  show("n1", n1.a[1].x + n1.t[2] + n1.q->y + n1.u.c[0]); show("n2", n2.a[1].y + n2.t[2] + n2.q->x + n2.u.i);
  show("n3", n3.u.c[1] + n3.a[1].y * 10 + n3.t[0] * 100 + n3.a[0].x); show("n4", n4.a[1].y + n4.q->y * 10); show("u1",
      u1.c + u1.i); showdouble("u2", u2.d); for (int i = 0; i < 6; i++) showdouble("g", g[i]); showdouble("h", h);
  showdouble("ld", ld); show("pointers", *pa + *pb * 10 + *pc * 100 + *pd * 1000); show("difference", difference);
  show("address", *(int *)address == b[1]); putstring(text); putstring(member); show("",
      size * 10000 + bits * 100 + cond); show("wrapped", wrapped + sc * 1000); show("big", big); show("fl",
      fl.data[2] + fl.n); show("bf", bf.a + bf.b * 10 + bf.c * 1000 + bfs[0].a + bfs[1].c); show("k",
      k[3] + sizeof k); show("inner", inner[0][1] + inner[1][0] * 10 + *inner[2] * 100 + inner[1][2]); show("lit",
      lit->x * 100 + lit->y); show("scalar",
      scalar + (nothing == 0) + (long)one * 100 + flag * 1000 + flag2 * 10000 + zero[2]); show("deep",
      deep.c * 100 + deep.e * 10 + deep2.d + deep3.d * 1000 + deep3.e * 10000 + deep3.a); show("functions",
      functions[0]() + (functions[1] == f1) * 10 + !functions[2] * 100); fp = f1; show("fp", fp());
  return 0;
}
