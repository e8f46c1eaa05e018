#include "support.h"
int missing(void), also_missing(int); extern int no_variable; int unreached(void) { return missing() + no_variable; }
static int unused(void) { return also_missing(2); }
int main(void)
{
  if (0) missing(); if (1) putstring("alive\n"); else return also_missing(no_variable); if (sizeof(int) == 8) {
      show("never", missing()); } 0 && missing(); 1 || missing(); int x = 1 ? 5 : missing(); show("x", x);
  show("sizeof", sizeof(also_missing(1)) + sizeof no_variable); return 0;
}
