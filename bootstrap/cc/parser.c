// parser.c: what all parts of the parser share: the current token, keywords, the limit on nesting.

// Tokens to be read (again) before the preprocessor is asked for more.
struct Replay {
  struct Token *token;
  struct Replay *next;
};

struct Replay *replay;

struct Token *read_token() {
  if (replay) {
    struct Token *again = replay->token;
    replay = replay->next;
    return again;
  }
  return next_token();
}

void advance() {
  if (token->kind != T_END)
    token = read_token();
}

// Puts ITEM before the tokens that are to be read.
void unread(struct Token *item) {
  struct Replay *first = (struct Replay *)allocate(sizeof(struct Replay));
  first->token = item;
  first->next = replay;
  replay = first;
}

// The token after the current one.
struct Token *peek() {
  struct Token *following = read_token();
  unread(following);
  return following;
}

long token_is(long kind) { return token->kind == kind; }

long accept(long kind) {
  if (token->kind != kind)
    return 0;
  advance();
  return 1;
}

void expect(long kind, char *message) {
  if (token->kind != kind)
    fail(token, message);
  advance();
}

// ---- The function in work ----

char *this_function_name;     // 0 outside of functions
long function_is_variadic;
long variable_arguments;      // where they begin, as a distance from rbp

// ---- Nesting ----

enum { MAX_NESTING = 600 };

long nesting;

// Called wherever the parser calls itself, so that no input can exhaust the stack.
void nest() {
  nesting++;
  if (nesting > MAX_NESTING)
    fail(token, "nested too deeply");
}

void unnest() { nesting--; }

// ---- Keywords ----

enum {
  KEYWORD_NONE,
  // specifiers of declarations
  KEYWORD_VOID, KEYWORD_BOOL, KEYWORD_CHAR, KEYWORD_SHORT, KEYWORD_INT, KEYWORD_LONG, KEYWORD_FLOAT,
  KEYWORD_DOUBLE, KEYWORD_SIGNED, KEYWORD_UNSIGNED, KEYWORD_STRUCT, KEYWORD_UNION, KEYWORD_ENUM,
  KEYWORD_TYPEOF, KEYWORD_VA_LIST, KEYWORD_TYPEDEF, KEYWORD_EXTERN, KEYWORD_STATIC, KEYWORD_AUTO,
  KEYWORD_REGISTER, KEYWORD_INLINE, KEYWORD_QUALIFIER, KEYWORD_ATTRIBUTE,
  KEYWORD_LAST_SPECIFIER,
  // statements
  KEYWORD_IF, KEYWORD_ELSE, KEYWORD_WHILE, KEYWORD_DO, KEYWORD_FOR, KEYWORD_SWITCH, KEYWORD_CASE,
  KEYWORD_DEFAULT, KEYWORD_BREAK, KEYWORD_CONTINUE, KEYWORD_GOTO, KEYWORD_RETURN, KEYWORD_ASM,
  KEYWORD_STATIC_ASSERT,
  // expressions
  KEYWORD_SIZEOF, KEYWORD_ALIGNOF, KEYWORD_EXTENSION, KEYWORD_FUNCTION_NAME, KEYWORD_OFFSETOF,
  KEYWORD_VA_START, KEYWORD_VA_ARG, KEYWORD_VA_END, KEYWORD_VA_COPY,
  KEYWORD_SYSCALL, KEYWORD_SETJMP, KEYWORD_LONGJMP, KEYWORD_ALLOCA, KEYWORD_EXPECT
};

void add_keyword(char *name, long id) { name_of(intern_text(name))->keyword = id; }

// The keyword that the token is, or KEYWORD_NONE.
long keyword_of(struct Token *candidate) {
  if (candidate->kind != T_IDENTIFIER)
    return KEYWORD_NONE;
  return name_of(candidate->text)->keyword;
}

long accept_keyword(long id) {
  if (keyword_of(token) != id)
    return 0;
  advance();
  return 1;
}

