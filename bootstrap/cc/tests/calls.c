#include "support.h"
int none(void) { return 1; }
long many(char a, short b, int c, long d, unsigned char e, unsigned short f, unsigned g, unsigned long h, float i,
    double j, char *k, _Bool l) {
    return a + b * 2 + c * 3 + d * 5 + e * 7 + f * 11 + g * 13 + h * 17 + (long)(i * 19) + (long)(j * 23) + *k * 29 + l * 31;
}
signed char narrow(int x) { return x; } unsigned short narrow2(long x) { return x; } float half(int x) {
    return x / 2.0; } double third(float x) { return x / 3; } unsigned big(void) { return 4000000000u; }
int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } int odd(int); int even(int n) {
    return n == 0 ? 1 : odd(n - 1); } int odd(int n) { return n == 0 ? 0 : even(n - 1); }
int unprototyped(); void nothing(void) { return; } static inline int twice(int x) { return 2 * x; }
inline static int thrice(int x) { return 3 * x; }
int modify(int x, int *y) { x++; *y += x; return x; } char *text(void) { return "text"; } int ackermann(int m,
    int n) { return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)); }
int main(void)
{
  show("none", none()); show("many", many(-1, -2, -3, -4, 250, 65000, 4000000000u, 1ul << 40, 1.5f, 2.5, "a", 5));
  show("converted", many(255, 65535, 2.9, 3.9f, -1, -1, -1, -1, 1, 2, "b", 0.5));
  show("narrow", narrow(200)); show("narrow2", narrow2(-1)); showdouble("half", half(5)); showdouble("third",
      third(1)); show("big", big()); show("fib", fib(15)); show("even", even(10) * 10 + even(7)); show("unprototyped",
      unprototyped(1, (char)2, 3.0f)); nothing(); show("twice", twice(thrice(7)));
  int y = 5; show("modify", modify(y, &y)); show("y", y); putstring(text()); putnumber(text()[2]); putnumber(*text());
  putstring("\n"); show("nested", fib(fib(fib(5))) + modify(fib(3), &y) * y * 0); show("ackermann", ackermann(2, 5));
  (void)none(); none(); (none)(); show("(none)()", (none)()); show("(*none)()", (*none)()); show("(&none)()",
      (&none)()); show("(***none)()", (***none)());
  return 0;
}
int unprototyped(int a, int b, double c) { return a * 100 + b * 10 + c; }
