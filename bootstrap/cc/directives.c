// directives.c: the lines that begin with #, and the files they open.

// A conditional group that is open: from #if to #endif.
struct Conditional {
  struct Token *place;        // of its #if
  long taken;                 // one of its groups has been, or is being read
  long seen_else;
  long is_guard;              // see "Include guards"
  struct Conditional *outer;
};

// Include guards.  A file that has nothing outside of one #ifndef … #endif need
// not even be opened again while the name is defined.  Each source goes through
// these states; if it ends in GUARD_CLOSED, the file has such a guard.
enum {
  GUARD_START,                // nothing has been seen yet
  GUARD_OPEN,                 // the file begins with #ifndef, and we are inside
  GUARD_CLOSED,               // its #endif has been seen
  GUARD_NONE                  // something stands outside
};

enum { MOST_INCLUDE_DEPTH = 200 };

struct Source *source;        // the file that is being read

struct IncludeDir {
  char *path;
  struct IncludeDir *next;
};

struct IncludeDir *include_dirs;

struct Macro *all_macros;     // of this translation unit
long unit_number;             // counts translation units from 1

// The names of directives, interned.
char *name_define;
char *name_undef;
char *name_include;
char *name_include_next;
char *name_if;
char *name_ifdef;
char *name_ifndef;
char *name_elif;
char *name_else;
char *name_endif;
char *name_line;
char *name_error;
char *name_warning;
char *name_pragma;
char *name_ident;
char *name_defined;
char *name_va_args;

void prepare_directives(void) {
  name_define = intern_text("define");
  name_undef = intern_text("undef");
  name_include = intern_text("include");
  name_include_next = intern_text("include_next");
  name_if = intern_text("if");
  name_ifdef = intern_text("ifdef");
  name_ifndef = intern_text("ifndef");
  name_elif = intern_text("elif");
  name_else = intern_text("else");
  name_endif = intern_text("endif");
  name_line = intern_text("line");
  name_error = intern_text("error");
  name_warning = intern_text("warning");
  name_pragma = intern_text("pragma");
  name_ident = intern_text("ident");
  name_defined = intern_text("defined");
  name_va_args = intern_text("__VA_ARGS__");
}

// ---- Reading the line of a directive

// What is left of the line, as a list.
struct List *line_tokens(void) {
  struct List *line = new_list();
  struct Token *token = lex(source);
  while (token->kind != T_NEWLINE && token->kind != T_END) {
    append(line, token);
    token = lex(source);
  }
  return line;
}

struct Token *macro_name(void) {
  struct Token *name = lex(source);
  if (name->kind != T_IDENTIFIER)
    fail(name, "name of a macro expected");
  if (name->text == name_defined)
    fail(name, "defined cannot be a macro");
  return name;
}

// To the end of the line, whatever stands there; comments may go on to the next
// line.  A quote that is not closed swallows the rest of its line.
void skip_text(void) {
  char *p = source->at;
  while (*p != '\n' && *p) {
    if (*p == '/' && p[1] == '*') {
      source->at = p + 2;
      skip_block_comment(source);
      p = source->at;
    } else if (*p == '/' && p[1] == '/') {
      p = end_of_line(p);
    } else if (*p == '"' || *p == '\'') {
      char *end = end_of_quoted(p);
      if (end == 0)
        end = end_of_line(p);
      p = end;
    } else {
      p++;
    }
  }
  source->at = p;
}

// ---- #define and #undef

void remove_macro(char *name) {
  name_of(name)->macro = 0;
}

long same_token(struct Token *a, struct Token *b) {
  return a->kind == b->kind && text_equal(a->text, b->text)
      && (a->flags & TOKEN_SPACE) == (b->flags & TOKEN_SPACE);
}

long same_list(struct Token *a, struct Token *b) {
  while (a && b && same_token(a, b)) {
    a = a->next;
    b = b->next;
  }
  return a == 0 && b == 0;
}

long same_macro(struct Macro *a, struct Macro *b) {
  return a->kind == b->kind && a->function_like == b->function_like && a->variadic == b->variadic
      && same_list(a->names, b->names) && same_list(a->body, b->body);
}

