#include "support.h"
int x = 1; struct tag { int a; }; typedef int type; int f(int x) { { int x = 3; { extern int x; return x; } } }
int g(int type) { return type + 1; } int h(struct tag t) { struct tag { char c[9]; } u; return t.a + sizeof u; }
enum { K = 1 }; int k(void) { enum { K = K + 5 }; return K; } int label(int x) { x: if (x < 3) { x++; goto x; }
return x; } struct x { int x; } y = { 7 }; int shadow(int a) { for (int a = 0; a < 2; a++) { int a = 9; putnumber(a);
} return a; } type type_user(type type) { return sizeof(type); } int members(void) { struct { int type, f; } s = { 1,
    2 }; return s.type + s.f; }
int main(void)
{
  show("f", f(2)); show("g", g(4)); show("h", h((struct tag){ 5 })); show("k", k()); show("label", label(0));
  struct x x = { 8 }; show("x", x.x + y.x); show("shadow", shadow(4)); show("type", type_user(1)); show("members",
      members()); int main = 3; show("main", main); { typedef long type; show("inner type", sizeof(type)); {
      int type = 2; show("variable", type * 2); } } show("outer type", sizeof(type)); if (x.x) { int only = 1;
  show("only", only); } else { int only = 2; show("only", only); } for (int i = 0; i < 1; i++) { int x = i; show("x",
      x); } return 0;
}
