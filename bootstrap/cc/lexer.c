// lexer.c: translation phases 1 to 3: from the bytes of a file to preprocessing
// tokens.  Characters are bytes; UTF-8 passes through (bytes from 0x80 on count
// as letters).  Trigraphs are not replaced.

// ---- Files.  A file is read and cleaned once, however often it is included:
// lines joined where a backslash ends one, and carriage returns before a newline
// and zero bytes taken out.  So that later lines keep their numbers, the places
// where lines were joined are remembered.

struct Splice {
  char *at;                   // of the cleaned text: what stands here began a new line
  struct Splice *next;
};

struct File {
  char *path;                 // interned
  char *text;                 // cleaned; ends with a newline and a zero
  char *end;                  // of its zero
  struct Splice *splices;
  long missing;               // no such file
  long once;                  // number of the last unit in which it said #pragma once
  char *guard;                // all of it stands between #ifndef guard and #endif; or 0
  struct File *next;
};

// A file in the course of being read.
struct Source {
  struct File *file;
  char *at;                   // next byte
  struct Splice *splice;      // next joined line
  char *path;                 // the name for messages and __FILE__; #line changes it
  long line;
  long line_start;            // nothing but white space has been seen on this line
  struct Conditional *conditional;
  struct Source *includer;
  long depth;                 // of inclusion
  long directory;             // number of the include folder it was found in
  long guard_state;           // see "Include guards" in directives.c
  char *guard;
};

struct File *all_files;

// Removes what the lexer need not see, in place.
void clean_file(struct File *file, struct Buffer *contents) {
  append_byte(contents, '\n');
  finish_text(contents);
  char *from = contents->bytes;
  char *end = from + contents->length;
  char *to = from;
  struct Splice *last = 0;
  file->text = to;
  while (from < end) {
    long c = *from++;
    if (c == '\\' && (*from == '\n' || (*from == '\r' && from[1] == '\n')) && from + 1 < end) {
      from = from + 1 + (*from == '\r');
      struct Splice *splice = (struct Splice *)allocate(sizeof(struct Splice));
      splice->at = to;
      if (last)
        last->next = splice;
      else
        file->splices = splice;
      last = splice;
    } else if (c == 0) {
      *to++ = ' ';
    } else if (c != '\r' || *from != '\n') {
      *to++ = c;
    }
  }
  *to = 0;
  file->end = to;
}

// A file by its path; read when it is first asked for, 0 if there is none.
struct File *find_file(char *path) {
  struct File *file;
  for (file = all_files; file; file = file->next)
    if (file->path == path) {
      if (file->missing)
        return 0;
      return file;
    }
  file = (struct File *)allocate(sizeof(struct File));
  file->path = path;
  file->next = all_files;
  all_files = file;
  struct Buffer *contents = read_whole_file(path);
  if (contents == 0) {
    file->missing = 1;
    return 0;
  }
  clean_file(file, contents);
  return file;
}

struct Source *open_source(struct File *file, struct Source *includer) {
  struct Source *source = (struct Source *)allocate(sizeof(struct Source));
  source->file = file;
  source->at = file->text;
  source->splice = file->splices;
  source->path = file->path;
  source->line = 1;
  source->line_start = 1;
  source->includer = includer;
  if (includer)
    source->depth = includer->depth + 1;
  return source;
}

// ---- Classes of characters

enum { CLASS_BLANK = 1, CLASS_DIGIT = 2, CLASS_NAME = 4 };

char character_class[256];

void set_class(long first, long last, long class) {
  long c;
  for (c = first; c <= last; c++)
    character_class[c] = class;
}

void prepare_classes(void) {
  set_class('a', 'z', CLASS_NAME);
  set_class('A', 'Z', CLASS_NAME);
  set_class('_', '_', CLASS_NAME);
  set_class('$', '$', CLASS_NAME);
  set_class(128, 255, CLASS_NAME);
  set_class('0', '9', CLASS_NAME | CLASS_DIGIT);
  set_class(' ', ' ', CLASS_BLANK);
  set_class('\t', '\t', CLASS_BLANK);
  set_class('\v', '\v', CLASS_BLANK);
  set_class('\f', '\f', CLASS_BLANK);
  set_class('\r', '\r', CLASS_BLANK);
}

// ---- Punctuators: for each first character a list, the longest first.

struct Punctuator {
  char *text;
  long length;
  long kind;
  struct Punctuator *next;
};

struct Punctuator *punctuators[256];
char *punctuator_texts[80];

void punctuator(char *text, long kind) {
  struct Punctuator *new = (struct Punctuator *)allocate(sizeof(struct Punctuator));
  new->text = text;
  new->length = text_length(text);
  new->kind = kind;
  if (punctuator_texts[kind] == 0)
    punctuator_texts[kind] = text;
  struct Punctuator *last = punctuators[*text];
  if (last == 0) {
    punctuators[*text] = new;
    return;
  }
  while (last->next)
    last = last->next;
  last->next = new;
}

