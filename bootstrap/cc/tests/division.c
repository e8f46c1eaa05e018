#include "support.h"
int a = -7, b = 2; unsigned ua = 4294967289u, ub = 2; long la = -7000000000, lb = 1000;
unsigned long ula = 18446744073709551609ul;
short s = -9; unsigned char c = 200; int least = -2147483647 - 1;
int main(void)
{
  show("int /", a / b); show("int %", a % b);
  show("int / neg", a / -b); show("int % neg", a % -b);
  show("unsigned /", ua / ub); show("unsigned %", ua % ub);
  show("mixed /", a / ub); show("mixed %", a % 10u);
  show("long /", la / lb); show("long %", la % lb);
  show("ulong /", ula / 10); show("ulong %", ula % 10);
  show("short /", s / 2); show("char %", c % 7);
  show("/ by power", a / 4); show("unsigned / by power", ua / 8);
  show("% power", a % 4); show("unsigned % power", ua % 8);
  show("constants", -7 / 2 * 100 + -7 % 2);
  show("unsigned constants", 4294967289u / 2 + 4294967289u % 2);
  show("least / 2", least / 2); show("least % 10", least % 10);
  a /= 3; show("/=", a); la %= 1000; show("%=", la);
  c /= 3; show("char /=", c);
  return 0;
}
