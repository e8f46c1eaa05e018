#include "support.h"
typedef int binary(int, int); typedef int (*operation)(int, int);
int add(int a, int b) { return a + b; } int sub(int a, int b) { return a - b; } static int mul(int a, int b) {
    return a * b; }
operation table[] = { add, &sub, mul, 0 }; struct entry { const char *name; int (*f)(int, int); } entries[] = { {
    "add", add }, { "sub", sub }, { "mul", mul }, { 0 } };
int apply(binary f, int a, int b) { return f(a, b); } operation choose(int n) { return table[n]; }
int (*choose2(int n))(int, int) { return n ? add : sub; } int (*(*chooser)(int))(int, int) = choose2;
void (*nothing)(void); double scale(double x, float y) { return x * y; }
binary declared; int declared(int a, int b) { return a % b; }
int main(void)
{
  for (int i = 0; table[i]; i++) { putnumber(table[i](20, 3)); putstring(" "); } putstring("\n");
  for (struct entry *e = entries; e->name; e++) { putstring(e->name); show("", e->f(6, 7)); show("", (*e->f)(7, 6)); }
  show("apply", apply(add, 1, 2) + apply(&mul, 3, 4)); show("choose", choose(1)(10, 4)); show("choose2", choose2(1)(1,
      2) * 10 + choose2(0)(9, 2)); show("chooser", (*chooser)(1)(5, 6) + chooser(0)(5, 6));
  operation f = table[0] == add ? mul : sub; show("f", f(5, 5)); show("equal", f == mul); show("null", nothing == 0);
  show("if", f ? 1 : 0); show("declared", declared(17, 5)); void *p = (void *)add; show("cast", ((int (*)(int,
      int))p)(30, 12)); double (*g)(double, float) = scale; showdouble("g", g(3, 1.5)); int (*array[2])(int, int) = {
      sub, add }; show("array", array[1](1, 1) + (*array)(5, 2)); int (**pp)(int, int) = array; show("pp", (*pp)(8,
      1) + pp[1](8, 1)); show("sizeof", sizeof(f) + sizeof(array));
  return 0;
}
