// The words between the two halves of the compiler.
//
// The front half (base.c, lexer.c, real.c, numbers.c, macros.c, conditions.c,
// directives.c, preprocessor.c) turns files into a stream of tokens; the back half
// asks for them one by one with next_token().  Everything both halves name is
// declared here.  The language is the C subset described in ../subset/README.md:
// every value and every field has 64 bits.

enum {
  T_END,            // end of the translation unit, for ever after
  T_IDENTIFIER,     // text: interned name.  Keywords are identifiers too.
  T_INTEGER,        // value, flags NUM_*; character constants arrive as this
  T_FLOAT,          // mantissa, exponent, flags NUM_FLOAT or NUM_LONG_DOUBLE
  T_STRING,         // text, length (bytes), flags STR_WIDE; zero follows

  // These five never leave the preprocessor.
  T_NUMBER,         // a "preprocessing number", not yet converted
  T_CHARACTER,      // 'c', not yet converted
  T_OTHER,          // a character that begins no token
  T_NEWLINE,        // end of the line of a directive
  T_PLACEMARKER,    // an empty operand of ##

  T_PUNCTUATOR_FIRST = 16,
  T_LEFT_PARENTHESIS = 16,  // (
  T_RIGHT_PARENTHESIS,      // )
  T_LEFT_BRACKET,           // [   also <:
  T_RIGHT_BRACKET,          // ]   also :>
  T_LEFT_BRACE,             // {   also <%
  T_RIGHT_BRACE,            // }   also %>
  T_DOT,                    // .
  T_ARROW,                  // ->
  T_ELLIPSIS,               // ...
  T_PLUS_PLUS,              // ++
  T_MINUS_MINUS,            // --
  T_AMPERSAND,              // &
  T_STAR,                   // *
  T_PLUS,                   // +
  T_MINUS,                  // -
  T_TILDE,                  // ~
  T_EXCLAMATION,            // !
  T_SLASH,                  // /
  T_PERCENT,                // %
  T_SHIFT_LEFT,             // <<
  T_SHIFT_RIGHT,            // >>
  T_LESS,                   // <
  T_GREATER,                // >
  T_LESS_EQUAL,             // <=
  T_GREATER_EQUAL,          // >=
  T_EQUAL,                  // ==
  T_NOT_EQUAL,              // !=
  T_CARET,                  // ^
  T_BAR,                    // |
  T_AND_AND,                // &&
  T_BAR_BAR,                // ||
  T_QUESTION,               // ?
  T_COLON,                  // :
  T_SEMICOLON,              // ;
  T_COMMA,                  // ,
  T_ASSIGN,                 // =
  T_STAR_ASSIGN,            // *=
  T_SLASH_ASSIGN,           // /=
  T_PERCENT_ASSIGN,         // %=
  T_PLUS_ASSIGN,            // +=
  T_MINUS_ASSIGN,           // -=
  T_SHIFT_LEFT_ASSIGN,      // <<=
  T_SHIFT_RIGHT_ASSIGN,     // >>=
  T_AMPERSAND_ASSIGN,       // &=
  T_CARET_ASSIGN,           // ^=
  T_BAR_ASSIGN,             // |=
  T_HASH,                   // #   also %:   (only the preprocessor gives it a meaning)
  T_HASH_HASH,              // ##  also %:%:
  T_PUNCTUATOR_LAST = T_HASH_HASH,

  // Tokens of a macro's body that stand for something; never outside of it.
  T_PARAMETER,              // value: number of the parameter
  T_STRINGIZE,              // # and a parameter; value: its number
  T_PASTE                   // ## as an operator
};

// Token.flags.  Of a T_INTEGER they give its type, C99's rule (6.4.4.1) already
// applied: none: int; NUM_UNSIGNED: unsigned int; NUM_LONG: long; both: unsigned
// long.  NUM_LONG_LONG comes with NUM_LONG if the constant had the suffix ll.
// A T_FLOAT without flag is a double.
enum {
  NUM_UNSIGNED = 1,
  NUM_LONG = 2,
  NUM_LONG_LONG = 4,
  NUM_FLOAT = 8,
  NUM_LONG_DOUBLE = 16,
  STR_WIDE = 32,            // text holds 4-byte elements, and 4 zero bytes follow
  TOKEN_NO_EXPAND = 64,     // preprocessor: a macro's name that stays as it is
  TOKEN_SPACE = 128,        // preprocessor: white space stands before it
  TOKEN_LINE_START = 256,   // preprocessor: the first of its line
  TOKEN_OUTER_SPACE = 512   // preprocessor: its TOKEN_SPACE is that of the macro it comes from
};

// The exponent of a T_FLOAT too large for its type, and of such a struct Real.
enum { EXPONENT_INFINITE = 1000000, EXPONENT_NAN = 1000001 };

