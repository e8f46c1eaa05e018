/* What the tests print with, and how a test begins and ends; without any libc.
   With cc: by system calls. With another compiler, to check what a test expects: by its libc. */

int main(void);

#ifdef __SNOWGUARD_CC__
static void write_bytes(const char *bytes, long n) { __builtin_syscall(1, 1, (long)bytes, n, 0, 0, 0); }

void __libc_start(long *stack)
{
  (void)stack;
  __builtin_syscall(231, main(), 0, 0, 0, 0, 0);
}
#define va_list __builtin_va_list
#define va_start __builtin_va_start
#define va_arg __builtin_va_arg
#define va_end __builtin_va_end
#define va_copy __builtin_va_copy
#else
#include <stdarg.h>
extern long write(int, const void *, unsigned long);
static void write_bytes(const char *bytes, long n) { if (write(1, bytes, n) != n) __builtin_trap(); }
#endif

static void putstring(const char *text)
{
  long n = 0;
  while (text[n])
    n++;
  write_bytes(text, n);
}

static void putunsigned(unsigned long number)
{
  char digits[24];
  int i = 24;
  do
    digits[--i] = '0' + number % 10;
  while (number /= 10);
  write_bytes(digits + i, 24 - i);
}

static void putnumber(long number)
{
  if (number < 0) {
    putstring("-");
    putunsigned(-(unsigned long)number);
  } else
    putunsigned(number);
}

/* NAME=NUMBER and a new line */
static void show(const char *name, long number)
{
  putstring(name);
  putstring("=");
  putnumber(number);
  putstring("\n");
}

/* the bits of a double */
static void showdouble(const char *name, double number)
{
  union { double number; unsigned long bits; } view;
  view.number = number;
  putstring(name);
  putstring("=0x");
  for (int i = 60; i >= 0; i -= 4)
    write_bytes("0123456789abcdef" + (view.bits >> i & 15), 1);
  putstring("\n");
}
