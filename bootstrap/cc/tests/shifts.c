#include "support.h"
int i = -100; unsigned u = 0xF0000000u; long l = -5000000000; unsigned long ul = 0xF000000000000000ul; char c = -8;
unsigned char uc = 0xF0; int n = 3; long big = 40;
int main(void)
{
  show("i<<n", i << n); show("i>>n", i >> n);
  show("u<<n", u << n); show("u>>n", u >> n);
  show("l<<n", l << n); show("l>>n", l >> n);
  show("ul<<n", ul << n); show("ul>>n", ul >> n);
  show("c>>1", c >> 1); show("uc>>1", uc >> 1); show("uc<<4", uc << 4);
  show("1L<<big", 1L << big); show("l>>big", l >> big); show("ul>>big", ul >> big);
  show("1<<31", 1u << 31); show("int type", sizeof(1 << 1L));
  show("n<<n<<n", n << n << n);
  i <<= 2; show("<<=", i); i >>= 1; show(">>=", i); uc <<= 1; show("uc<<=", uc); c >>= 2; show("c>>=", c);
  return 0;
}
