#include "support.h"
/* promotions and the usual conversions */
signed char sc = -1; unsigned char uc = 255; short s = -2; unsigned short us = 65534;
int i = -3; unsigned u = 4000000000u; long l = -4; unsigned long ul = 18000000000000000000ul;
int main(void)
{
  show("sc+uc", sc + uc);
  show("sc<uc", sc < uc);
  show("s<us", s < us);
  show("i<u", i < u);
  show("l<u", l < u);
  show("l<ul", l < ul);
  show("uc<<24", uc << 24);
  show("~uc", ~uc);
  show("-us", -us);
  show("-u", -u);
  show("u+u", u + u);
  show("(long)u+u", (long)u + u);
  show("i+ul>0", i + ul > 0);
  show("u*u", u * u);
  show("(unsigned long)u*u", (unsigned long)u * u);
  show("sc=300", sc = 300);
  show("uc=-1", uc = -1);
  show("s=70000", s = 70000);
  show("(char)200", (char)200);
  show("(unsigned char)-1", (unsigned char)-1);
  show("(short)0x18000", (short)0x18000);
  show("(int)0x180000000", (int)0x180000000);
  show("(unsigned)-1L", (unsigned)-1L);
  show("1?-1:1u", (1 ? -1 : 1u) > 0);
  show("sizeof(char+char)", sizeof((char)1 + (char)1));
  show("sizeof 1L", sizeof 1L);
  show("sizeof 'a'", sizeof 'a');
  show("0x80000000", 0x80000000 > 0);
  show("2147483648", sizeof 2147483648);
  show("-2147483648", -2147483648);
  show("0xffffffff+1", 0xffffffff + 1);
  show("4294967295+1", 4294967295 + 1);
  show("uc>>1", (uc = 254) >> 1);
  show("-1>>1", -1 >> 1);
  show("-1u>>1", -1u >> 1);
  return 0;
}
