#include "support.h"
int i = 10; char c = 100; unsigned char uc = 250; short s = 32767; long l = 1; unsigned u = 1; double d = 2.5;
float f = 1.25f; int array[5] = { 1, 2, 3, 4, 5 };
int calls;
int *next(void) { return &array[calls++]; }
struct { int a; unsigned b : 5; } s1;
int main(void)
{
  show("i+=5", i += 5); show("i-=20", i -= 20); show("i*=-3", i *= -3); show("i&=12", i &= 12); show("i|=3", i |= 3);
  show("i^=5", i ^= 5);
  show("c+=100", c += 100); show("uc+=10", uc += 10); show("s+=1", s += 1); show("uc-=5", uc -= 5);
  show("u-=2", u -= 2); show("l-=u", l -= u);
  i = 7; show("i*=1.5", i *= 1.5); show("i+=d", i += d); c = 10; show("c*=2.7", c *= 2.7);
  showdouble("d+=i", d += i); showdouble("f*=3", f *= 3); showdouble("d/=f", d /= f); showdouble("f-=d", f -= d);
  *next() += 10; show("array[0]", array[0]); show("calls", calls);
  (*next())++; ++*next(); show("array[1]", array[1]); show("array[2]", array[2]); show("calls", calls);
  array[calls++] *= 100; show("array[3]", array[3]); show("calls", calls);
  int a, b, e; a = b = e = 300; show("chain", a + b + e);
  c = uc = 511; show("narrow chain", c);
  s1.b = 31; show("field++", s1.b++); show("field", s1.b); show("--field", --s1.b); show("field+=", s1.b += 40);
  show("field=", s1.b = 100);
  show("s1.a -= b", s1.a -= s1.b);
  return 0;
}
