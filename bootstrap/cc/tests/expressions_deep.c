#include "support.h"
int a = 3, b = 5; long f(long x, long y) { return x - y; }
#define two(x) ((x) + (x))
#define four(x) two(two(x))
#define many(x) four(four(four(x)))
int main(void)
{
  show("many", many(a)); show("nested calls", f(f(f(f(1, 2), f(3, 4)), f(f(5, 6), f(7, 8))), f(f(f(9, 10), 11), 12)));
  show("right", a - (b - (a - (b - (a - (b - (a - b))))))); show("left", ((((((a - b) - a) - b) - a) - b) - a) - b);
  show("mixed", f(a * b, a << 2) * (f(b, a) + (a / (b - 2) - f(1, f(2, 3)))) % 1000); show("parentheses",
      ((((((((((((((((((((a)))))))))))))))))))));
  show("chain",
      a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b + a + b);
  double d = 0.5; showdouble("double", d * (d + (d * (d + (d * (d + f(a, b))))))); long double x = 0.25L;
  showdouble("long double", x - (x * (x - (x * (x - (x * (x - a))))))); showdouble("calls", (d + f(1, 2)) * (x + f(3,
      1)) / (f(9, 1) + d)); return 0;
}
