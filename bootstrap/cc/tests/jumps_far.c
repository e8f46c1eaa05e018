#include "support.h"
#ifndef __SNOWGUARD_CC__
#undef __builtin_longjmp
extern int _setjmp(void *); extern void longjmp(void *, int) __attribute__((noreturn));
#define __builtin_setjmp(b) _setjmp(b)
#define __builtin_longjmp(b, v) longjmp(b, v)
#endif
long buffer[32], other[32]; int depth;
void thrower(int n) { volatile int local = n; if (n == 0) __builtin_longjmp(buffer, 42); thrower(n - 1);
depth += local; }
int guarded(int n) { volatile int state = n; int value = __builtin_setjmp(buffer); if (value == 0) { state = 100;
thrower(5); return -1; } return state + value; }
int main(void)
{
  show("guarded", guarded(1)); volatile int rounds = 0; int v = __builtin_setjmp(other); show("v", v);
  if (rounds++ < 3) __builtin_longjmp(other, rounds * 10); show("rounds", rounds); switch (__builtin_setjmp(buffer)) {
      case 0: __builtin_longjmp(buffer, 0); case 1: putstring("one\n"); break; default: putstring("other\n"); }
  show("depth", depth);
  return 0;
}