struct Token {
  long kind;
  long value;          // T_INTEGER: the 64 bits of its value
  char *text;          // identifier: interned; string: bytes; otherwise: spelling, zero at the end
  long length;         // bytes of text, the final zero not counted
  long flags;
  long mantissa;       // T_FLOAT: value = mantissa * 2^exponent, the mantissa unsigned with
  long exponent;       //   its top bit set, or zero; rounded to the precision of its type
  char *file;          // place in the source, for messages: of the outermost macro's
  long line;           //   name if the token comes from the body of a macro
  struct Token *next;  // free for the use of whoever holds the token
};

// A macro.  Kinds other than MACRO_PLAIN compute their text when they are used.
enum { MACRO_PLAIN, MACRO_FILE, MACRO_LINE, MACRO_COUNTER, MACRO_PRAGMA };

struct Macro {
  long kind;
  char *name;                // interned
  long function_like;
  long parameters;           // their number, the variable one included
  long variadic;             // the last parameter takes all remaining arguments
  struct Token *names;       // names of the parameters
  struct Token *body;
  long disabled;             // more than 0 while its own expansion is being read
  struct Macro *next;        // list of all macros of the unit
};

// What is known about an interned name; name_of() finds it from the text.
// The back half may use the last three fields as it likes.
struct Name {
  struct Name *next;         // same hash value
  long hash;
  long length;
  struct Macro *macro;       // its meaning as a macro, or 0
  long keyword;
  char *symbol;
  char *tag;
};

// A floating-point number: mantissa * 2^exponent, negative if sign is 1.  The
// mantissa is unsigned with its top bit set; 0 is zero.  See real.c.
struct Real {
  long sign;
  long mantissa;
  long exponent;             // or EXPONENT_INFINITE, EXPONENT_NAN
  long error;                // what rounding did to the magnitude: 1: the exact result is larger,
};                           //   -1: smaller, 0: it is exact (see real_round)

// Bytes that grow.
struct Buffer {
  char *bytes;
  long length;
  long capacity;
};

// ---- base.c

char *allocate(long bytes);                       // zeroed, never freed
char *intern(char *text, long length);            // one address per name, zero at the end
char *intern_text(char *text);                    // the same, length by its zero
struct Name *name_of(char *interned);
long text_length(char *text);
long text_equal(char *a, char *b);                // 1 if equal
void copy_bytes(char *to, char *from, long n);

struct Buffer *new_buffer(void);
void append_byte(struct Buffer *buffer, long byte);
void append_bytes(struct Buffer *buffer, char *bytes, long n);
void append_text(struct Buffer *buffer, char *text);
void append_decimal(struct Buffer *buffer, long number);
void append_hexadecimal(struct Buffer *buffer, long number);   // unsigned, no 0x
void append_little_endian(struct Buffer *buffer, long number, long bytes);

struct Buffer *read_whole_file(char *path);       // 0 if it cannot be opened; a zero follows the bytes
void write_whole_file(char *path, struct Buffer *contents, long mode);  // by a temporary name and rename

// Print FILE:LINE: message and exit with 1.  at = 0: no place is known.
void fail(struct Token *at, char *message);
void fail_name(struct Token *at, char *message, char *name);   // message: name
void warn(struct Token *at, char *message);                    // prints and goes on

// ---- lexer.c

char *punctuator_text(long kind);

// ---- preprocessor.c

void add_include_dir(char *dir);
void add_command_line_macro(char *text);          // NAME or NAME=VALUE
void preprocess_file(char *path);                 // begins a translation unit; macros are forgotten
struct Token *next_token(void);                       // translation phases 1 to 6 done, numbers converted
struct Buffer *print_preprocessed(void);              // for -E: texts of all tokens, one blank or newline apart

// ---- real.c: arithmetic of long double (64 bits of mantissa, rounded
// to nearest, ties to even), done in integers.  Results are new numbers.  For
// double and float round each result: real_round_to_double(real_add(a, b)) is
// what the processor's own addition of doubles gives, to the bit.

struct Real *real_of_token(struct Token *number);          // T_FLOAT
struct Real *real_of_integer(long value, long is_unsigned);
struct Real *real_of_double_bits(long bits);
struct Real *real_of_float_bits(long bits);
struct Real *real_round_to_double(struct Real *a);         // with fewer bits where it is subnormal
struct Real *real_round_to_float(struct Real *a);
long real_to_integer(struct Real *a, long is_unsigned);    // towards zero; out of range as x86 has it
long real_to_double_bits(struct Real *a);                  // rounds
long real_to_float_bits(struct Real *a);                   // rounds; 32 bits
long real_extended_head(struct Real *a);                   // sign and exponent, 16 bits, of the x87 format
long real_extended_mantissa(struct Real *a);               // its 64 bits of mantissa
struct Real *real_negate(struct Real *a);
struct Real *real_add(struct Real *a, struct Real *b);
struct Real *real_subtract(struct Real *a, struct Real *b);
struct Real *real_multiply(struct Real *a, struct Real *b);
struct Real *real_divide(struct Real *a, struct Real *b);
long real_is_zero(struct Real *a);
long real_less(struct Real *a, struct Real *b);            // 1 if a < b; 0 if one is not a number
long real_equal(struct Real *a, struct Real *b);
