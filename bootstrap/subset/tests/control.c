// Statements.
long odd(long n);
long collatz(long n) { long steps = 0; while (n != 1) { if (n % 2) n = 3 * n + 1; else n = n / 2; steps++; } return steps; }
long fibonacci(long n) { if (n < 2) return n; return fibonacci(n - 1) + fibonacci(n - 2); }
long even(long n) { if (n == 0) return 1; return odd(n - 1); }
long odd(long n) { if (n == 0) return 0; return even(n - 1); }
void nothing(void) { ; }
void early(long n) { number(n); if (n > 2) return; number(n * 2); }
long many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l) { return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 + l * 12; }
long none() { return 3; }
long ackermann(long m, long n) { return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)); }
long main(long argc, char **argv) {
  long i;
  long j;
  number(collatz(27)); number(fibonacci(20)); number(even(10)); number(odd(10)); nothing(); early(1); early(5); number(none());
  number(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)); number(many(none(), none() + 1, 3, argc, i = 5, i, 7, 8, fibonacci(3), 10, 11, 12)); number(ackermann(2, 3)); line();
  for (i = 0; i < 10; i++) { if (i == 3) continue; if (i == 7) break; number(i); for (j = 0; j < 5; j++) { if (j == i) break; if (j == 1) continue; number(j); } }
  line();
  i = 0; while (1) { i++; if (i < 5) continue; if (i > 8) break; j = 0; while (j < i) { j += 3; if (j == 6) continue; number(j); } number(i); }
  line();
  for (;;) { if (i-- < 4) break; } number(i);
  for (i = 3; i; i--) number(i);
  for (i = 0; ; i += 2) if (i > 5) { number(i); break; }
  if (i) { } else number(1); if (!i) ; else number(2);
  { long inner = 4; { long deeper = inner * 2; number(deeper); } } ;
  number(argc); text(argv[0] ? "named" : "nameless"); line();
  return 256 + 17;
}
