// conditions.c: the expression of #if and #elif (C99 6.10.1).  All numbers have 64
// bits, signed or unsigned; names that are no macros are 0.

struct Token *condition_token;      // the next one, macros expanded
struct Token *condition_place;      // the directive, for messages
long condition_unsigned;            // is the value computed last unsigned?
long condition_depth;

enum { MOST_CONDITION_DEPTH = 500 };

long condition_value(long wanted);

void next_condition_token(void) {
  condition_token = expanded_token();
}

void enter_condition(void) {
  if (++condition_depth > MOST_CONDITION_DEPTH)
    fail(condition_place, "#if is nested too deeply");
}

// ---- Operands

long is_defined(struct Token *name) {
  if (name->kind != T_IDENTIFIER)
    fail(condition_place, "the operand of defined is not a name");
  return name_of(name->text)->macro != 0;
}

// defined NAME or defined (NAME), its name read without expansion.
long read_defined(void) {
  struct Token *name = raw_token();
  if (name->kind != T_LEFT_PARENTHESIS)
    return is_defined(name);
  long result = is_defined(raw_token());
  if (raw_token()->kind != T_RIGHT_PARENTHESIS)
    fail(condition_place, "defined lacks its )");
  return result;
}

// Here a number is unsigned if it says so, or does not fit otherwise.
long condition_number(struct Token *token) {
  char *p = token->text;
  convert_number(token);
  if (token->kind == T_FLOAT)
    fail(condition_place, "floating-point number in #if");
  condition_unsigned = token->value < 0;
  while (*p) {
    if ((*p | 32) == 'u')
      condition_unsigned = 1;
    p++;
  }
  return token->value;
}

long condition_primary(long wanted) {
  struct Token *token = condition_token;
  long value = 0;
  condition_unsigned = 0;
  if (token->kind == T_NUMBER) {
    value = condition_number(token);
  } else if (token->kind == T_CHARACTER) {
    convert_character(token);
    value = token->value;
  } else if (token->kind == T_LEFT_PARENTHESIS) {
    next_condition_token();
    value = condition_value(wanted);
    if (condition_token->kind != T_RIGHT_PARENTHESIS)
      fail(condition_place, "#if lacks a )");
  } else if (token->kind == T_IDENTIFIER) {
    if (text_equal(token->text, "defined"))
      value = read_defined();
  } else if (token->kind == T_END) {
    fail(condition_place, "#if lacks an operand");
  } else {
    fail_name(condition_place, "not allowed in #if", token->text);
  }
  next_condition_token();
  return value;
}

long condition_unary(long wanted) {
  long kind = condition_token->kind;
  if (kind != T_MINUS && kind != T_PLUS && kind != T_TILDE && kind != T_EXCLAMATION)
    return condition_primary(wanted);
  next_condition_token();
  enter_condition();
  long value = condition_unary(wanted);
  condition_depth--;
  if (kind == T_MINUS)
    return -value;
  if (kind == T_TILDE)
    return ~value;
  if (kind == T_PLUS)
    return value;
  condition_unsigned = 0;
  return !value;
}

// ---- Binary operators

// How strongly an operator binds; 0 if it is none.
long precedence(long kind) {
  if (kind == T_STAR || kind == T_SLASH || kind == T_PERCENT) return 10;
  if (kind == T_PLUS || kind == T_MINUS) return 9;
  if (kind == T_SHIFT_LEFT || kind == T_SHIFT_RIGHT) return 8;
  if (kind == T_LESS || kind == T_GREATER || kind == T_LESS_EQUAL || kind == T_GREATER_EQUAL) return 7;
  if (kind == T_EQUAL || kind == T_NOT_EQUAL) return 6;
  if (kind == T_AMPERSAND) return 5;
  if (kind == T_CARET) return 4;
  if (kind == T_BAR) return 3;
  if (kind == T_AND_AND) return 2;
  if (kind == T_BAR_BAR) return 1;
  return 0;
}

