// preprocessor.c: the outside of the preprocessor: translation units, predefined
// macros, and translation phases 5 and 6 on the tokens that come out.

// ---- Macros that every unit begins with.  They are text, as if written in a
// file that each unit includes first.

struct Buffer *predefined;

void predefine(char *name_and_text) {
  append_text(predefined, "#define ");
  append_text(predefined, name_and_text);
  append_byte(predefined, '\n');
}

void predefine_target(void) {
  predefine("__x86_64__ 1");
  predefine("__x86_64 1");
  predefine("__amd64__ 1");
  predefine("__amd64 1");
  predefine("__linux__ 1");
  predefine("__linux 1");
  predefine("__unix__ 1");
  predefine("__unix 1");
  predefine("__ELF__ 1");
  predefine("__LP64__ 1");
  predefine("_LP64 1");
  predefine("__CHAR_BIT__ 8");
  predefine("__ORDER_LITTLE_ENDIAN__ 1234");
  predefine("__ORDER_BIG_ENDIAN__ 4321");
  predefine("__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__");
  predefine("__SIZEOF_SHORT__ 2");
  predefine("__SIZEOF_INT__ 4");
  predefine("__SIZEOF_LONG__ 8");
  predefine("__SIZEOF_LONG_LONG__ 8");
  predefine("__SIZEOF_POINTER__ 8");
  predefine("__SIZEOF_SIZE_T__ 8");
  predefine("__SIZEOF_FLOAT__ 4");
  predefine("__SIZEOF_DOUBLE__ 8");
  predefine("__SIZEOF_LONG_DOUBLE__ 16");
}

void predefine_types(void) {
  predefine("__SIZE_TYPE__ unsigned long");
  predefine("__PTRDIFF_TYPE__ long");
  predefine("__WCHAR_TYPE__ int");
  predefine("__WINT_TYPE__ unsigned int");
  predefine("__INTMAX_TYPE__ long");
  predefine("__UINTMAX_TYPE__ unsigned long");
  predefine("__INTPTR_TYPE__ long");
  predefine("__UINTPTR_TYPE__ unsigned long");
  predefine("__SCHAR_MAX__ 127");
  predefine("__SHRT_MAX__ 32767");
  predefine("__INT_MAX__ 2147483647");
  predefine("__LONG_MAX__ 9223372036854775807L");
  predefine("__LONG_LONG_MAX__ 9223372036854775807LL");
}

// The date is fixed: what the compiler writes depends on its input alone.
void predefine_language(void) {
  predefine("__STDC__ 1");
  predefine("__STDC_VERSION__ 199901L");
  predefine("__STDC_HOSTED__ 1");
  predefine("__SNOWGUARD_CC__ 1");
  predefine("__DATE__ \"Jan  1 1970\"");
  predefine("__TIME__ \"00:00:00\"");
}

void prepare_preprocessor(void) {
  if (predefined)
    return;
  predefined = new_buffer();
  prepare_lexer();
  prepare_directives();
  predefine_target();
  predefine_types();
  predefine_language();
}

// NAME or NAME=VALUE.
void add_command_line_macro(char *text) {
  prepare_preprocessor();
  char *p = end_of_name(text);
  append_text(predefined, "#define ");
  append_bytes(predefined, text, p - text);
  append_byte(predefined, ' ');
  if (*p == 0)
    append_byte(predefined, '1');
  else if (*p == '=' && p > text)
    append_text(predefined, p + 1);
  else
    fail_name(0, "not NAME or NAME=VALUE", text);
  append_byte(predefined, '\n');
}

struct File *predefined_file(void) {
  struct Buffer *copy = new_buffer();
  struct File *file = (struct File *)allocate(sizeof(struct File));
  append_bytes(copy, predefined->bytes, predefined->length);
  file->path = "command line";
  clean_file(file, copy);
  return file;
}

// ---- Translation units

struct Token *waiting_token;        // read already, to see whether it is another string

void forget_macros(void) {
  struct Macro *macro;
  for (macro = all_macros; macro; macro = macro->next)
    name_of(macro->name)->macro = 0;
  all_macros = 0;
}

void preprocess_file(char *path) {
  prepare_preprocessor();
  forget_macros();
  struct File *file = find_file(intern_text(path));
  if (file == 0)
    fail_name(0, "cannot read", path);
  context = 0;
  pending_space = 0;
  in_directive = 0;
  counter = 0;
  pushed_macros = 0;
  waiting_token = 0;
  end_token = new_token(T_END, "", 0);
  unit_number++;
  define_builtin("__FILE__", MACRO_FILE);
  define_builtin("__LINE__", MACRO_LINE);
  define_builtin("__COUNTER__", MACRO_COUNTER);
  define_builtin("_Pragma", MACRO_PRAGMA);
  source = open_source(file, 0);
  found_directory = 0;
  enter_file(predefined_file());
}

// ---- The last phases

// Strings that follow each other are one; it is wide if one of them is.
struct Token *join_strings(struct Token *first) {
  struct List *strings = new_list();
  struct Token *token = first;
  long wide = 0;
  while (token->kind == T_STRING) {
    wide = wide || is_wide(token);
    append(strings, token);
    token = expanded_token();
  }
  waiting_token = token;
  struct Buffer *bytes = new_buffer();
  for (token = first; token; token = token->next)
    append_string(bytes, token, wide);
  struct Token *joined = copy_token(first);
  joined->length = bytes->length;
  append_little_endian(bytes, 0, 4);
  joined->text = bytes->bytes;
  joined->flags = 0;
  if (wide)
    joined->flags = STR_WIDE;
  return joined;
}

struct Token *next_token(void) {
  struct Token *token = waiting_token;
  waiting_token = 0;
  if (token == 0)
    token = expanded_token();
  if (token->kind == T_STRING)
    return join_strings(token);
  if (token->kind == T_NUMBER)
    convert_number(token);
  else if (token->kind == T_CHARACTER)
    convert_character(token);
  else if (token->kind == T_OTHER && (*token->text == '"' || *token->text == '\'' || *token->text == 'L'))
    fail(token, "the closing quote is missing");
  else if (token->kind == T_OTHER)
    fail_name(token, "this character means nothing in C", token->text);
  return token;
}

// For -E: the spellings, one blank apart, with the lines of the source.
struct Buffer *print_preprocessed(void) {
  struct Buffer *out = new_buffer();
  struct Token *token = expanded_token();
  while (token->kind != T_END) {
    if (out->length && (token->flags & TOKEN_LINE_START))
      append_byte(out, '\n');
    else if (out->length)
      append_byte(out, ' ');
    append_bytes(out, token->text, token->length);
    token = expanded_token();
  }
  append_byte(out, '\n');
  return out;
}
