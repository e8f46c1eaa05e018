#include "support.h"
enum color { RED, GREEN = 5, BLUE };
int plain(int x) { switch (x) { case 1: return 10; case 2: case 3: return 20; case -1: return 30;
case 2147483647: return 40; case -2147483647 - 1: return 50; default: return 0; } }
int falling(int x) { int r = 0; switch (x) { case 0: r += 1; case 1: r += 10; break; default: r += 1000;
case 2: r += 100; } return r; }
int none(int x) { switch (x) { case 5: return 1; } return 2; }
int ranges(unsigned char x) { switch (x) { case 'a' ... 'z': return 1; case 'A' ... 'Z': return 2;
case '0' ... '9': return 3; case 255: return 4; default: return 5; } }
int wide(unsigned long x) { switch (x) { case 0: return 1; case 0x100000000: return 2;
case 0xffffffffffffffff: return 3; case 1ul << 63: return 4; case 7 ... 0x80000000: return 5; } return 6; }
int negative(long x) { switch (x) { case -5000000000: return 1; case -1 ... 1: return 2; case 5000000000: return 3; }
return 4; }
int color(enum color c) { switch (c) { case RED: return 1; case GREEN: return 2; case BLUE: return 3; } return 4; }
int truncated(char c) { switch (c) { case -1: return 1; case 127: return 2; case 200: return 3; } return 4; }
int nested(int a, int b) { switch (a) { case 1: switch (b) { case 1: return 11; default: break; } return 10;
case 2: for (;;) { switch (b) { case 1: continue; case 0: b = 9; continue; case 9: break; default: return 29; } break;
} return 20; } return 0; }
int large(int x) { switch (x) {
#define c(n) case n * 7: return n;
  c(1) c(2) c(3) c(4) c(5) c(6) c(7) c(8) c(9) c(10) c(40) c(39) c(38) c(37) c(36) c(35) c(34) c(33) c(32) c(31) c(-1) c(-2) c(-3) c(1000) c(999) c(998) c(0)
  } return -99; }
int copy(char *to, const char *from, int n) { int r = (n + 3) / 4; switch (n % 4) { case 0: do { *to++ = *from++;
case 3: *to++ = *from++; case 2: *to++ = *from++; case 1: *to++ = *from++; } while (--r > 0); } return n; }
int main(void)
{
  show("plain",
      plain(1) + plain(2) * 2 + plain(3) * 3 + plain(-1) * 5 + plain(2147483647) * 7 + plain(-2147483647 - 1) * 11 + plain(17) * 13);
  show("falling", falling(0)); show("falling", falling(1)); show("falling", falling(2)); show("falling", falling(3));
  show("none", none(5) * 10 + none(6));
  show("ranges",
      ranges('a') * 100000 + ranges('m') * 10000 + ranges('Z') * 1000 + ranges('5') * 100 + ranges(255) * 10 + ranges('['));
  show("wide",
      wide(0) * 100000 + wide(1ul << 32) * 10000 + wide(-1ul) * 1000 + wide(1ul << 63) * 100 + wide(0x80000000) * 10 + wide(3));
  show("wide", wide(7) * 10 + wide(0x80000001));
  show("negative", negative(-5000000000) * 1000 + negative(0) * 100 + negative(5000000000) * 10 + negative(2));
  show("color", color(RED) * 100 + color(GREEN) * 10 + color(BLUE)); show("truncated",
      truncated(-1) * 100 + truncated(127) * 10 + truncated(200));
  show("nested", nested(1, 1) + nested(1, 2) * 100 + nested(2, 0) * 10000 + nested(2, 5) * 1000000);
  for (int i = -28; i < 300; i += 7) { putnumber(large(i)); putstring(" "); } show("",
      large(7000) + large(8) + large(6993));
  char to[20] = "...................", *p = to; copy(to, "abcdefghijklmnop", 11); putstring(p); putstring("\n");
  switch (3) ; switch (3) default: putstring("default\n"); switch (plain(1)) { int unused; case 10: unused = 4;
  show("case", unused); }
  return 0;
}