// An operand that is not wanted, as in 0 && 1/0, may divide by zero.
long condition_divide(long kind, long a, long b, long is_unsigned, long wanted) {
  if (b == 0 && wanted)
    fail(condition_place, "division by zero in #if");
  if (b == 0)
    return 0;
  if (is_unsigned && kind == T_SLASH)
    return udiv(a, b);
  if (is_unsigned)
    return umod(a, b);
  if (b == -1 && kind == T_SLASH)         // the processor would trap on -2^63 / -1
    return -a;
  if (b == -1)
    return 0;
  if (kind == T_SLASH)
    return a / b;
  return a % b;
}

// Counts from 64 on, which processors take modulo 64, shift everything out.
long condition_shift(long left, long a, long n, long is_unsigned) {
  if (left && ult(63, n))
    return 0;
  if (left)
    return a << n;
  if (ult(63, n) && (is_unsigned || a >= 0))
    return 0;
  if (ult(63, n))
    return -1;
  if (is_unsigned)
    return ushr(a, n);
  return a >> n;
}

long condition_less(long a, long b, long is_unsigned) {
  if (is_unsigned)
    return ult(a, b);
  return a < b;
}

long condition_compare(long kind, long a, long b, long is_unsigned) {
  if (kind == T_EQUAL) return a == b;
  if (kind == T_NOT_EQUAL) return a != b;
  if (kind == T_LESS) return condition_less(a, b, is_unsigned);
  if (kind == T_GREATER) return condition_less(b, a, is_unsigned);
  if (kind == T_LESS_EQUAL) return !condition_less(b, a, is_unsigned);
  return !condition_less(a, b, is_unsigned);
}

long condition_arithmetic(long kind, long a, long b) {
  if (kind == T_PLUS) return a + b;
  if (kind == T_MINUS) return a - b;
  if (kind == T_STAR) return a * b;
  if (kind == T_AMPERSAND) return a & b;
  if (kind == T_CARET) return a ^ b;
  return a | b;
}

// a OPERATOR b; condition_unsigned belongs to b before, and to the result after.
long condition_apply(long kind, long a, long a_unsigned, long b, long wanted) {
  long both = a_unsigned || condition_unsigned;
  long level = precedence(kind);
  if (kind == T_SHIFT_LEFT || kind == T_SHIFT_RIGHT) {
    condition_unsigned = a_unsigned;
    return condition_shift(kind == T_SHIFT_LEFT, a, b, a_unsigned);
  }
  condition_unsigned = 0;
  if (kind == T_AND_AND)
    return a && b;
  if (kind == T_BAR_BAR)
    return a || b;
  if (level == precedence(T_EQUAL) || level == precedence(T_LESS))
    return condition_compare(kind, a, b, both);
  condition_unsigned = both;
  if (kind == T_SLASH || kind == T_PERCENT)
    return condition_divide(kind, a, b, both, wanted);
  return condition_arithmetic(kind, a, b);
}

// Operators that bind at least as strongly as `level`.
long condition_binary(long level, long wanted) {
  long left = condition_unary(wanted);
  while (precedence(condition_token->kind) >= level) {
    long kind = condition_token->kind;
    long left_unsigned = condition_unsigned;
    long right_wanted = wanted;
    if ((kind == T_AND_AND && !left) || (kind == T_BAR_BAR && left))
      right_wanted = 0;
    next_condition_token();
    long right = condition_binary(precedence(kind) + 1, right_wanted);
    left = condition_apply(kind, left, left_unsigned, right, wanted);
  }
  return left;
}

// A whole expression, ?: included.
long condition_value(long wanted) {
  enter_condition();
  long value = condition_binary(1, wanted);
  if (condition_token->kind == T_QUESTION) {
    next_condition_token();
    long yes = condition_value(wanted && value);
    long yes_unsigned = condition_unsigned;
    if (condition_token->kind != T_COLON)
      fail(condition_place, "#if has ? without :");
    next_condition_token();
    long no = condition_value(wanted && !value);
    condition_unsigned = condition_unsigned || yes_unsigned;
    if (value)
      value = yes;
    else
      value = no;
  }
  condition_depth--;
  return value;
}

// Is the condition on the rest of a line true?
long condition_holds(struct Token *directive, struct Token *line) {
  condition_place = directive;
  condition_depth = 0;
  push_context(line, 0, 1);
  next_condition_token();
  long value = condition_value(1);
  if (condition_token->kind != T_END)
    fail_name(directive, "unexpected in #if", condition_token->text);
  pop_context();
  return value != 0;
}
