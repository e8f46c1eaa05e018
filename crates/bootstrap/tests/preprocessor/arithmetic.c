/* Generated numbers: the arithmetic of real.c beside the processor's own. Built behind the front half by the host's gcc.

     arithmetic ROUNDS

   Prints the first differences, and how many there were. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long bits64;
typedef unsigned bits32;

static bits64 state = 88172645463325252UL;
static long wrong;

static bits64 next(void)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* ---- long double, and its two parts in memory */

static long double join(bits64 mantissa, bits32 head)
{
  long double value = 0;
  memcpy(&value, &mantissa, 8);
  memcpy((char *)&value + 8, &head, 2);
  return value;
}

static void split(long double value, bits64 *mantissa, bits32 *head)
{
  *mantissa = 0;
  *head = 0;
  memcpy(mantissa, &value, 8);
  memcpy(head, (char *)&value + 8, 2);
}

static struct Real *real_of(long double value)
{
  bits64 mantissa;
  bits32 head;
  split(value, &mantissa, &head);
  long sign = head >> 15;
  long exponent = head & 0x7fff;
  if (exponent == 0x7fff)
    return mantissa << 1 ? new_real(sign, mantissa, EXPONENT_NAN) : real_infinite(sign);
  if (mantissa == 0)
    return real_zero(sign);
  return normalized(sign, mantissa, (exponent ? exponent : 1) - 16383 - 63);
}

/* ---- Generated numbers: usual and extreme exponents, mantissas with long runs of equal bits */

static long double any_long_double(void)
{
  bits64 mantissa = next();
  bits32 head;
  switch (next() % 16) {
  case 0: mantissa %= 10; break;
  case 1: mantissa &= ~0UL << (next() % 64); break;
  case 2: mantissa |= (1UL << (next() % 63)) - 1; break;
  }
  switch (next() % 8) {
  case 4: head = next() % 200; break;
  case 5: head = 0x7ffe - (bits32)(next() % 100); break;
  case 6: head = next() % 0x7fff; break;
  case 7: head = next() % 25 ? 16383 : next() % 2 ? 0x7fff : 0; break;
  default: head = 16383 - 64 + next() % 128;
  }
  mantissa = head ? mantissa | 1UL << 63 : mantissa & ~(1UL << 63);
  if (head == 0x7fff)
    mantissa = next() % 2 ? 1UL << 63 : 3UL << 62;
  return join(mantissa, head | (next() & 1) << 15);
}

/* Often a neighbour of the other operand: there subtraction cancels. */
static long double neighbour(long double of)
{
  bits64 mantissa;
  bits32 head;
  split(of, &mantissa, &head);
  if (next() % 8 || mantissa == 0 || (head & 0x7fff) == 0 || (head & 0x7fff) == 0x7fff)
    return any_long_double();
  return join((mantissa + next() % 5 - 2) | 1UL << 63, head ^ (next() & 1) << 15);
}

static double any_double(void)
{
  bits64 bits = next();
  double value;
  bits64 exponent = next() % 2 ? 1023 - 53 + next() % 106 : next() % 2 ? next() % 60 : 2046 - next() % 2047;
  if (next() % 6 == 0)
    bits &= ~0UL << (next() % 52);
  bits = (bits & ~(0x7ffUL << 52)) | exponent << 52;
  memcpy(&value, &bits, 8);
  return value;
}

static float any_float(void)
{
  bits32 bits = next();
  float value;
  if (next() % 3 == 0)
    bits = (bits & 0x807fffff) | (bits32)(127 - 12 + next() % 24) << 23;
  if (next() % 5 == 0)
    bits &= 0x80ffffff;
  memcpy(&value, &bits, 4);
  return value == value ? value : 0.5f;
}

/* ---- Comparison with what is wanted; one not-a-number is as good as another */

static void report(const char *what, long double a, long double b)
{
  if (wrong++ < 10)
    printf("%s: %La %La\n", what, a, b);
}

