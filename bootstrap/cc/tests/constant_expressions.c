#include "support.h"
enum { A = 3 + 4 * 2, B = A << 2, C = -7 / 2, D = -7 % 3, E = ~0, F = !5, G = 5 > 3 && 2, H = 1 ? 10 : 1 / 0,
    I = sizeof(int) * 2, J = 'a' + 1, K = (char)300, L = (unsigned char)-1, M = 0xFFFFFFFF > 0, N = -1 > 0u,
    O = (int)3.9, P = 1 || 1 / 0, Q = 0 && 1 / 0, R = 1L << 40 != 0, S = 5u - 6 > 0, T = -1 >> 1,
    U = (unsigned)-1 >> 31, V = 0x7fffffff + 0L > 0, W = 2.5 > 2, X = __LINE__ };
int array[A > 10 ? B : 1]; struct { unsigned bits : A - 5; char c[C + 10]; } s;
unsigned long large = 0x123456789abcdef0 * 16 + 1; long least = -9223372036854775807 - 1,
    quotient = (-9223372036854775807 - 1) / 10, unsigned_quotient = 18446744073709551615u / 10,
    shifted = 1ul << 63 >> 63; int address = (long)&((struct { int a; struct { char b[5]; } c; } *)0)->c.b[3];
double d = (1 + 2) * 0.5 - 1; float f = 1e10; int truth = 3.5 ? 1 : 2, compare = 1.5f < 2 && 0.1 != 0.1f;
int main(void)
{
  int values[] = { A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X };
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) putnumber(values[i]), putstring(" "); show("",
      sizeof array + sizeof s.c); show("large", large); show("least", least); show("quotient", quotient);
  show("unsigned quotient", unsigned_quotient); show("shifted", shifted); show("address", address); showdouble("d",
      d); showdouble("f", f); show("truth", truth * 10 + compare); switch (7) { case A - 4: putstring("case\n"); }
  _Static_assert(A == 11, "A"); return 0;
}