struct Macro *new_macro(char *name) {
  struct Macro *macro = (struct Macro *)allocate(sizeof(struct Macro));
  macro->name = name;
  macro->next = all_macros;
  all_macros = macro;
  return macro;
}

// The number of the parameter a token names, or -1.
long parameter_number(struct Macro *macro, struct Token *token) {
  struct Token *name;
  long number = 0;
  if (token->kind != T_IDENTIFIER)
    return -1;
  for (name = macro->names; name; name = name->next) {
    if (name->text == token->text)
      return number;
    number++;
  }
  return -1;
}

// Reads one parameter, from its first token on; gives the token behind it.
struct Token *read_parameter(struct Macro *macro, struct List *names, struct Token *token) {
  struct Token *after;
  if (token->kind == T_ELLIPSIS) {
    token->kind = T_IDENTIFIER;
    token->text = name_va_args;
    macro->variadic = 1;
    after = lex(source);
  } else {
    if (token->kind != T_IDENTIFIER || token->text == name_va_args)
      fail(token, "name of a parameter expected");
    if (parameter_number(macro, token) >= 0)
      fail_name(token, "two parameters have the same name", token->text);
    after = lex(source);
    if (after->kind == T_ELLIPSIS) {        // GNU's "name..."
      macro->variadic = 1;
      after = lex(source);
    }
  }
  token->flags = 0;
  append(names, token);
  macro->names = names->first;
  macro->parameters = macro->parameters + 1;
  return after;
}

void read_parameters(struct Macro *macro) {
  struct List *names = new_list();
  struct Token *token = lex(source);
  if (token->kind == T_RIGHT_PARENTHESIS)
    return;
  while (1) {
    token = read_parameter(macro, names, token);
    if (token->kind == T_RIGHT_PARENTHESIS)
      return;
    if (token->kind != T_COMMA || macro->variadic)
      fail(token, "parameters of a macro: , or ) expected");
    token = lex(source);
  }
}

// Marks parameters, # and ## in the body.  # and its parameter become one token.
struct Token *mark_body(struct Macro *macro, struct Token *token) {
  struct List *body = new_list();
  while (token) {
    struct Token *next = token->next;
    long number = parameter_number(macro, token);
    if (number >= 0) {
      token->kind = T_PARAMETER;
      token->value = number;
    } else if (token->kind == T_HASH_HASH) {
      token->kind = T_PASTE;
      if (body->first == 0 || next == 0)
        fail(token, "## at an end of the text of a macro");
    } else if (token->kind == T_HASH && macro->function_like) {
      if (next == 0 || parameter_number(macro, next) < 0)
        fail(token, "# is not followed by a parameter");
      token->kind = T_STRINGIZE;
      token->value = parameter_number(macro, next);
      token->text = next->text;             // tells it from # of another parameter
      token->length = next->length;
      next = next->next;
    } else if (token->text == name_va_args) {
      fail(token, "__VA_ARGS__ outside of a variadic macro");
    }
    append(body, token);
    token = next;
  }
  return body->first;
}

void define_directive(void) {
  struct Token *name = macro_name();
  struct Macro *macro = new_macro(name->text);
  struct Macro *earlier = name_of(name->text)->macro;
  if (*source->at == '(') {                 // only without white space before it
    source->at = source->at + 1;
    macro->function_like = 1;
    read_parameters(macro);
  }
  struct Token *body = line_tokens()->first;
  if (body)
    body->flags = 0;
  macro->body = mark_body(macro, body);
  if (earlier && !same_macro(earlier, macro))
    warn(name, "macro is defined anew");
  name_of(name->text)->macro = macro;
}

void define_builtin(char *name, long kind) {
  struct Macro *macro = new_macro(intern_text(name));
  macro->kind = kind;
  name_of(macro->name)->macro = macro;
}

// ---- #include

void add_include_dir(char *dir) {
  struct IncludeDir *new = (struct IncludeDir *)allocate(sizeof(struct IncludeDir));
  new->path = dir;
  if (include_dirs == 0) {
    include_dirs = new;
    return;
  }
  struct IncludeDir *last = include_dirs;
  while (last->next)
    last = last->next;
  last->next = new;
}

