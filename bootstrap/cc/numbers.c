// numbers.c: from the spelling of a number to its value.
//
// A floating-point constant is a quotient of two big integers times a power of
// two: 1.5e-7 is 15 / 10^8, 0x1.8p3 is 0x18 / 1 * 2^(3-4).  The long division of
// the two gives the first 64 bits and what the rest is; so the result is the
// number nearest to the text, however long the text is.

// ---- Big integers: limbs of 32 bits, the lowest first.

struct Big {
  long *limbs;
  long length;                // the top limb is not zero
};

// Enough for 20000 hexadecimal digits or 10^25050, and a shift to the same length.
enum { MOST_LIMBS = 4000 };

struct Big *new_big(void) {
  struct Big *big = (struct Big *)allocate(sizeof(struct Big));
  big->limbs = (long *)allocate(MOST_LIMBS * sizeof(long));
  return big;
}

void big_set(struct Big *big, long value) {
  big->limbs[0] = value;
  big->length = value != 0;
}

// big = big * factor + addend, both below 2^31.
void big_multiply_add(struct Big *big, long factor, long addend) {
  long *limbs = big->limbs;
  long n = big->length;
  long carry = addend;
  long i;
  for (i = 0; i < n; i++) {
    carry += limbs[i] * factor;
    limbs[i] = carry & 0xffffffff;
    carry = carry >> 32;
  }
  if (carry) {
    limbs[n] = carry;
    big->length = n + 1;
  }
}

long big_bits(struct Big *big) {
  long bits = 32 * (big->length - 1);
  long top = big->limbs[big->length - 1];
  while (top) {
    bits++;
    top = top >> 1;
  }
  return bits;
}

void big_shift_left(struct Big *big, long bits) {
  long *limbs = big->limbs;
  long whole = bits / 32;
  long i;
  if (whole) {
    for (i = big->length - 1; i >= 0; i--)
      limbs[i + whole] = limbs[i];
    for (i = 0; i < whole; i++)
      limbs[i] = 0;
    big->length = big->length + whole;
  }
  big_multiply_add(big, (long)1 << (bits % 32), 0);
}

// Negative, zero or positive as a is less than, equal to or greater than b.
long big_compare(struct Big *a, struct Big *b) {
  if (a->length != b->length)
    return a->length - b->length;
  long i = a->length - 1;
  while (i > 0 && a->limbs[i] == b->limbs[i])
    i--;
  if (a->length == 0)
    return 0;
  return a->limbs[i] - b->limbs[i];
}

// a = a - b, a not less than b.
void big_subtract(struct Big *a, struct Big *b) {
  long borrow = 0;
  long i;
  for (i = 0; i < a->length; i++) {
    long difference = a->limbs[i] - borrow;
    if (i < b->length)
      difference -= b->limbs[i];
    borrow = difference < 0;
    a->limbs[i] = difference & 0xffffffff;
  }
  while (a->length && a->limbs[a->length - 1] == 0)
    a->length = a->length - 1;
}

// ---- The quotient

long quotient_exponent;
long quotient_rest;           // REST_*

// The first 64 bits of a / b, neither zero, and what remains.  Spoils both.
long big_divide(struct Big *a, struct Big *b) {
  long shift = big_bits(b) - big_bits(a);
  if (shift > 0)
    big_shift_left(a, shift);
  if (shift < 0)
    big_shift_left(b, -shift);
  if (big_compare(a, b) < 0) {            // so that the first bit is a 1
    big_shift_left(a, 1);
    shift++;
  }
  quotient_exponent = -63 - shift;
  long quotient = 0;
  long i;
  for (i = 0; i < 64; i++) {
    quotient = quotient << 1;
    if (big_compare(a, b) >= 0) {
      big_subtract(a, b);
      quotient++;
    }
    big_shift_left(a, 1);
  }
  // The remainder has been doubled: compared with b it is the next half.
  quotient_rest = REST_HALF;
  if (big_compare(a, b) > 0)
    quotient_rest = REST_MORE;
  if (big_compare(a, b) < 0)
    quotient_rest = REST_LESS;
  if (a->length == 0)
    quotient_rest = REST_NONE;
  return quotient;
}

