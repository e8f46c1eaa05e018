// Every operator between numbers, on values with sign, large and small.
long values[9];

void all(long a, long b) {
  number(a + b); number(a - b); number(a * b);
  if (b) { if (b != -1) { number(a / b); number(a % b); } }
  number(a & b); number(a | b); number(a ^ b);
  number(a << (b & 63)); number(a >> (b & 63));
  number(a == b); number(a != b); number(a < b); number(a <= b); number(a > b); number(a >= b);
  number(a && b); number(a || b);
  number(-a); number(~a); number(!a); number(!!a); number(- -a);
  number(udiv(a, b | 1)); number(umod(a, b | 1)); number(ult(a, b)); number(ushr(a, b & 63));
  line();
}

long main(long argc, char **argv) {
  long i;
  long j;
  values[0] = 0; values[1] = 1; values[2] = -1; values[3] = 7; values[4] = -12;
  values[5] = 0x7FFFFFFFFFFFFFFF; values[6] = -0x7FFFFFFFFFFFFFFF - 1; values[7] = 2147483648; values[8] = -2147483649;
  for (i = 0; i < 9; i++) for (j = 0; j < 9; j++) all(values[i], values[j]);
  return 0;
}
