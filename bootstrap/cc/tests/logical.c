#include "support.h"
int calls;
int yes(void) { calls++; return 7; }
int no(void) { calls++; return 0; }
int main(void)
{
  show("yes && no", yes() && no()); show("no && yes", no() && yes());
  show("yes || no", yes() || no()); show("no || no", no() || no());
  show("calls", calls);
  show("!yes", !yes()); show("!!yes", !!yes());
  show("mixed", no() || yes() && !no());
  show("calls", calls);
  int x = yes() ? no() ? 1 : 2 : 3;
  show("nested ?:", x);
  show("void ?:", (yes() ? (void)0 : (void)calls++, calls));
  if (!(yes() && (no() || yes()))) putstring("wrong\n");
  if (!no() && !(no() || no())) putstring("right\n");
  show("calls", calls);
  show("constant &&", 0 && calls++); show("constant ||", 1 || calls++); show("calls", calls);
  double d = 0.0, e = 0.5; show("float truth", (d ? 1 : 2) * 10 + (e ? 1 : 2)); show("!float", !d * 2 + !e);
  show("float &&", d && e); show("float ||", d || e);
  return 0;
}
