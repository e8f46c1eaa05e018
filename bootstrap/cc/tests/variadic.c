#include "support.h"
struct pair { int a, b; }; struct large { long x[5]; };
long sum(int n, ...) { va_list ap; long total = 0; va_start(ap, n); while (n-- > 0) total += va_arg(ap, int);
va_end(ap); return total; }
void print(const char *format, ...) { va_list ap; va_start(ap, format); for (; *format; format++) { switch (*format) {
    case 'i': putnumber(va_arg(ap, int)); break; case 'l': putnumber(va_arg(ap, long)); break;
case 'u': putunsigned(va_arg(ap, unsigned)); break; case 's': putstring(va_arg(ap, char *)); break;
case 'd': showdouble("", va_arg(ap, double)); break; case 'x': showdouble("", va_arg(ap, long double)); break;
case 'p': { struct pair p = va_arg(ap, struct pair); putnumber(p.a * 100 + p.b); break; }
case 'L': putnumber(va_arg(ap, struct large).x[4]); break; default: write_bytes(format, 1); } } va_end(ap); }
long vsum(int n, va_list ap) { long total = 0; while (n--) total += va_arg(ap, int); return total; } long twice(int n,
    ...) { va_list ap, again; va_start(ap, n); va_copy(again, ap); long a = vsum(n, ap), b = vsum(n, again);
va_end(ap); va_end(again); return a * 1000 + b; } struct pair first(int n, ...) { va_list ap; va_start(ap, n);
struct pair p; while (n--) p = va_arg(ap, struct pair); return p; } double mean(double a, int n, ...) { va_list ap;
va_start(ap, n); for (int i = 0; i < n; i++) a += va_arg(ap, double); return a / (n + 1); }
int main(void)
{
  char c = -3; short s = -300; unsigned char uc = 200; float f = 1.25f; struct pair p = { 3, 4 }; struct large big = {
      { 1, 2, 3, 4, 5 } }; show("sum", sum(5, 1, c, s, uc, 'a')); show("none", sum(0)); print("i l u s|", -5,
      -5000000000L, 4000000000u, "text"); print("d x i\n", f, 2.5L, 7); print("p L i d p\n", p, big, 9, 0.5,
      (struct pair){ 5, 6 }); show("twice", twice(3, 1, 2, 3)); show("first", first(3, p, p, (struct pair){ 8,
      9 }).b); showdouble("mean", mean(1, 3, 2.0, 3.0f, 6.0));
  return 0;
}
