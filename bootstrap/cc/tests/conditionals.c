#include "support.h"
struct p { int x, y; } a = { 1, 2 }, b = { 3, 4 }; int i = 5; char c = 'c'; double d = 1.5; int *null;
int array[3] = { 7, 8, 9 }; void f(void) { putstring("f"); } void g(void) { putstring("g"); } int one(void) {
    return 1; } int two(void) { return 2; }
int main(void)
{
  show("int", i > 3 ? i : c); show("size", sizeof(i ? c : c) + sizeof(i ? 1 : 1L) * 10 + sizeof(i ? 1 : 1.0) * 100);
  showdouble("double", i < 3 ? d : i); show("unsigned", (i ? -1 : 0u) > 0); show("struct",
      (i ? a : b).y + (i > 9 ? a : b).x * 10); show("pointer", *(i ? array : null)); show("pointer or 0",
      (i ? 0 : array) == 0); show("void pointer", (i ? (void *)array : null) == array); i ? f() : g(); !i ? f() : g();
  show("", (i == 5 ? one : two)()); show("nested", i == 1 ? 10 : i == 2 ? 20 : i == 5 ? 50 : 0); show("left",
      (i ? i > 4 ? 1 : 2 : 3)); int x = i ? (c = 4, c + 1) : 0; show("x", x); show("constant", 1 ? 2 : i++); show("i",
      i); show("array", (i ? "yes" : "no")[1]); i = i > 2 ? i < 4 ? 1 : 2 : 3; show("i", i);
  long l = i ? -1 : 4000000000u; show("l", l); show("bool", (i ? 2.5 : 0) ? 1 : 0); float fl = i ? 1 : d;
  showdouble("fl", fl); showdouble("long double", i ? 1.5L : 2); (i ? array : array + 1)[1] = 80; show("array",
      array[1]); show("mixed chars", i ? (signed char)-1 : (unsigned char)1);
  return 0;
}