// The file NAME in the folder that is the first `length` bytes of `path`.
struct File *find_in(char *path, long length, char *name) {
  struct Buffer *whole = new_buffer();
  append_bytes(whole, path, length);
  if (length && path[length - 1] != '/')
    append_byte(whole, '/');
  append_text(whole, name);
  return find_file(intern(whole->bytes, whole->length));
}

// The length of the folder's part of a path, its last slash included.
long folder_length(char *path) {
  long n = text_length(path);
  while (n > 0 && path[n - 1] != '/')
    n--;
  return n;
}

long found_directory;         // number of the include folder where find_include found it

// quoted: look beside the file itself first.  skip: so many folders are passed over.
struct File *find_include(char *name, long quoted, long skip) {
  struct IncludeDir *dir;
  struct File *file = 0;
  found_directory = 0;
  if (*name == '/')
    return find_file(intern_text(name));
  if (quoted)
    file = find_in(source->file->path, folder_length(source->file->path), name);
  for (dir = include_dirs; dir && file == 0; dir = dir->next) {
    found_directory++;
    if (found_directory > skip)
      file = find_in(dir->path, text_length(dir->path), name);
  }
  return file;
}

// The name between < and > that macros have produced: the spellings of its tokens.
// White space between them counts, but not that before the name of a macro.
char *spell_header_name(struct Token *place, struct Token *token) {
  struct Buffer *name = new_buffer();
  while (token && token->kind != T_GREATER) {
    if (name->length && (token->flags & (TOKEN_SPACE | TOKEN_OUTER_SPACE)) == TOKEN_SPACE)
      append_byte(name, ' ');
    append_bytes(name, token->text, token->length);
    token = token->next;
  }
  if (token == 0)
    fail(place, "#include wants \"name\" or <name>");
  return finish_text(name);
}

long header_is_quoted;

char *computed_header_name(struct Token *place) {
  struct Token *token = expand_list(line_tokens()->first);
  if (token && token->kind == T_STRING && *token->text == '"') {
    header_is_quoted = 1;
    return copy_text(token->text + 1, token->length - 2);
  }
  if (token == 0 || token->kind != T_LESS)
    fail(place, "#include wants \"name\" or <name>");
  return spell_header_name(place, token->next);
}

// The name of the header; not a token like others: in <a//b'c> nothing is a
// comment or a character.
char *header_name(struct Token *place) {
  skip_blanks(source);
  char *start = source->at + 1;
  long close = '>';
  header_is_quoted = *source->at == '"';
  if (header_is_quoted)
    close = '"';
  else if (*source->at != '<')
    return computed_header_name(place);
  char *end = start;
  while (*end != close && *end != '\n' && *end)
    end++;
  if (*end != close)
    fail(place, "#include wants \"name\" or <name>");
  source->at = end + 1;
  skip_text();
  return copy_text(start, end - start);
}

void enter_file(struct File *file) {
  struct Source *inner = open_source(file, source);
  inner->directory = found_directory;
  source = inner;
}

void include_directive(struct Token *place, long next_only) {
  char *name = header_name(place);
  long skip = 0;
  if (next_only) {
    skip = source->directory;
    header_is_quoted = 0;
  }
  struct File *file = find_include(name, header_is_quoted, skip);
  if (file == 0)
    fail_name(place, "file not found", name);
  if (file->once == unit_number || (file->guard && name_of(file->guard)->macro))
    return;
  if (source->depth >= MOST_INCLUDE_DEPTH)
    fail_name(place, "files include each other too deeply", name);
  enter_file(file);
}

// ---- Conditionals

void open_conditional(struct Token *place, long holds, long is_guard) {
  struct Conditional *new = (struct Conditional *)allocate(sizeof(struct Conditional));
  new->place = place;
  new->taken = holds;
  new->is_guard = is_guard;
  new->outer = source->conditional;
  source->conditional = new;
}

