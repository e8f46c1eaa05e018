// real.c: floating-point arithmetic in integers, for constants that the compiler
// computes itself.  A number is mantissa * 2^exponent with an unsigned mantissa
// of 64 bits whose top bit is set: the precision of long double on x86_64.
// Results are rounded to nearest, ties to even, as the processor does it.
//
// Rounding twice (to long double, then to double) can differ from rounding once.
// So a result remembers in `error` to which side its own rounding went, and the
// second rounding uses that to see through a tie that is none.

//
// The casts to long in this file are for C compilers of hosts, which take a bare
// number for an int; in the subset everything has 64 bits anyway.

enum {
  // The exponent of the lowest bit, of the smallest subnormal number.
  FLOAT_LOWEST = -149, DOUBLE_LOWEST = -1074, EXTENDED_LOWEST = -16445,
  // The largest exponent of the top bit.
  FLOAT_HIGHEST = 127, DOUBLE_HIGHEST = 1023, EXTENDED_HIGHEST = 16383
};

// What lies below the lowest kept bit: nothing, less than half of it, half, more.
enum { REST_NONE, REST_LESS, REST_HALF, REST_MORE };

long top_bit(void) { return (long)1 << 63; }

struct Real *new_real(long sign, long mantissa, long exponent) {
  struct Real *r = (struct Real *)allocate(sizeof(struct Real));
  r->sign = sign;
  r->mantissa = mantissa;
  r->exponent = exponent;
  return r;
}

struct Real *real_zero(long sign) { return new_real(sign, 0, 0); }

struct Real *real_infinite(long sign) { return new_real(sign, top_bit(), EXPONENT_INFINITE); }

// The one that x86 gives for 0/0: negative and quiet.
struct Real *real_nan(void) { return new_real(1, top_bit() | (top_bit() >> 1), EXPONENT_NAN); }

long real_is_nan(struct Real *a) { return a->exponent == EXPONENT_NAN; }

long real_is_infinite(struct Real *a) { return a->exponent == EXPONENT_INFINITE; }

long real_is_zero(struct Real *a) { return a->mantissa == 0; }

// ---- Rounding

// The rest that is left when the lower `drop` bits (1 to 64) of a mantissa go,
// below which `rest` has gone before.
long rest_of(long mantissa, long drop, long rest) {
  long half = (long)1 << (drop - 1);
  long low = mantissa & (half - 1);
  if (mantissa & half) {
    if (low || rest)
      return REST_MORE;
    return REST_HALF;
  }
  if (low || rest)
    return REST_LESS;
  return REST_NONE;
}

// A non-zero mantissa shifted until its top bit is set.
struct Real *normalized(long sign, long mantissa, long exponent) {
  while (mantissa > 0) {
    mantissa = mantissa << 1;
    exponent--;
  }
  return new_real(sign, mantissa, exponent);
}

// mantissa * 2^exponent plus a rest, rounded to `precision` bits (fewer near the
// lowest exponent).  The mantissa has its top bit set.
struct Real *round_parts(long sign, long mantissa, long exponent, long rest,
                         long precision, long lowest, long highest) {
  long drop = 64 - precision;
  if (exponent + drop < lowest)
    drop = lowest - exponent;
  if (drop > 64) {
    mantissa = 0;
    rest = REST_LESS;
  } else if (drop > 0) {
    rest = rest_of(mantissa, drop, rest);
    if (drop == 64)
      mantissa = 0;
    else
      mantissa = ushr(mantissa, drop);
  }
  exponent += drop;
  long up = rest == REST_MORE || (rest == REST_HALF && (mantissa & 1));
  mantissa += up;
  if (up && mantissa == 0) {              // all 64 bits were ones
    mantissa = top_bit();
    exponent++;
  }
  struct Real *result;
  if (mantissa == 0)
    result = real_zero(sign);
  else
    result = normalized(sign, mantissa, exponent);
  if (result->mantissa && result->exponent + 63 > highest)
    return real_infinite(sign);
  if (up)
    result->error = -1;
  else if (rest != REST_NONE)
    result->error = 1;
  return result;
}