// ---- Floating-point constants

enum {
  MOST_DIGITS = 20000,        // more cannot matter, but that something follows them
  MOST_EXPONENT = 1000000,
  LARGEST_DECIMAL = 5000,     // 10^5000 is infinite in every format,
  SMALLEST_DECIMAL = -5050    //   and 10^-5050 is zero
};

struct Big *digits_number;    // all digits as one integer
struct Big *divisor;
long digits_count;            // how many, from the first that is not zero
long digits_exponent;         // the power of the base to multiply by

long digit_value(long c, long base) {
  if (base == 16)
    return hexadecimal_digit(c);
  if (c >= '0' && c <= '9')
    return c - '0';
  return -1;
}

// Reads digits with at most one point among them; gives the end.
char *read_digits(struct Token *token, char *p, long base) {
  long behind_point = 0;
  long more = 0;              // a digit that was dropped was not zero
  if (digits_number == 0) {
    digits_number = new_big();
    divisor = new_big();
  }
  big_set(digits_number, 0);
  digits_count = 0;
  digits_exponent = 0;
  if (digit_value(*p, base) < 0 && digit_value(p[1], base) < 0)
    fail_name(token, "number has no digits", token->text);
  while (digit_value(*p, base) >= 0 || (*p == '.' && !behind_point)) {
    if (*p == '.') {
      behind_point = 1;
    } else if (digits_count < MOST_DIGITS) {
      big_multiply_add(digits_number, base, digit_value(*p, base));
      digits_count += digits_number->length > 0;
      digits_exponent -= behind_point;
    } else {
      more = more || *p != '0';
      digits_exponent += 1 - behind_point;
    }
    p++;
  }
  if (more) {
    big_multiply_add(digits_number, base, 1);
    digits_exponent--;
  }
  return p;
}

long read_exponent_value;

// Reads an exponent from its letter on; gives the end.
char *read_exponent(struct Token *token, char *p) {
  p++;
  long negative = *p == '-';
  if (*p == '+' || *p == '-')
    p++;
  if (digit_value(*p, 10) < 0)
    fail_name(token, "exponent has no digits", token->text);
  long value = 0;
  while (digit_value(*p, 10) >= 0) {
    if (value < MOST_EXPONENT)
      value = value * 10 + *p - '0';
    p++;
  }
  read_exponent_value = value;
  if (negative)
    read_exponent_value = -value;
  return p;
}

// f or l or nothing, and then the end.
long float_suffix(struct Token *token, char *p) {
  long flags = 0;
  if (*p == 'f' || *p == 'F')
    flags = NUM_FLOAT;
  if (*p == 'l' || *p == 'L')
    flags = NUM_LONG_DOUBLE;
  if (flags)
    p++;
  if (*p)
    fail_name(token, "not a number", token->text);
  return flags;
}

struct Real *round_to_type(long mantissa, long exponent, long rest, long flags) {
  if (flags & NUM_FLOAT)
    return round_parts(0, mantissa, exponent, rest, 24, FLOAT_LOWEST, FLOAT_HIGHEST);
  if (flags & NUM_LONG_DOUBLE)
    return round_extended(0, mantissa, exponent, rest);
  return round_parts(0, mantissa, exponent, rest, 53, DOUBLE_LOWEST, DOUBLE_HIGHEST);
}

// digits_number * 10^decimal * 2^binary.
struct Real *scale_digits(long decimal, long binary, long flags) {
  long i;
  if (digits_number->length == 0)
    return real_zero(0);
  if (digits_count + decimal > LARGEST_DECIMAL)
    return real_infinite(0);
  if (digits_count + decimal < SMALLEST_DECIMAL)
    return real_zero(0);
  big_set(divisor, 1);
  for (i = 0; i < decimal; i++)
    big_multiply_add(digits_number, 10, 0);
  for (i = 0; i > decimal; i--)
    big_multiply_add(divisor, 10, 0);
  long mantissa = big_divide(digits_number, divisor);
  return round_to_type(mantissa, quotient_exponent + binary, quotient_rest, flags);
}