void close_conditional(struct Token *place) {
  if (source->conditional == 0)
    fail(place, "#endif without #if");
  if (source->conditional->is_guard && source->guard_state == GUARD_OPEN)
    source->guard_state = GUARD_CLOSED;
  source->conditional = source->conditional->outer;
}

// #elif or #else: does its group have to be read?
long alternative_holds(struct Token *place) {
  struct Conditional *conditional = source->conditional;
  if (conditional == 0)
    fail_name(place, "no #if stands before this directive", place->text);
  if (conditional->seen_else)
    fail_name(place, "this directive stands behind #else", place->text);
  if (conditional->is_guard)
    source->guard_state = GUARD_NONE;
  if (place->text == name_else)
    conditional->seen_else = 1;
  if (conditional->taken)
    return 0;
  conditional->taken = place->text == name_else || condition_holds(place, line_tokens()->first);
  return conditional->taken;
}

// The directive at the beginning of this line, or 0 if the line is another one.
struct Token *directive_of_line(void) {
  in_directive = 0;
  skip_blanks(source);
  in_directive = 1;
  if (*source->at == 0)
    fail(source->conditional->place, "#if without #endif");
  if (*source->at != '#' && *source->at != '%')
    return 0;
  struct Token *hash = lex(source);
  if (hash->kind != T_HASH)
    return 0;
  struct Token *name = lex(source);
  if (name->kind != T_IDENTIFIER)
    return 0;
  return name;
}

long is_if(char *name) {
  return name == name_if || name == name_ifdef || name == name_ifndef;
}

// Passes over groups whose condition is false, up to the line that ends them.
// Their text need not be C; only comments, quotes and nested conditionals count.
void skip_group(void) {
  long depth = 0;
  long skipping = 1;
  while (skipping) {
    skip_text();
    struct Token *directive = directive_of_line();
    if (directive == 0)
      continue;
    if (is_if(directive->text)) {
      depth++;
    } else if (directive->text == name_endif) {
      if (depth == 0) {
        close_conditional(directive);
        skipping = 0;
      }
      depth--;
    } else if (depth == 0 && (directive->text == name_elif || directive->text == name_else)) {
      skipping = !alternative_holds(directive);
    }
  }
}

void if_directive(struct Token *place) {
  long is_guard = 0;
  long holds;
  if (place->text == name_if) {
    holds = condition_holds(place, line_tokens()->first);
  } else {
    struct Token *name = macro_name();
    holds = (name_of(name->text)->macro != 0) == (place->text == name_ifdef);
    is_guard = source->guard_state == GUARD_START && place->text == name_ifndef;
    if (is_guard)
      source->guard = name->text;
  }
  if (is_guard)
    source->guard_state = GUARD_OPEN;
  open_conditional(place, holds, is_guard);
  if (!holds)
    skip_group();
}

// ---- The rest of the directives

// The text of the line, for #error and #warning.
char *rest_of_line(void) {
  skip_blanks(source);
  char *start = source->at;
  char *end = end_of_line(start);
  while (end > start && (character_class[end[-1]] & CLASS_BLANK))
    end--;
  return copy_text(start, end - start);
}

// #line N "file": the next line has this number.  Also the form "# N "file" flags"
// that preprocessors write.
void line_directive(struct Token *place, struct Token *first) {
  struct Token *number = expand_list(first);
  if (number == 0 || number->kind != T_NUMBER)
    fail(place, "#line wants a number");
  long line = 0;
  char *p = number->text;
  while (*p) {
    if (!(character_class[*p] & CLASS_DIGIT) || line > 0x7fffffff)
      fail(place, "#line wants a number");
    line = line * 10 + *p++ - '0';
  }
  if (number->next && number->next->kind != T_STRING)
    fail(place, "#line wants the name of a file");
  if (number->next) {
    struct Buffer *name = new_buffer();
    append_string(name, number->next, 0);
    source->path = finish_text(name);
  }
  source->line = line - 1;
}

// The meaning a macro had, kept by #pragma push_macro("NAME").
struct PushedMacro {
  char *name;
  struct Macro *macro;        // 0: it was none
  struct PushedMacro *next;
};

struct PushedMacro *pushed_macros;