struct Real *round_extended(long sign, long mantissa, long exponent, long rest) {
  return round_parts(sign, mantissa, exponent, rest, 64, EXTENDED_LOWEST, EXTENDED_HIGHEST);
}

// A long double rounded once more, to fewer bits.  What was exactly in the middle
// only because of the first rounding goes to the side where the exact number is.
struct Real *real_round(struct Real *a, long precision, long lowest, long highest) {
  if (a->mantissa == 0 || a->exponent >= EXPONENT_INFINITE)
    return a;
  long mantissa = a->mantissa;
  long exponent = a->exponent;
  long rest = REST_NONE;
  if (a->error > 0)
    rest = REST_LESS;
  if (a->error < 0) {                     // one unit less, and most of a unit more
    mantissa--;
    rest = REST_MORE;
    if (mantissa > 0) {                   // the top bit has gone
      mantissa = (mantissa << 1) + 1;
      exponent--;
    }
  }
  return round_parts(a->sign, mantissa, exponent, rest, precision, lowest, highest);
}

struct Real *real_round_to_double(struct Real *a) {
  return real_round(a, 53, DOUBLE_LOWEST, DOUBLE_HIGHEST);
}

struct Real *real_round_to_float(struct Real *a) {
  return real_round(a, 24, FLOAT_LOWEST, FLOAT_HIGHEST);
}

// ---- Products of 128 bits

long product_high;
long product_low;

// high:low = a * b, unsigned, from the products of the halves.
void multiply_long(long a, long b) {
  long mask = 0xffffffff;
  long a_high = ushr(a, 32);
  long b_high = ushr(b, 32);
  long low = (a & mask) * (b & mask);
  long middle = a_high * (b & mask) + ushr(low, 32);       // below 2^64
  long other = (a & mask) * b_high + (middle & mask);      // below 2^64
  product_low = (other << 32) | (low & mask);
  product_high = a_high * b_high + ushr(middle, 32) + ushr(other, 32);
}

// Rounds high:low * 2^exponent, a rest standing below.
struct Real *round_128(long sign, long high, long low, long exponent, long sticky) {
  if (high == 0 && low == 0)
    return real_zero(sign);
  while (high >= 0) {                     // until the top bit is set
    high = (high << 1) | ushr(low, 63);
    low = low << 1;
    exponent--;
  }
  return round_extended(sign, high, exponent + 64, rest_of(low, 64, sticky));
}

// ---- The operations

struct Real *real_negate(struct Real *a) {
  return new_real(1 - a->sign, a->mantissa, a->exponent);
}

struct Real *real_multiply(struct Real *a, struct Real *b) {
  long sign = a->sign ^ b->sign;
  if (real_is_nan(a)) return a;
  if (real_is_nan(b)) return b;
  if (real_is_infinite(a) || real_is_infinite(b)) {
    if (real_is_zero(a) || real_is_zero(b))
      return real_nan();
    return real_infinite(sign);
  }
  if (real_is_zero(a) || real_is_zero(b))
    return real_zero(sign);
  multiply_long(a->mantissa, b->mantissa);
  return round_128(sign, product_high, product_low, a->exponent + b->exponent, 0);
}

// 64 bits of the quotient of two mantissas, bit by bit; the rest says whether
// something remains.
struct Real *divide_mantissas(long sign, struct Real *a, struct Real *b) {
  long remainder = a->mantissa;
  long divisor = b->mantissa;
  long exponent = a->exponent - b->exponent;
  long quotient = 0;
  long carry = 0;                         // the 65th bit of the remainder
  if (ult(remainder, divisor)) {          // so that the first bit is always 1
    carry = 1;
    remainder = remainder << 1;
    exponent--;
  }
  long i;
  for (i = 0; i < 64; i++) {
    quotient = quotient << 1;
    if (carry || !ult(remainder, divisor)) {
      remainder = remainder - divisor;
      quotient++;
    }
    carry = ushr(remainder, 63);
    remainder = remainder << 1;
  }
  // The remainder has been doubled: compared with the divisor it is the next half.
  long rest = REST_NONE;
  if (carry || ult(divisor, remainder))
    rest = REST_MORE;
  else if (remainder == divisor)
    rest = REST_HALF;
  else if (remainder)
    rest = REST_LESS;
  return round_extended(sign, quotient, exponent - 63, rest);
}

