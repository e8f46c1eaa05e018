// macros.c: expansion of macros.
//
// Tokens come from the innermost context: a list that some expansion has
// produced; when it is used up, from the one around it; at last from the file.
// So the result of an expansion is scanned again together with what follows it.
// While the context of a macro is on this stack the macro is disabled, and its
// name, met then, stays as it is for ever (C99 6.10.3.4).

struct Context {
  struct Token *next;         // what is still to be read
  struct Macro *macro;        // whose expansion this is, or 0
  long barrier;               // reading ends here: nothing from outside may follow
  struct Context *outer;
};

struct Context *context;

// White space that stood before something that has expanded to nothing.
long pending_space;

struct Token *end_token;      // what reading gives at a barrier

long counter;                 // __COUNTER__
long expansion_depth;

enum { MOST_EXPANSION_DEPTH = 2000 };

// ---- Lists of tokens

struct List {
  struct Token *first;
  struct Token *last;
};

struct List *new_list(void) {
  return (struct List *)allocate(sizeof(struct List));
}

void append(struct List *list, struct Token *token) {
  token->next = 0;
  if (list->last)
    list->last->next = token;
  else
    list->first = token;
  list->last = token;
}

void append_copies(struct List *list, struct Token *token) {
  while (token) {
    append(list, copy_token(token));
    token = token->next;
  }
}

// An empty place, for ## and for the white space before it.
void append_placemarker(struct List *list, long flags) {
  struct Token *marker = new_token(T_PLACEMARKER, "", 0);
  marker->flags = flags;
  append(list, marker);
}

// ---- Contexts

void push_context(struct Token *tokens, struct Macro *macro, long barrier) {
  struct Context *inner = (struct Context *)allocate(sizeof(struct Context));
  inner->next = tokens;
  inner->macro = macro;
  inner->barrier = barrier;
  inner->outer = context;
  if (macro)
    macro->disabled = macro->disabled + 1;
  context = inner;
}

void pop_context(void) {
  if (context->macro)
    context->macro->disabled = context->macro->disabled - 1;
  context = context->outer;
}

struct Token *file_token(void);
struct Token *expanded_token(void);

// Takes the next token from the innermost context that has one, or from the file.
struct Token *take_token(void) {
  while (context && context->next == 0) {
    if (context->barrier)
      return end_token;
    pop_context();
  }
  if (context == 0)
    return file_token();
  struct Token *token = context->next;
  context->next = token->next;
  return token;
}

// The next token, macros not expanded.
struct Token *raw_token(void) {
  struct Token *token = take_token();
  while (token->kind == T_PLACEMARKER) {    // nothing is left of it but its white space
    pending_space = pending_space | (token->flags & TOKEN_SPACE);
    token = take_token();
  }
  if (token->kind == T_END)
    return token;
  token->flags = token->flags | pending_space;
  pending_space = 0;
  if (token->kind == T_IDENTIFIER) {
    struct Macro *macro = name_of(token->text)->macro;
    if (macro && macro->disabled)
      token->flags = token->flags | TOKEN_NO_EXPAND;
  }
  return token;
}

// The list with everything in it expanded, and nothing from outside.
struct Token *expand_list(struct Token *tokens) {
  struct List *result = new_list();
  long outer_space = pending_space;
  pending_space = 0;
  push_context(tokens, 0, 1);
  struct Token *token = expanded_token();
  while (token->kind != T_END) {
    append(result, token);
    token = expanded_token();
  }
  if (pending_space)
    append_placemarker(result, pending_space);
  pop_context();
  pending_space = outer_space;
  return result->first;
}

// ---- Arguments

struct Argument {
  struct List *raw;
  struct Token *expanded;
  long is_expanded;           // computed when it is first wanted
};

struct Argument **new_arguments(long n) {
  struct Argument **arguments = (struct Argument **)allocate((n + 1) * sizeof(char *));
  long i;
  for (i = 0; i <= n; i++) {
    arguments[i] = (struct Argument *)allocate(sizeof(struct Argument));
    arguments[i]->raw = new_list();
  }
  return arguments;
}

struct Token *expanded_argument(struct Argument *argument) {
  if (!argument->is_expanded) {
    struct List *copy = new_list();
    append_copies(copy, argument->raw->first);
    argument->expanded = expand_list(copy->first);
    argument->is_expanded = 1;
  }
  return argument->expanded;
}

// Is the next token a left parenthesis?  If so it is taken.
long take_parenthesis(void) {
  struct Token *token = raw_token();
  if (token->kind == T_LEFT_PARENTHESIS)
    return 1;
  if (token->kind != T_END) {
    token->next = 0;
    push_context(token, 0, 0);
  }
  return 0;
}

long argument_count;          // of the last call: 0 if there is nothing between its parentheses

