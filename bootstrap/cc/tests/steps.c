#include "support.h"
char c = 127; unsigned char uc = 255; short s = -32768; int i = 5; unsigned u; long l; _Bool b; float f = 0.5f;
double d = 1e17; long double x = 2; int array[4] = { 10, 20, 30, 40 };
int main(void)
{
  show("c++", c++); show("c", c); show("++uc", ++uc); show("uc--", uc--); show("uc", uc); show("s--", s--); show("s",
      s);
  show("i++ + ++i", i++ + 1); show("i", i); show("u--", u--); show("u", u); show("--l", --l);
  show("b++", b++); show("b++", b++); show("b--", b--); show("b", b);
  showdouble("f++", f++); showdouble("f", f); showdouble("d++", d++); showdouble("--d", --d); showdouble("x--", x--);
  showdouble("x", x);
  int *p = array;
  show("*p++", *p++); show("*++p", *++p); show("(*p)++", (*p)++); show("*p--", *p--); show("*p", *p); show("--*p",
      --*p); show("p-array", p - array);
  int **pp = &p; show("*++*pp", *++*pp); show("(*pp)++", *(*pp)++); show("p-array", p - array);
  for (p = array; p < array + 4; ) putnumber(*p++), putstring(" ");
  putstring("\n");
  return 0;
}
