#include "support.h"
int f(void); struct s { char a; int b[3]; }; int array[7]; char c; int calls; int g(void) { return ++calls; }
int main(void)
{
  show("types",
      sizeof(char) + sizeof(short) * 10 + sizeof(int) * 100 + sizeof(long) * 1000 + sizeof(long long) * 10000 + sizeof(float) * 100000 + sizeof(double) * 1000000 + sizeof(void *) * 10000000);
  show("long double", sizeof(long double)); show("struct", sizeof(struct s)); show("array", sizeof array);
  show("element", sizeof array[0]); show("array pointer", sizeof &array); show("decayed", sizeof(array + 0));
  show("expression", sizeof(c + c)); show("char", sizeof c); show("call", sizeof f()); show("no side effect",
      sizeof g()); show("calls", calls); show("assignment", sizeof(c = 5)); show("c", c); show("string",
      sizeof "hello"); show("comma", sizeof(c, array)); show("member", sizeof ((struct s *)0)->b); show("conditional",
      sizeof(1 ? c : 1L)); show("negative", sizeof(int) - 5 > 0); show("shift", sizeof(c << 1L)); show("deref",
      sizeof *array); show("pp", sizeof(int *[3])); show("not", sizeof !c); int n = 3; show("postfix", sizeof n++);
  show("n", n); show("alignof", _Alignof(long) * 100 + _Alignof(char) * 10 + _Alignof(struct s)); show("paren",
      sizeof (n)); show("minus", sizeof (int) * 2); __typeof__(n + 1L) typed = 1L << 40; show("typeof", typed >> 38);
  show("typeof", sizeof(__typeof__(int[3]))); show("index", sizeof (array)[0]); show("sizeof sizeof",
      sizeof sizeof c);
  return 0;
}
