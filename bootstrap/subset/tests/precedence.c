// Which operator binds more, and from which side.
long a; long b; long c; long d;
void show(void) {
  number(a || b && c); number(a && b || c); number(a | b ^ c & d); number(a & b | c ^ d);
  number(a == b & c); number(a & b == c); number(a < b == c < d); number(a != b > c); number(a << b < c); number(a < b << 2);
  number(a + b << 2); number(a << 1 + 1); number(a - b - c); number(a - (b - c)); number(a + b * c - d); number((a + b) * (c - d));
  number(a * b % 7); number(100 / 7 * 3); number(100 % 7 * 3); number(-a * b); number(!a == b); number(~a & b); number(-a - -b);
  number(a ? b : c ? d : 9); number(a ? b ? 1 : 2 : 3); number(a || b ? c && d : a); number(1 ? 2 : 3 ? 4 : 5);
  number(a = b = c); number(a += b -= 1); number(a); number(b);
  number((a = 3) + (a += 4) * 2); number(a++ + b); number(++a + b--); number(a); number(b);
  number(a > b ? a : b); number(a >> 1 >> 1); number(1 << 2 << 3); number(5 - 3 == 2 && 4 > 2 != 0);
  line();
}
long main(long argc, char **argv) {
  long i;
  for (i = 0; i < 16; i++) { a = i & 1; b = i & 2; c = i & 4; d = i & 8; show(); a = 3 - i; b = i * 5; c = i - 7; d = 11; show(); }
  return a;
}
