#include "support.h"
double d = -3.99; float f = 250.75f; long double x = 12345678901234.5L; double big = 1.8e19; double large = 9.3e18;
float fbig = 1e19f; long double xbig = 18446744073709551615.0L;
long l = -9007199254740993; unsigned long ul = 9007199254740993ul, top = 0x8000000000000401ul;
unsigned u = 4294967295u; int i = -5; char c = -5; unsigned char uc = 250; short s = -300; _Bool b;
int main(void)
{
  show("(int)d", (int)d); show("(long)d", (long)d); show("(char)d", (char)d); show("(short)f", (short)f);
  show("(unsigned char)f", (unsigned char)f); show("(int)x%1000", (long)x % 1000); show("(unsigned)3e9",
      (unsigned)(d + 3e9));
  show("(unsigned long)big", (unsigned long)big); show("(unsigned long)large", (unsigned long)large);
  show("(unsigned long)fbig", (unsigned long)fbig); show("(unsigned long)xbig", (unsigned long)xbig);
  show("(unsigned long)f", (unsigned long)f); show("(unsigned long)x", (unsigned long)x);
  showdouble("l", l); showdouble("ul", ul); showdouble("top", top); showdouble("(float)top", (float)top);
  showdouble("(long double)top", (long double)top - 9223372036854775808.0L); showdouble("u", u); showdouble("i", i);
  showdouble("c", c); showdouble("uc", uc); showdouble("s", s); showdouble("(float)u", (float)u);
  showdouble("(long double)i", (long double)i); showdouble("(long double)u", (long double)u);
  showdouble("(long double)l", (long double)l);
  b = 0.1; show("b=0.1", b); b = 0.0f; show("b=0", b); b = 1e-300L; show("b=tiny", b); show("(_Bool)d", (_Bool)d);
  showdouble("(float)d", (float)d); showdouble("(double)f", (double)f); showdouble("(float)x", (float)x);
  showdouble("(double)x", (double)x);
  show("constant", (int)2.9 + (int)-2.9 * 10 + (long)1e10); show("constant unsigned", (unsigned long)1.5e19);
  showdouble("constant ul", (double)18446744073709551615ul); i = 2.5f; show("i=2.5f", i); f = 3; showdouble("f=3", f);
  uc = 3.7; show("uc=3.7", uc);
  return 0;
}