void add_specifier_keywords() {
  add_keyword("void", KEYWORD_VOID);
  add_keyword("_Bool", KEYWORD_BOOL);
  add_keyword("char", KEYWORD_CHAR);
  add_keyword("short", KEYWORD_SHORT);
  add_keyword("int", KEYWORD_INT);
  add_keyword("long", KEYWORD_LONG);
  add_keyword("float", KEYWORD_FLOAT);
  add_keyword("double", KEYWORD_DOUBLE);
  add_keyword("signed", KEYWORD_SIGNED);
  add_keyword("__signed__", KEYWORD_SIGNED);
  add_keyword("unsigned", KEYWORD_UNSIGNED);
  add_keyword("struct", KEYWORD_STRUCT);
  add_keyword("union", KEYWORD_UNION);
  add_keyword("enum", KEYWORD_ENUM);
  add_keyword("__typeof__", KEYWORD_TYPEOF);
  add_keyword("__typeof", KEYWORD_TYPEOF);
  add_keyword("__builtin_va_list", KEYWORD_VA_LIST);
  add_keyword("typedef", KEYWORD_TYPEDEF);
  add_keyword("extern", KEYWORD_EXTERN);
  add_keyword("static", KEYWORD_STATIC);
  add_keyword("auto", KEYWORD_AUTO);
  add_keyword("register", KEYWORD_REGISTER);
  add_keyword("inline", KEYWORD_INLINE);
  add_keyword("__inline", KEYWORD_INLINE);
  add_keyword("__inline__", KEYWORD_INLINE);
  add_keyword("const", KEYWORD_QUALIFIER);
  add_keyword("__const", KEYWORD_QUALIFIER);
  add_keyword("__const__", KEYWORD_QUALIFIER);
  add_keyword("volatile", KEYWORD_QUALIFIER);
  add_keyword("__volatile", KEYWORD_QUALIFIER);
  add_keyword("__volatile__", KEYWORD_QUALIFIER);
  add_keyword("restrict", KEYWORD_QUALIFIER);
  add_keyword("__restrict", KEYWORD_QUALIFIER);
  add_keyword("__restrict__", KEYWORD_QUALIFIER);
  add_keyword("_Noreturn", KEYWORD_QUALIFIER);
  add_keyword("__extension__", KEYWORD_EXTENSION);
  add_keyword("__attribute__", KEYWORD_ATTRIBUTE);
  add_keyword("__attribute", KEYWORD_ATTRIBUTE);
}

void add_statement_keywords() {
  add_keyword("if", KEYWORD_IF);
  add_keyword("else", KEYWORD_ELSE);
  add_keyword("while", KEYWORD_WHILE);
  add_keyword("do", KEYWORD_DO);
  add_keyword("for", KEYWORD_FOR);
  add_keyword("switch", KEYWORD_SWITCH);
  add_keyword("case", KEYWORD_CASE);
  add_keyword("default", KEYWORD_DEFAULT);
  add_keyword("break", KEYWORD_BREAK);
  add_keyword("continue", KEYWORD_CONTINUE);
  add_keyword("goto", KEYWORD_GOTO);
  add_keyword("return", KEYWORD_RETURN);
  add_keyword("asm", KEYWORD_ASM);
  add_keyword("__asm__", KEYWORD_ASM);
  add_keyword("__asm", KEYWORD_ASM);
  add_keyword("_Static_assert", KEYWORD_STATIC_ASSERT);
}

void add_expression_keywords() {
  add_keyword("sizeof", KEYWORD_SIZEOF);
  add_keyword("_Alignof", KEYWORD_ALIGNOF);
  add_keyword("__alignof__", KEYWORD_ALIGNOF);
  add_keyword("__func__", KEYWORD_FUNCTION_NAME);
  add_keyword("__FUNCTION__", KEYWORD_FUNCTION_NAME);
  add_keyword("__builtin_offsetof", KEYWORD_OFFSETOF);
  add_keyword("__builtin_va_start", KEYWORD_VA_START);
  add_keyword("__builtin_va_arg", KEYWORD_VA_ARG);
  add_keyword("__builtin_va_end", KEYWORD_VA_END);
  add_keyword("__builtin_va_copy", KEYWORD_VA_COPY);
  add_keyword("__builtin_syscall", KEYWORD_SYSCALL);
  add_keyword("__builtin_setjmp", KEYWORD_SETJMP);
  add_keyword("__builtin_longjmp", KEYWORD_LONGJMP);
  add_keyword("__builtin_alloca", KEYWORD_ALLOCA);
  add_keyword("__builtin_expect", KEYWORD_EXPECT);
}

void init_keywords() {
  add_specifier_keywords();
  add_statement_keywords();
  add_expression_keywords();
}

// Whether the token begins a declaration or a type name.
long begins_type(struct Token *candidate) {
  long keyword = keyword_of(candidate);
  if (keyword != KEYWORD_NONE)
    return keyword < KEYWORD_LAST_SPECIFIER;
  if (candidate->kind != T_IDENTIFIER)
    return 0;
  struct Symbol *symbol = find_symbol(candidate->text, SPACE_ORDINARY);
  return symbol && symbol->kind == SYMBOL_TYPEDEF;
}

// The name at the current token, which must be an identifier.
char *expect_name(char *message) {
  char *name = token->text;
  if (token->kind != T_IDENTIFIER || keyword_of(token) != KEYWORD_NONE)
    fail(token, message);
  advance();
  return name;
}