// The interned name in ("NAME").
char *pragma_name(struct Token *pragma) {
  struct Token *token = pragma->next;
  if (token == 0 || token->kind != T_LEFT_PARENTHESIS || token->next == 0 || token->next->kind != T_STRING)
    fail(pragma, "(\"NAME\") expected");
  return intern(token->next->text + 1, token->next->length - 2);
}

void push_macro(char *name) {
  struct PushedMacro *pushed = (struct PushedMacro *)allocate(sizeof(struct PushedMacro));
  pushed->name = name;
  pushed->macro = name_of(name)->macro;
  pushed->next = pushed_macros;
  pushed_macros = pushed;
}

// Back to the meaning pushed last; each is used once.
void pop_macro(char *name) {
  struct PushedMacro *pushed;
  for (pushed = pushed_macros; pushed; pushed = pushed->next)
    if (pushed->name == name) {
      pushed->name = 0;
      name_of(name)->macro = pushed->macro;
      return;
    }
}

// Pragmas we do not know may be passed over, but not one that would have changed
// what the program means.
void pragma_directive(void) {
  struct Token *token = line_tokens()->first;
  if (token == 0)
    return;
  if (text_equal(token->text, "once"))
    source->file->once = unit_number;
  if (text_equal(token->text, "push_macro"))
    push_macro(pragma_name(token));
  if (text_equal(token->text, "pop_macro"))
    pop_macro(pragma_name(token));
  if (text_equal(token->text, "pack"))
    fail(token, "#pragma pack would change the layout of structures; it is not supported");
}

// A conditional changes which lines are read; 0 if the directive is none.
long conditional_directive(struct Token *name) {
  if (is_if(name->text)) {
    if_directive(name);
  } else if (name->text == name_elif || name->text == name_else) {
    if (!alternative_holds(name))
      skip_group();
  } else if (name->text == name_endif) {
    close_conditional(name);
  } else {
    return 0;
  }
  return 1;
}

void named_directive(struct Token *name) {
  if (name->text == name_define)
    define_directive();
  else if (name->text == name_undef)
    remove_macro(macro_name()->text);
  else if (name->text == name_include)
    include_directive(name, 0);
  else if (name->text == name_include_next)
    include_directive(name, 1);
  else if (name->text == name_line)
    line_directive(name, line_tokens()->first);
  else if (name->text == name_error)
    fail_name(name, "#error", rest_of_line());
  else if (name->text == name_warning)
    warn(name, rest_of_line());
  else if (name->text == name_pragma)
    pragma_directive();
  else if (name->text != name_ident)
    fail_name(name, "unknown directive", name->text);
}

// Obeys the directive whose # has been read.
void directive(void) {
  struct Source *here = source;
  in_directive = 1;
  struct Token *name = lex(source);
  if (name->kind == T_NUMBER) {
    name->next = line_tokens()->first;
    line_directive(name, name);
  } else if (name->kind == T_IDENTIFIER) {
    if (source->guard_state == GUARD_CLOSED || (source->guard_state == GUARD_START && name->text != name_ifndef))
      source->guard_state = GUARD_NONE;
    if (!conditional_directive(name))
      named_directive(name);
  } else if (name->kind != T_NEWLINE && name->kind != T_END) {
    fail(name, "unknown directive");
  }
  if (here == source)         // else: the line of an #include has been read to its end
    skip_text();
  in_directive = 0;
}

// ---- The stream of tokens of a file and what it includes

void leave_file(void) {
  if (source->conditional)
    fail(source->conditional->place, "#if without #endif");
  if (source->guard_state == GUARD_CLOSED)
    source->file->guard = source->guard;
}

// The next token that is not a directive's; T_END at the end of the outermost file.
struct Token *file_token(void) {
  while (1) {
    struct Token *token = lex(source);
    if (token->kind == T_HASH && (token->flags & TOKEN_LINE_START)) {
      directive();
    } else if (token->kind == T_END) {
      leave_file();
      if (source->includer == 0)
        return token;
      source = source->includer;
    } else {
      if (source->guard_state != GUARD_OPEN)
        source->guard_state = GUARD_NONE;
      return token;
    }
  }
}