struct Real *real_divide(struct Real *a, struct Real *b) {
  long sign = a->sign ^ b->sign;
  if (real_is_nan(a)) return a;
  if (real_is_nan(b)) return b;
  if (real_is_infinite(a)) {
    if (real_is_infinite(b))
      return real_nan();
    return real_infinite(sign);
  }
  if (real_is_infinite(b))
    return real_zero(sign);
  if (real_is_zero(b)) {
    if (real_is_zero(a))
      return real_nan();
    return real_infinite(sign);
  }
  if (real_is_zero(a))
    return real_zero(sign);
  return divide_mantissas(sign, a, b);
}

// 1 if the magnitude of a is less than that of b, both finite.
long smaller_magnitude(struct Real *a, struct Real *b) {
  if (a->mantissa == 0 || b->mantissa == 0)
    return b->mantissa != 0;
  if (a->exponent != b->exponent)
    return a->exponent < b->exponent;
  return ult(a->mantissa, b->mantissa);
}

// |a| + |b| or |a| - |b|, |a| not less than |b|, neither zero.  Both are numbers
// of 128 bits; what b loses below those is only a hint that it was there.
struct Real *add_magnitudes(struct Real *a, struct Real *b, long sign, long subtract) {
  long shift = a->exponent - b->exponent;
  long high = 0;
  long low = 0;
  long sticky = 0;
  if (shift == 0) {
    high = b->mantissa;
  } else if (shift < 64) {
    high = ushr(b->mantissa, shift);
    low = b->mantissa << (64 - shift);
  } else if (shift < 128) {               // the lower half; `shift - 64` bits fall out
    low = ushr(b->mantissa, shift - 64);
    sticky = low << (shift - 64) != b->mantissa;
  } else {
    sticky = 1;
  }
  if (subtract) {
    // a - (b + something) is (a - b - 1) and something that stands below.
    low = 0 - low - sticky;
    high = a->mantissa - high - (low != 0);
    return round_128(sign, high, low, a->exponent - 64, sticky);
  }
  high = high + a->mantissa;
  if (ult(high, a->mantissa)) {           // a carry: everything one bit to the right
    sticky = sticky || (low & 1);
    low = ushr(low, 1) | (high << 63);
    high = ushr(high, 1) | top_bit();
    return round_128(sign, high, low, a->exponent - 63, sticky);
  }
  return round_128(sign, high, low, a->exponent - 64, sticky);
}

struct Real *real_add(struct Real *a, struct Real *b) {
  if (real_is_nan(a)) return a;
  if (real_is_nan(b)) return b;
  if (real_is_infinite(a)) {
    if (real_is_infinite(b) && a->sign != b->sign)
      return real_nan();
    return a;
  }
  if (real_is_infinite(b))
    return b;
  if (real_is_zero(a) && real_is_zero(b))
    return real_zero(a->sign & b->sign);
  if (real_is_zero(b))
    return new_real(a->sign, a->mantissa, a->exponent);
  if (real_is_zero(a))
    return new_real(b->sign, b->mantissa, b->exponent);
  if (a->sign == b->sign) {
    if (smaller_magnitude(a, b))
      return add_magnitudes(b, a, a->sign, 0);
    return add_magnitudes(a, b, a->sign, 0);
  }
  if (smaller_magnitude(a, b))
    return add_magnitudes(b, a, b->sign, 1);
  if (smaller_magnitude(b, a))
    return add_magnitudes(a, b, a->sign, 1);
  return real_zero(0);
}

struct Real *real_subtract(struct Real *a, struct Real *b) {
  if (real_is_nan(b))
    return real_add(a, b);
  return real_add(a, real_negate(b));
}

// ---- Comparison

long real_less(struct Real *a, struct Real *b) {
  if (real_is_nan(a) || real_is_nan(b))
    return 0;
  if (a->sign != b->sign)
    return a->sign && (a->mantissa != 0 || b->mantissa != 0);
  if (a->sign)
    return smaller_magnitude(b, a);
  return smaller_magnitude(a, b);
}

