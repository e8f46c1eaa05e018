#include "support.h"
float f = 1.1f, g = 3.3f; double d = 1.1, e = -3.3; long double x = 1.1L, y = 0.25L; int i = 7;
unsigned long ul = 18446744073709551615ul;
int main(void)
{
  showdouble("f+g", f + g); showdouble("f-g", f - g); showdouble("f*g", f * g); showdouble("f/g", f / g);
  showdouble("d+e", d + e); showdouble("d-e", d - e); showdouble("d*e", d * e); showdouble("d/e", d / e);
  showdouble("x+y", x + y); showdouble("x-y", x - y); showdouble("x*y", x * y); showdouble("x/y", x / y);
  showdouble("f+d", f + d); showdouble("f*x", f * x); showdouble("d*x", d * x); showdouble("i/d", i / d);
  showdouble("f+i", f + i);
  showdouble("-f", -f); showdouble("-d", -d); showdouble("-x", -x); showdouble("-0.0", -0.0); double zero = 0;
  showdouble("-zero", -zero);
  showdouble("1/zero", 1 / zero); showdouble("d/3*3", d / 3 * 3); showdouble("nested",
      (d + e) * (d - e) / (f + (g * d)));
  showdouble("0.1+0.2", 0.1 + 0.2); showdouble("0.1f+0.2f", 0.1f + 0.2f); showdouble("1e308*10", 1e308 * 10);
  showdouble("denormal", 4.9e-324); showdouble("hex", 0x1.8p3);
  showdouble("1/3", 1.0 / 3); showdouble("1.f/3", 1.0f / 3); showdouble("1.L/3", 1.0L / 3); showdouble("ul", ul);
  showdouble("float ul", (float)ul); showdouble("long double ul", (long double)ul - 1.5L);
  x = 1; for (int n = 1; n <= 20; n++) x *= n; showdouble("20!", x);
  f = 16777216; showdouble("float rounds", f + 1); showdouble("double does not", (double)f + 1);
  show("sizeof", sizeof f * 10000 + sizeof d * 100 + sizeof x); show("sizeof(f+f)", sizeof(f + f));
  show("sizeof(f+1)", sizeof(f + 1)); show("sizeof(f+1.)", sizeof(f + 1.));
  return 0;
}