char *punctuator_text(long kind) {
  return punctuator_texts[kind];
}

void prepare_brackets(void) {
  punctuator("(", T_LEFT_PARENTHESIS);
  punctuator(")", T_RIGHT_PARENTHESIS);
  punctuator("[", T_LEFT_BRACKET);
  punctuator("]", T_RIGHT_BRACKET);
  punctuator("{", T_LEFT_BRACE);
  punctuator("}", T_RIGHT_BRACE);
  punctuator(",", T_COMMA);
  punctuator(";", T_SEMICOLON);
  punctuator("?", T_QUESTION);
  punctuator("~", T_TILDE);
  punctuator(":>", T_RIGHT_BRACKET);
  punctuator(":", T_COLON);
  punctuator("...", T_ELLIPSIS);
  punctuator(".", T_DOT);
  punctuator("##", T_HASH_HASH);
  punctuator("#", T_HASH);
}

void prepare_operators(void) {
  punctuator("+=", T_PLUS_ASSIGN);
  punctuator("++", T_PLUS_PLUS);
  punctuator("+", T_PLUS);
  punctuator("-=", T_MINUS_ASSIGN);
  punctuator("--", T_MINUS_MINUS);
  punctuator("->", T_ARROW);
  punctuator("-", T_MINUS);
  punctuator("*=", T_STAR_ASSIGN);
  punctuator("*", T_STAR);
  punctuator("/=", T_SLASH_ASSIGN);
  punctuator("/", T_SLASH);
  punctuator("%:%:", T_HASH_HASH);
  punctuator("%:", T_HASH);
  punctuator("%>", T_RIGHT_BRACE);
  punctuator("%=", T_PERCENT_ASSIGN);
  punctuator("%", T_PERCENT);
  punctuator("<<=", T_SHIFT_LEFT_ASSIGN);
  punctuator("<<", T_SHIFT_LEFT);
  punctuator("<=", T_LESS_EQUAL);
  punctuator("<:", T_LEFT_BRACKET);
  punctuator("<%", T_LEFT_BRACE);
  punctuator("<", T_LESS);
  punctuator(">>=", T_SHIFT_RIGHT_ASSIGN);
  punctuator(">>", T_SHIFT_RIGHT);
  punctuator(">=", T_GREATER_EQUAL);
  punctuator(">", T_GREATER);
  punctuator("==", T_EQUAL);
  punctuator("=", T_ASSIGN);
  punctuator("!=", T_NOT_EQUAL);
  punctuator("!", T_EXCLAMATION);
  punctuator("&&", T_AND_AND);
  punctuator("&=", T_AMPERSAND_ASSIGN);
  punctuator("&", T_AMPERSAND);
  punctuator("||", T_BAR_BAR);
  punctuator("|=", T_BAR_ASSIGN);
  punctuator("|", T_BAR);
  punctuator("^=", T_CARET_ASSIGN);
  punctuator("^", T_CARET);
}

void prepare_lexer(void) {
  prepare_classes();
  prepare_brackets();
  prepare_operators();
}

// ---- Tokens

// While a directive is read, the end of its line is a token (and stays unread).
long in_directive;

struct Token *new_token(long kind, char *text, long length) {
  struct Token *token = (struct Token *)allocate(sizeof(struct Token));
  token->kind = kind;
  token->text = text;
  token->length = length;
  return token;
}

struct Token *copy_token(struct Token *token) {
  struct Token *copy = new_token(token->kind, token->text, token->length);
  copy->value = token->value;
  copy->flags = token->flags;
  copy->file = token->file;
  copy->line = token->line;
  return copy;
}

// Joined lines up to the place that has been reached count as lines.
void count_splices(struct Source *source) {
  while (source->splice && source->splice->at <= source->at) {
    source->line = source->line + 1;
    source->splice = source->splice->next;
  }
}

// The place a source has reached, for messages.
struct Token *place_of(struct Source *source) {
  struct Token *place = new_token(T_OTHER, "", 0);
  count_splices(source);
  place->file = source->path;
  place->line = source->line;
  return place;
}

// From behind "/*" to behind "*/".
void skip_block_comment(struct Source *source) {
  struct Token *place = place_of(source);
  char *p = source->at;
  while (*p != '*' || p[1] != '/') {
    if (*p == '\n')
      source->line = source->line + 1;
    if (*p == 0)
      fail(place, "comment is not closed");
    p++;
  }
  source->at = p + 2;
}

char *end_of_line(char *p) {
  while (*p != '\n' && *p)
    p++;
  return p;
}

