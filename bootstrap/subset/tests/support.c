// For the tests: printing numbers and texts. It is given before each of them.

char digits[32];

void text(char *s) {
  long n = 0;
  while (s[n]) n++;
  sys_write(1, s, n);
}

// A number in decimal, and a blank.
void number(long n) {
  long at = 31;
  long negative = n < 0;
  digits[at] = ' ';
  if (n == 0) { at -= 1; digits[at] = '0'; }
  while (n) {
    long digit = n % 10;
    if (digit < 0) digit = -digit;
    at -= 1;
    digits[at] = '0' + digit;
    n = n / 10;
  }
  if (negative) { at -= 1; digits[at] = '-'; }
  sys_write(1, &digits[at], 32 - at);
}

void line(void) { text("\n"); }