long real_equal(struct Real *a, struct Real *b) {
  if (real_is_nan(a) || real_is_nan(b))
    return 0;
  if (real_is_zero(a) && real_is_zero(b))
    return 1;
  return a->sign == b->sign && a->mantissa == b->mantissa && a->exponent == b->exponent;
}

// ---- From and to integers

struct Real *real_of_integer(long value, long is_unsigned) {
  if (value == 0)
    return real_zero(0);
  if (value < 0 && !is_unsigned)
    return normalized(1, -value, 0);
  return normalized(0, value, 0);
}

// Towards zero.  Out of range, x86's conversion of signed numbers gives the top
// bit alone; the unsigned one is built from it, as compilers do.
long real_to_integer(struct Real *a, long is_unsigned) {
  if (a->exponent >= EXPONENT_INFINITE || a->exponent > 0)
    return top_bit();
  if (a->exponent <= -64)
    return 0;
  long magnitude = ushr(a->mantissa, -a->exponent);
  if (magnitude < 0 && !is_unsigned)      // 2^63 or more; -2^63 is the same bits
    return top_bit();
  if (a->sign)
    return -magnitude;
  return magnitude;
}

// ---- From and to the bits in memory

// A format of `fraction` explicit bits and an exponent whose bias is `bias`.
struct Real *real_of_bits(long sign, long biased, long mantissa, long fraction, long bias) {
  if (biased == 2 * bias + 1) {
    if (mantissa == 0)
      return real_infinite(sign);
    return new_real(sign, top_bit() | (mantissa << (63 - fraction)), EXPONENT_NAN);
  }
  if (biased == 0 && mantissa == 0)
    return real_zero(sign);
  if (biased == 0)
    return normalized(sign, mantissa, 1 - bias - fraction);
  return normalized(sign, mantissa | ((long)1 << fraction), biased - bias - fraction);
}

struct Real *real_of_double_bits(long bits) {
  return real_of_bits(ushr(bits, 63), (bits >> 52) & 0x7ff, bits & 0xfffffffffffff, 52, 1023);
}

struct Real *real_of_float_bits(long bits) {
  return real_of_bits((bits >> 31) & 1, (bits >> 23) & 0xff, bits & 0x7fffff, 23, 127);
}

// The bits of a number that is already rounded to the format.
long bits_of_real(struct Real *a, long fraction, long bias) {
  long exponent_bits = 2 * bias + 1;
  if (a->exponent == EXPONENT_NAN)        // quiet, whatever it was
    return (exponent_bits << fraction) | ((long)1 << (fraction - 1)) | ushr(a->mantissa << 1, 64 - fraction);
  if (a->exponent == EXPONENT_INFINITE)
    return exponent_bits << fraction;
  if (a->mantissa == 0)
    return 0;
  long biased = a->exponent + 63 + bias;
  if (biased <= 0)                        // subnormal
    return ushr(a->mantissa, 64 - fraction - biased);
  return (biased << fraction) | ushr(a->mantissa << 1, 64 - fraction);
}

long real_to_double_bits(struct Real *a) {
  return bits_of_real(real_round_to_double(a), 52, 1023) | (a->sign << 63);
}

long real_to_float_bits(struct Real *a) {
  return bits_of_real(real_round_to_float(a), 23, 127) | (a->sign << 31);
}

// The 80-bit format has no hidden bit: 64 bits of mantissa as they are (shifted
// right in subnormal numbers), and above them sign and exponent.

long real_extended_head(struct Real *a) {
  long head = a->sign << 15;
  if (a->exponent >= EXPONENT_INFINITE)
    return head | 0x7fff;
  if (a->mantissa == 0 || a->exponent + 63 + EXTENDED_HIGHEST < 1)
    return head;
  return head | (a->exponent + 63 + EXTENDED_HIGHEST);
}

long real_extended_mantissa(struct Real *a) {
  long biased = a->exponent + 63 + EXTENDED_HIGHEST;
  if (a->mantissa == 0 || biased >= 1)
    return a->mantissa;
  return ushr(a->mantissa, 1 - biased);
}