// White space and comments; what they mean for the token behind them, as flags.
long skip_blanks(struct Source *source) {
  long flags = 0;
  while (1) {
    char *p = source->at;
    long c = *p;
    if (character_class[c] & CLASS_BLANK) {
      source->at = p + 1;
      flags = flags | TOKEN_SPACE;
    } else if (c == '\n' && !in_directive) {
      source->at = p + 1;
      source->line = source->line + 1;
      source->line_start = 1;
      flags = flags | TOKEN_SPACE;
    } else if (c == '/' && p[1] == '*') {
      source->at = p + 2;
      skip_block_comment(source);
      flags = flags | TOKEN_SPACE;
    } else if (c == '/' && p[1] == '/') {
      source->at = end_of_line(p);
      flags = flags | TOKEN_SPACE;
    } else {
      break;
    }
  }
  if (source->line_start)
    flags = flags | TOKEN_LINE_START;
  return flags;
}

// Each of these returns the end of the token that begins at p.

char *end_of_name(char *p) {
  while (character_class[*p] & CLASS_NAME)
    p++;
  return p;
}

long is_exponent_letter(long c) {
  return c == 'e' || c == 'E' || c == 'p' || c == 'P';
}

// Anything that begins like a number: 0x1F, 1.5e+3, but also 1.2.3 and 0xe+1,
// which are an error only if they are still there when macros are expanded.
char *end_of_number(char *p) {
  while ((character_class[*p] & CLASS_NAME) || *p == '.') {
    if (is_exponent_letter(*p) && (p[1] == '+' || p[1] == '-'))
      p++;
    p++;
  }
  return p;
}

// A string or character constant from its quote on; 0 if it does not end on its line.
char *end_of_quoted(char *p) {
  long quote = *p++;
  while (*p != quote) {
    if (*p == '\n' || *p == 0)
      return 0;
    if (*p == '\\')
      p++;
    if (*p == '\n' || *p == 0)
      return 0;
    p++;
  }
  return p + 1;
}

struct Token *lex_quoted(char *start, char *quote) {
  char *end = end_of_quoted(quote);
  if (end == 0) {               // no error yet: the text of a macro nobody uses may say "don't"
    end = end_of_line(quote);
    return new_token(T_OTHER, copy_text(start, end - start), end - start);
  }
  if (*quote == '"')
    return new_token(T_STRING, copy_text(start, end - start), end - start);
  return new_token(T_CHARACTER, copy_text(start, end - start), end - start);
}

// The token at p, a punctuator or else a stray character.
struct Token *lex_punctuator(char *p) {
  struct Punctuator *candidate;
  for (candidate = punctuators[*p]; candidate; candidate = candidate->next)
    if (candidate->length == 1 || bytes_equal(p, candidate->text, candidate->length))
      return new_token(candidate->kind, candidate->text, candidate->length);
  return new_token(T_OTHER, copy_text(p, 1), 1);
}

// The token that begins at p, neither white space nor the end.
struct Token *lex_token(char *p) {
  long class = character_class[*p];
  if ((class & CLASS_DIGIT) || (*p == '.' && (character_class[p[1]] & CLASS_DIGIT))) {
    char *number_end = end_of_number(p);
    return new_token(T_NUMBER, copy_text(p, number_end - p), number_end - p);
  }
  if (*p == '"' || *p == '\'')
    return lex_quoted(p, p);
  if (*p == 'L' && (p[1] == '"' || p[1] == '\''))
    return lex_quoted(p, p + 1);
  if (class & CLASS_NAME) {
    char *name_end = end_of_name(p);
    return new_token(T_IDENTIFIER, intern(p, name_end - p), name_end - p);
  }
  return lex_punctuator(p);
}

// The next token of a file; T_END at its end, again and again.
struct Token *lex(struct Source *source) {
  long flags = skip_blanks(source);
  struct Token *token;
  if (source->splice)
    count_splices(source);
  if (*source->at == 0)
    token = new_token(T_END, "", 0);
  else if (*source->at == '\n')
    token = new_token(T_NEWLINE, "", 0);
  else {
    token = lex_token(source->at);
    source->at = source->at + token->length;
    source->line_start = 0;
  }
  token->flags = flags;
  token->file = source->path;
  token->line = source->line;
  return token;
}

// ---- Escapes in strings and characters

// One character or escape at escape_at; moves escape_at behind it.
char *escape_at;
long escape_is_universal;       // it was \u or \U: a code point, not a byte

