#include "support.h"
struct point { int x, y; }; struct line { struct point from, to; char name[5]; struct line *next; }; struct mixed {
    char a; short b; char c; int d; char e; long f; char g; double h; char i; long double j; char k; }; union value {
    int i; double d; char c[16]; struct { short s, t; }; }; struct anonymous { int kind; union { int number;
char *text; struct { char a, b; }; }; int last; }; struct list { int head; struct list *tail; }; struct { int only; }
single = { 4 }; struct point points[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } }; struct flexible { int n; short data[]; };
typedef struct forward *forward; struct forward { forward self; int n; };
#define offset(type, member) ((long)&((type *)0)->member)
int main(void)
{
  struct line l = { { 1, 2 }, { 3, 4 }, "line", &l }; show("l.to.y", l.to.y); l.next->from.x = 10; show("l.from.x",
      l.from.x); show("name", l.next->next->name[2]); struct point *p = &l.to; p->x += 5; show("p->x", l.to.x);
  (*p).y--; show("y", (&l)->to.y); show("size", sizeof(struct mixed)); show("offsets", offset(struct mixed,
      b) + offset(struct mixed, d) * 10 + offset(struct mixed, f) * 100 + offset(struct mixed,
      h) * 1000 + offset(struct mixed, j) * 10000 + offset(struct mixed, k) * 100000); show("builtin",
      __builtin_offsetof(struct line, to.y)); show("builtin", __builtin_offsetof(struct line, name[3]));
  union value v; v.d = 1.0; show("union", v.c[7]); v.i = 0x01020304; show("union", v.c[0]); show("short", v.t);
  show("size", sizeof v); struct anonymous a = { 1, { 2 }, 3 }; a.a = 9; show("anonymous", a.number + a.last);
  a.text = "abc"; show("text", a.text[1]); show("offset", offset(struct anonymous, b)); struct list c = { 3, 0 },
      b = { 2, &c }, d = { 1, &b }; int sum = 0; for (struct list *q = &d; q; q = q->tail) sum = sum * 10 + q->head;
  show("list", sum); show("single", single.only); points[1].x = points[2].y * 10; show("points",
      points[1].x + points[0].y); p = points; p++; show("p->x", p->x); show("(p+1)->y", (p + 1)->y); show("p[1].x",
      p[1].x); show("distance", &points[2] - &points[0]); show("flexible", sizeof(struct flexible)); char room[20];
  struct flexible *f = (struct flexible *)room; f->n = 3; f->data[2] = 77; show("data", ((short *)room)[4]);
  struct forward self = { &self, 6 }; show("self", self.self->self->n); struct point array[2][3]; array[1][2].y = 8;
  show("array", (*(*(array + 1) + 2)).y); { struct point { char c; } inner = { 5 }; show("inner",
      sizeof(struct point) + inner.c); } show("outer", sizeof(struct point)); struct point copy = points[1],
      *pp[2] = { &copy, points }; show("pp", pp[0]->x + pp[1]->y); struct { struct { struct { int deep; } b; } a; }
  nested; nested.a.b.deep = 12; show("deep", nested.a.b.deep);
  return 0;
}
