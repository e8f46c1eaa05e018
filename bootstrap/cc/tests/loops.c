#include "support.h"
int main(void)
{
  int i, j, n = 0; long sum = 0;
  for (i = 0; i < 10; i++) { if (i == 3) continue; if (i == 7) break; sum += i; }
  show("for", sum); show("i", i);
  for (int i = 0, k = 10; i < k; i++, k--) n += k - i;
  show("two counters", n);
  i = 0; while (1) { if (++i > 5) break; if (i & 1) continue; putnumber(i); }
  putstring("\n");
  do { putnumber(i--); if (i == 4) continue; if (i == 1) break; } while (i > 0);
  putstring("\n");
  for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) { if (j == 2) break; if (i == 1) continue; putnumber(i * 10 + j);
  putstring(" "); }
  putstring("\n");
  for (;;) { if (n++ > 40) break; } show("n", n);
  while (n --> 30) ; show("n", n);
  do n++; while (n < 35); show("n", n);
  for (char *p = "text"; *p; p++) putnumber(*p), putstring(" ");
  putstring("\n"); unsigned u = 3; while (u-- != 0) putunsigned(u); putstring("\n");
  for (float f = 0; f < 1; f += 0.25f) putstring("x"); putstring("\n");
  return 0;
}
