#include "support.h"
int main(void)
{
  int i = 0, x = 1; typedef int T;
again: i++;
  if (i < 5) goto again;
  show("i", i);
  goto inside;
  while (i-- > 0) { putnumber(i); inside: putstring("*"); if (i == 2) goto out; }
out: putstring("\n");
  { goto x; x: ; } show("x", x); goto T; T: ; T t = 3; show("t", t);
  for (i = 0; i < 10; i++) for (int j = 0; j < 10; j++) if (i * j == 42) { show("found", i * 10 + j); goto done; }
done:
  if (0) { label: putstring("dead branch reached\n"); goto end; }
  goto label;
end: return 0;
}