long hexadecimal_digit(long c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

long read_hexadecimal(struct Token *token, long most_digits) {
  long value = 0;
  long digits = 0;
  while (digits < most_digits && hexadecimal_digit(*escape_at) >= 0) {
    value = (value << 4) + hexadecimal_digit(*escape_at++);
    digits++;
  }
  if (digits == 0)
    fail(token, "hexadecimal digits expected in escape");
  return value;
}

long read_universal(struct Token *token, long digits) {
  char *start = escape_at;
  long value = read_hexadecimal(token, digits);
  if (escape_at - start != digits)
    fail(token, "\\u needs 4 and \\U needs 8 hexadecimal digits");
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
    fail(token, "not a character of Unicode");
  escape_is_universal = 1;
  return value;
}

long read_octal(void) {
  long value = 0;
  long digits = 0;
  while (digits < 3 && *escape_at >= '0' && *escape_at <= '7') {
    value = value * 8 + *escape_at++ - '0';
    digits++;
  }
  return value;
}

long simple_escape(long c) {
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c == 'r') return '\r';
  if (c == 'a') return '\a';
  if (c == 'b') return '\b';
  if (c == 'f') return '\f';
  if (c == 'v') return '\v';
  if (c == 'e') return 27;                  // as gcc has it
  if (c == '\\' || c == '\'' || c == '"' || c == '?') return c;
  return -1;
}

// What one character or escape stands for.
long read_escape(struct Token *token) {
  escape_is_universal = 0;
  long c = *escape_at++;
  if (c != '\\')
    return c;
  if (*escape_at >= '0' && *escape_at <= '7')
    return read_octal();
  c = *escape_at++;
  if (c == 'x')
    return read_hexadecimal(token, 1000);
  if (c == 'u')
    return read_universal(token, 4);
  if (c == 'U')
    return read_universal(token, 8);
  if (simple_escape(c) < 0)
    fail(token, "unknown escape");
  return simple_escape(c);
}

void append_utf8(struct Buffer *out, long c) {
  if (c < 0x80) {
    append_byte(out, c);
  } else if (c < 0x800) {
    append_byte(out, 0xc0 | (c >> 6));
    append_byte(out, 0x80 | (c & 63));
  } else if (c < 0x10000) {
    append_byte(out, 0xe0 | (c >> 12));
    append_byte(out, 0x80 | ((c >> 6) & 63));
    append_byte(out, 0x80 | (c & 63));
  } else {
    append_byte(out, 0xf0 | (c >> 18));
    append_byte(out, 0x80 | ((c >> 12) & 63));
    append_byte(out, 0x80 | ((c >> 6) & 63));
    append_byte(out, 0x80 | (c & 63));
  }
}

// How many bytes follow the first one of a character in UTF-8; -1: not a first byte.
long utf8_rest(long c) {
  if (c < 0x80) return 0;
  if (c >= 0xc2 && c < 0xe0) return 1;
  if (c >= 0xe0 && c < 0xf0) return 2;
  if (c >= 0xf0 && c < 0xf5) return 3;
  return -1;
}

// One character, in UTF-8 or as an escape, of a wide string.
long read_wide(struct Token *token) {
  if (*escape_at < 0x80)
    return read_escape(token);
  long rest = utf8_rest(*escape_at);
  if (rest < 0)
    fail(token, "not UTF-8");
  long c = *escape_at++ & (0x3f >> rest);
  while (rest > 0) {
    if ((*escape_at & 0xc0) != 0x80)
      fail(token, "not UTF-8");
    c = (c << 6) | (*escape_at++ & 63);
    rest--;
  }
  return c;
}

long is_wide(struct Token *token) {
  return *token->text == 'L';
}

// Appends what the spelling of a string stands for.
void append_string(struct Buffer *out, struct Token *token, long wide) {
  char *end = token->text + token->length - 1;
  escape_at = token->text + 1 + is_wide(token);
  while (escape_at < end) {
    if (wide) {
      append_little_endian(out, read_wide(token), 4);
    } else {
      long c = read_escape(token);
      if (escape_is_universal)
        append_utf8(out, c);
      else
        append_byte(out, c);
    }
  }
}

// The value of a character constant, as int; several characters as gcc has them.
void convert_character(struct Token *token) {
  struct Buffer *bytes = new_buffer();
  append_string(bytes, token, is_wide(token));
  if (bytes->length == 0)
    fail(token, "character constant is empty");
  long value = 0;
  long i;
  if (is_wide(token)) {
    for (i = 3; i >= 0; i--)
      value = (value << 8) | bytes->bytes[bytes->length - 4 + i];
  } else if (bytes->length == 1) {
    value = *bytes->bytes;
    value = (value << 56) >> 56;            // char is signed
  } else {
    for (i = 0; i < bytes->length; i++)
      value = (value << 8) | bytes->bytes[i];
  }
  token->kind = T_INTEGER;
  token->value = (value << 32) >> 32;
  token->flags = 0;
}