// Reads the arguments of a call, from behind its "(" to its ")".
struct Argument **read_arguments(struct Macro *macro, struct Token *name) {
  struct Argument **arguments = new_arguments(macro->parameters);
  long n = 0;
  long open = 1;
  while (1) {
    struct Token *token = raw_token();
    if (token->kind == T_END)
      fail_name(name, "arguments of macro are not closed", macro->name);
    if (token->kind == T_LEFT_PARENTHESIS)
      open++;
    if (token->kind == T_RIGHT_PARENTHESIS && --open == 0)
      break;
    if (token->kind == T_COMMA && open == 1 && !(macro->variadic && n == macro->parameters - 1)) {
      n++;
      if (n >= macro->parameters)
        fail_name(name, "too many arguments for macro", macro->name);
    } else {
      token->flags = token->flags & ~TOKEN_LINE_START;
      append(arguments[n]->raw, token);
    }
  }
  argument_count = n + 1;
  if (n == 0 && arguments[0]->raw->first == 0)
    argument_count = 0;
  return arguments;
}

void check_arguments(struct Macro *macro, struct Argument **arguments, struct Token *name) {
  long least = macro->parameters - macro->variadic;
  if (macro->parameters == 0 && argument_count > 0)
    fail_name(name, "too many arguments for macro", macro->name);
  if (argument_count < least && !(argument_count == 0 && least == 1))
    fail_name(name, "too few arguments for macro", macro->name);
}

// ---- # and ##

void append_escaped(struct Buffer *out, struct Token *token) {
  long i;
  for (i = 0; i < token->length; i++) {
    if (token->text[i] == '"' || token->text[i] == '\\')
      append_byte(out, '\\');
    append_byte(out, token->text[i]);
  }
}

// #argument: a string with its spelling.
struct Token *stringize(struct Token *operator, struct Token *argument) {
  struct Buffer *out = new_buffer();
  struct Token *token;
  append_byte(out, '"');
  for (token = argument; token; token = token->next) {
    if (token != argument && (token->flags & TOKEN_SPACE))
      append_byte(out, ' ');
    if (token->kind == T_STRING || token->kind == T_CHARACTER)
      append_escaped(out, token);
    else
      append_bytes(out, token->text, token->length);
  }
  append_byte(out, '"');
  finish_text(out);
  struct Token *string = copy_token(operator);
  string->kind = T_STRING;
  string->text = out->bytes;
  string->length = out->length;
  return string;
}

// left##right: one token of both spellings.
struct Token *paste(struct Token *left, struct Token *right) {
  if (right->kind == T_PLACEMARKER)
    return left;
  if (left->kind == T_PLACEMARKER) {
    right->flags = (right->flags & ~TOKEN_SPACE) | (left->flags & TOKEN_SPACE);
    return right;
  }
  struct Buffer *both = new_buffer();
  append_bytes(both, left->text, left->length);
  append_bytes(both, right->text, right->length);
  finish_text(both);
  struct Token *pasted = lex_token(both->bytes);
  if (pasted->length != both->length || pasted->kind == T_OTHER)
    fail_name(left, "## makes no token", both->bytes);
  pasted->flags = left->flags & ~TOKEN_NO_EXPAND;
  pasted->file = left->file;
  pasted->line = left->line;
  return pasted;
}

// Applies all ## of a list, from left to right.
struct Token *paste_list(struct Token *token) {
  struct List *result = new_list();
  while (token) {
    struct Token *next = token->next;
    while (next && next->kind == T_PASTE) {
      struct Token *right = next->next;
      next = right->next;
      token = paste(token, right);
    }
    append(result, token);
    token = next;
  }
  return result->first;
}

// ---- Substitution

// Appends the tokens that stand for a parameter.  The first one takes over the
// white space before the parameter, but behind ## it keeps its own.
void append_argument(struct List *result, struct Token *parameter, struct Token *tokens, long keep_space) {
  if (tokens == 0) {
    append_placemarker(result, parameter->flags & TOKEN_SPACE);
    return;
  }
  struct Token *first = copy_token(tokens);
  if (!keep_space)
    first->flags = (first->flags & ~TOKEN_SPACE) | (parameter->flags & TOKEN_SPACE);
  append(result, first);
  append_copies(result, tokens->next);
}

// GNU's ", ## __VA_ARGS__": without variable arguments the comma goes too.
// An empty one counts as none only where it is the only parameter.
long drops_comma(struct Macro *macro, struct Argument **arguments) {
  return argument_count < macro->parameters || (macro->parameters == 1 && arguments[0]->raw->first == 0);
}