void convert_float(struct Token *token) {
  struct Real *value;
  char *p = token->text;
  read_exponent_value = 0;
  if (*p == '0' && (p[1] | 32) == 'x') {
    p = read_digits(token, p + 2, 16);
    if ((*p | 32) != 'p')
      fail_name(token, "hexadecimal floating-point number without exponent", token->text);
    p = read_exponent(token, p);
    token->flags = float_suffix(token, p);
    value = scale_digits(0, digits_exponent * 4 + read_exponent_value, token->flags);
  } else {
    p = read_digits(token, p, 10);
    if ((*p | 32) == 'e')
      p = read_exponent(token, p);
    token->flags = float_suffix(token, p);
    value = scale_digits(digits_exponent + read_exponent_value, 0, token->flags);
  }
  token->kind = T_FLOAT;
  token->mantissa = value->mantissa;
  token->exponent = value->exponent;
}

struct Real *real_of_token(struct Token *number) {
  return new_real(0, number->mantissa, number->exponent);
}

// ---- Integer constants

// u, l, ll in both orders; 0 is also right.
long integer_suffix(struct Token *token, char *p) {
  long flags = 0;
  while (*p) {
    if ((*p | 32) == 'u' && !(flags & NUM_UNSIGNED)) {
      flags = flags | NUM_UNSIGNED;
    } else if ((*p | 32) == 'l' && !(flags & NUM_LONG)) {
      flags = flags | NUM_LONG;
      if (p[1] == *p) {
        flags = flags | NUM_LONG_LONG;
        p++;
      }
    } else {
      fail_name(token, "not a number", token->text);
    }
    p++;
  }
  return flags;
}

// C99 6.4.4.1: the first type of the list that holds the value.  The list of a
// decimal number has no unsigned types, unless it ends in u; what then fits
// nowhere is unsigned long.
long integer_type(long value, long flags, long decimal) {
  if (ult(value, 0x80000000))
    return flags;
  if (ult(value, 0x100000000) && !(flags & NUM_LONG)) {
    if (flags & NUM_UNSIGNED)
      return flags;
    if (!decimal)
      return flags | NUM_UNSIGNED;
  }
  if (value < 0)
    flags = flags | NUM_UNSIGNED;
  return flags | NUM_LONG;
}

void convert_integer(struct Token *token) {
  char *p = token->text;
  long base = 10;
  if (*p == '0') {
    base = 8;
    if ((p[1] | 32) == 'x')
      base = 16;
    if ((p[1] | 32) == 'b')                 // as gcc has it
      base = 2;
    if (base != 8)
      p = p + 2;
  }
  char *start = p;
  long most = udiv(-1, base);
  long value = 0;
  while (digit_value(*p, base) >= 0) {
    long digit = digit_value(*p, base);
    if (digit >= base)
      fail_name(token, "wrong digit in number", token->text);
    if (ult(most, value) || ult(value * base + digit, digit))
      fail_name(token, "number is too large", token->text);
    value = value * base + digit;
    p++;
  }
  if (p == start && base != 8)
    fail_name(token, "number has no digits", token->text);
  token->flags = integer_type(value, integer_suffix(token, p), base == 10);
  token->kind = T_INTEGER;
  token->value = value;
}

// ---- Which of the two it is

long is_float(char *p) {
  long hexadecimal = *p == '0' && (p[1] | 32) == 'x';
  while (*p) {
    if (*p == '.' || (*p | 32) == 'p')
      return 1;
    if ((*p | 32) == 'e' && !hexadecimal)
      return 1;
    p++;
  }
  return 0;
}

void convert_number(struct Token *token) {
  if (is_float(token->text))
    convert_float(token);
  else
    convert_integer(token);
}