static void check(const char *what, long double a, long double b, struct Real *got, long double wanted)
{
  bits64 mantissa;
  bits32 head;
  split(wanted, &mantissa, &head);
  if (wanted != wanted ? !real_is_nan(got)
                       : real_extended_mantissa(got) != mantissa || real_extended_head(got) != head)
    report(what, a, b);
}

static void check_double(const char *what, double a, double b, struct Real *got, double wanted)
{
  bits64 bits;
  memcpy(&bits, &wanted, 8);
  if (wanted != wanted ? !real_is_nan(got) : real_to_double_bits(real_round_to_double(got)) != bits)
    report(what, a, b);
}

static void check_float(const char *what, float a, float b, struct Real *got, float wanted)
{
  bits32 bits;
  memcpy(&bits, &wanted, 4);
  if (wanted != wanted ? !real_is_nan(got) : real_to_float_bits(real_round_to_float(got)) != bits)
    report(what, a, b);
}

/* ---- One round of each kind */

static void long_doubles(void)
{
  long double a = any_long_double();
  long double b = neighbour(a);
  struct Real *x = real_of(a);
  struct Real *y = real_of(b);
  check("+", a, b, real_add(x, y), a + b);
  check("-", a, b, real_subtract(x, y), a - b);
  check("*", a, b, real_multiply(x, y), a * b);
  check("/", a, b, real_divide(x, y), a / b);
  if (real_less(x, y) != (a < b) || real_equal(x, y) != (a == b))
    report("comparison", a, b);
  check_double("to double", a, 0, x, a);
  check_float("to float", a, 0, x, a);
  if (a > -9.2e18L && a < 9.2e18L && real_to_integer(x, 0) != (long)a)
    report("to long", a, 0);
  if (a >= 0 && a < 18446744073709551616.0L && real_to_integer(x, 1) != (bits64)a)
    report("to unsigned long", a, 0);
}

static void doubles(void)
{
  double a = any_double();
  double b = any_double();
  bits64 a_bits;
  bits64 b_bits;
  memcpy(&a_bits, &a, 8);
  memcpy(&b_bits, &b, 8);
  struct Real *x = real_of_double_bits(a_bits);
  struct Real *y = real_of_double_bits(b_bits);
  check("from double", a, 0, x, a);
  check_double("double +", a, b, real_add(x, y), a + b);
  check_double("double -", a, b, real_subtract(x, y), a - b);
  check_double("double *", a, b, real_multiply(x, y), a * b);
  check_double("double /", a, b, real_divide(x, y), a / b);
  check_float("double to float", a, 0, x, a);
}

static void floats(void)
{
  float a = any_float();
  float b = any_float();
  bits32 a_bits;
  bits32 b_bits;
  memcpy(&a_bits, &a, 4);
  memcpy(&b_bits, &b, 4);
  struct Real *x = real_of_float_bits(a_bits);
  struct Real *y = real_of_float_bits(b_bits);
  check_float("float +", a, b, real_add(x, y), a + b);
  check_float("float -", a, b, real_subtract(x, y), a - b);
  check_float("float *", a, b, real_multiply(x, y), a * b);
  check_float("float /", a, b, real_divide(x, y), a / b);
}

static void integers(void)
{
  long a = next() >> (next() % 64);
  if (next() & 1)
    a = -a;
  check("from long", a, 0, real_of_integer(a, 0), a);
  check("from unsigned long", a, 0, real_of_integer(a, 1), (bits64)a);
  check_double("long to double", a, 0, real_of_integer(a, 0), a);
  check_float("unsigned long to float", a, 0, real_of_integer(a, 1), (bits64)a);
}

int main(int argc, char **argv)
{
  long rounds = atol(argv[1]);
  setvbuf(stdout, 0, _IONBF, 0);      /* stdio's own memory would come from brk, as ours does */
  allocate(1);
  for (long i = 0; i < rounds; i++) {
    char *mark = memory_free;
    long_doubles();
    doubles();
    floats();
    integers();
    memset(mark, 0, memory_free - mark);
    memory_free = mark;
  }
  printf("%ld rounds, %ld wrong\n", rounds, wrong);
  return 0;
}