// Is this ## between a comma and the variable parameter?
long is_comma_paste(struct Macro *macro, struct Token *before, struct Token *operator) {
  struct Token *right = operator->next;
  return macro->variadic && before && before->kind == T_COMMA
      && right->kind == T_PARAMETER && right->value == macro->parameters - 1;
}

// Copies of the tokens of a body.  They get the place of the macro's name: there
// the reader of a message will look.
struct Token *place_body(struct Token *body, struct Token *name) {
  struct List *copies = new_list();
  append_copies(copies, body);
  struct Token *token;
  for (token = copies->first; token; token = token->next) {
    token->file = name->file;
    token->line = name->line;
  }
  return copies->first;
}

// The body with its parameters replaced.
struct Token *substitute(struct Macro *macro, struct Argument **arguments, struct Token *name) {
  struct List *result = new_list();
  struct Token *before = 0;
  struct Token *token = place_body(macro->body, name);
  long comma_dropped = drops_comma(macro, arguments);
  while (token) {
    struct Token *next = token->next;
    long behind_paste = before && before->kind == T_PASTE;
    if (token->kind == T_PARAMETER && (behind_paste || (next && next->kind == T_PASTE))) {
      append_argument(result, token, arguments[token->value]->raw->first, behind_paste);
    } else if (token->kind == T_PARAMETER) {
      append_argument(result, token, expanded_argument(arguments[token->value]), 0);
    } else if (token->kind == T_STRINGIZE) {
      append(result, stringize(token, arguments[token->value]->raw->first));
    } else if (comma_dropped && next && next->kind == T_PASTE && is_comma_paste(macro, token, next)) {
      token->kind = T_PLACEMARKER;
      append(result, token);
    } else if (token->kind != T_PASTE || !is_comma_paste(macro, before, token)) {
      append(result, token);
    }
    before = token;
    token = next;
  }
  return paste_list(result->first);
}

// ---- One expansion

// Starts reading the tokens as what the macro's name stands for.
void enter_expansion(struct Macro *macro, struct Token *name, struct Token *tokens) {
  long before = name->flags & (TOKEN_SPACE | TOKEN_LINE_START);
  if (tokens)
    tokens->flags = (tokens->flags & ~TOKEN_SPACE) | before | TOKEN_OUTER_SPACE;
  else
    pending_space = pending_space | before;
  push_context(tokens, macro, 0);
}

struct Token *number_token(long number) {
  struct Buffer *out = new_buffer();
  append_decimal(out, number);
  finish_text(out);
  return new_token(T_NUMBER, out->bytes, out->length);
}

struct Token *file_name_token(char *name) {
  struct Token *plain = new_token(T_STRING, name, text_length(name));
  struct Buffer *out = new_buffer();
  append_byte(out, '"');
  append_escaped(out, plain);
  append_byte(out, '"');
  finish_text(out);
  return new_token(T_STRING, out->bytes, out->length);
}

// _Pragma("…") has no meaning here.
void skip_pragma_operator(struct Token *name) {
  if (!take_parenthesis() || raw_token()->kind != T_STRING || raw_token()->kind != T_RIGHT_PARENTHESIS)
    fail(name, "_Pragma wants a string in parentheses");
}

// Macros whose text depends on where they are used.
void expand_builtin(struct Macro *macro, struct Token *name) {
  struct Token *token = 0;
  if (macro->kind == MACRO_FILE)
    token = file_name_token(name->file);
  else if (macro->kind == MACRO_LINE)
    token = number_token(name->line);
  else if (macro->kind == MACRO_COUNTER)
    token = number_token(counter++);
  else
    skip_pragma_operator(name);
  enter_expansion(macro, name, place_body(token, name));
}

// Expands the macro that `name` names; 0 if it is none here, because it wants
// arguments and there are none.
long expand(struct Macro *macro, struct Token *name) {
  if (macro->kind != MACRO_PLAIN) {
    expand_builtin(macro, name);
    return 1;
  }
  if (!macro->function_like) {
    enter_expansion(macro, name, paste_list(place_body(macro->body, name)));
    return 1;
  }
  if (!take_parenthesis())
    return 0;
  struct Argument **arguments = read_arguments(macro, name);
  check_arguments(macro, arguments, name);
  if (++expansion_depth > MOST_EXPANSION_DEPTH)
    fail_name(name, "macro calls are nested too deeply", macro->name);
  enter_expansion(macro, name, substitute(macro, arguments, name));
  expansion_depth--;
  return 1;
}

// The next token, macros expanded.
struct Token *expanded_token(void) {
  while (1) {
    struct Token *token = raw_token();
    if (token->kind != T_IDENTIFIER || (token->flags & TOKEN_NO_EXPAND))
      return token;
    struct Macro *macro = name_of(token->text)->macro;
    if (macro == 0 || !expand(macro, token))
      return token;
  }
}
