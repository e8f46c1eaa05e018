// declarations.c: specifiers, declarators, structs and enums.

void parse_struct_members(struct Type *record);
struct Type *parse_declarator(struct Type *base);

// ---- Attributes ----

// What attributes said since clear_attributes(). All others are read over.
long attribute_packed;
long attribute_align;

void clear_attributes() {
  attribute_packed = 0;
  attribute_align = 0;
}

// Reads from ( to the ) that closes it.
void skip_parentheses() {
  long depth = 0;
  while (1) {
    if (token_is(T_END))
      fail(token, "unclosed parenthesis");
    if (token_is(T_LEFT_PARENTHESIS))
      depth++;
    if (token_is(T_RIGHT_PARENTHESIS))
      depth = depth - 1;
    advance();
    if (depth == 0)
      return;
  }
}

void parse_aligned() {
  long align = 16;
  if (accept(T_LEFT_PARENTHESIS)) {
    align = parse_constant("the alignment is not a constant");
    expect(T_RIGHT_PARENTHESIS, "expected ) after the alignment");
  }
  if (power_of_two(align) < 0 || align > 65536)
    fail(token, "not an alignment");
  attribute_align = align;
}

void parse_attribute() {
  char *name = token->text;
  advance();
  if (name == intern_text("packed") || name == intern_text("__packed__"))
    attribute_packed = 1;
  else if (name == intern_text("aligned") || name == intern_text("__aligned__"))
    parse_aligned();
  else if (token_is(T_LEFT_PARENTHESIS))
    skip_parentheses();
}

// Any number of __attribute__((...)), and asm("name") after a declarator.
void parse_attributes() {
  while (1) {
    if (accept_keyword(KEYWORD_ATTRIBUTE)) {
      expect(T_LEFT_PARENTHESIS, "expected (( after __attribute__");
      expect(T_LEFT_PARENTHESIS, "expected (( after __attribute__");
      while (token_is(T_IDENTIFIER) || token_is(T_COMMA)) {
        if (!accept(T_COMMA))
          parse_attribute();
      }
      expect(T_RIGHT_PARENTHESIS, "expected )) after the attributes");
      expect(T_RIGHT_PARENTHESIS, "expected )) after the attributes");
    } else if (keyword_of(token) == KEYWORD_QUALIFIER)
      advance();
    else
      return;
  }
}

// ---- Structs, unions, enums ----

// The symbol of the tag at the current token; made as a new incomplete type if IS_NEW says that
// a definition or a lone declaration follows, or if there is none yet.
struct Symbol *tag_symbol(char *name, long kind, long is_new, struct Token *place) {
  struct Symbol *symbol = find_symbol(name, SPACE_TAG);
  if (is_new)
    symbol = find_in_this_scope(name, SPACE_TAG);
  if (!symbol) {
    symbol = add_symbol(name, SPACE_TAG, SYMBOL_TAG, new_type(kind, UNKNOWN, 1));
    symbol->type->tag = name;
  }
  if (symbol->type->kind != kind)
    fail_name(place, "another kind of tag", name);
  return symbol;
}

struct Type *parse_record(long kind) {
  struct Token *place = token;
  struct Type *record;
  clear_attributes();
  parse_attributes();
  if (token_is(T_IDENTIFIER)) {
    char *name = expect_name("expected a tag");
    record = tag_symbol(name, kind, token_is(T_LEFT_BRACE) || token_is(T_SEMICOLON), place)->type;
  } else {
    if (!token_is(T_LEFT_BRACE))
      fail(token, "expected a tag or {");
    record = new_type(kind, UNKNOWN, 1);
  }
  long is_packed = attribute_packed;
  long align = attribute_align;
  if (!accept(T_LEFT_BRACE))
    return record;
  if (record->size != UNKNOWN || record->members)
    fail(place, "defined twice");
  parse_struct_members(record);
  clear_attributes();
  parse_attributes();
  is_packed = is_packed || attribute_packed;
  if (attribute_align > align)
    align = attribute_align;
  if (align == 0)
    align = 1;
  lay_out(record, is_packed, align, place);
  clear_attributes();
  return record;
}

void add_member(struct Type *record, struct Member *last, struct Member *member) {
  if (last)
    last->next = member;
  else
    record->members = member;
}

void check_member(struct Type *record, struct Member *member, struct Token *place) {
  if (member->name && find_member(record, member->name))
    fail_name(place, "member defined twice", member->name);
  if (member->type->kind == TYPE_FUNCTION)
    fail(place, "a function as member");
  if (!is_complete(member->type) && !(member->type->kind == TYPE_ARRAY && record->members))
    fail(place, "member of an incomplete type");
}

// : width
void parse_width(struct Member *member) {
  struct Token *place = token;
  advance();
  member->width = parse_constant("the width of a bit field is not a constant");
  if (!is_integer(member->type))
    fail(place, "a bit field must be an integer");
  long most = member->type->size * 8;
  if (member->type->kind == TYPE_BOOL)
    most = 1;
  if (member->width < 0 || member->width > most || (member->width == 0 && member->name))
    fail(place, "width of a bit field out of range");
}

char *declared_name;          // of the last declarator, or 0
struct Token *declared_at;

struct Member *parse_struct_declarator(struct Type *record, struct Type *base, long align) {
  struct Member *member = (struct Member *)allocate(sizeof(struct Member));
  struct Token *place = token;
  member->width = NOT_A_BIT_FIELD;
  clear_attributes();
  declared_name = 0;
  member->type = base;
  if (!token_is(T_COLON))
    member->type = parse_declarator(base);
  member->name = declared_name;
  if (token_is(T_COLON))
    parse_width(member);
  parse_attributes();
  member->align = align;
  if (attribute_align > align)
    member->align = attribute_align;
  if (!member->name && member->width == NOT_A_BIT_FIELD && !is_record(member->type))
    fail(place, "a member without a name");
  check_member(record, member, place);
  return member;
}

struct Specifiers {
  struct Type *type;
  long storage;               // KEYWORD_TYPEDEF, KEYWORD_EXTERN, KEYWORD_STATIC, or 0
  long is_inline;
  long align;
  // how often each word was there
  long longs;
  long is_signed;
  long is_unsigned;
  long word;                  // keyword of the basic type, or 0
};

struct Specifiers *parse_specifiers();

// The members up to and with }
void parse_struct_members(struct Type *record) {
  struct Member *last = 0;
  nest();
  while (!accept(T_RIGHT_BRACE)) {
    if (accept(T_SEMICOLON))
      continue;
    if (last && last->type->size == UNKNOWN)
      fail(token, "a member after a flexible array");
    struct Specifiers *specifiers = parse_specifiers();
    if (token_is(T_SEMICOLON) && !is_record(specifiers->type)) {
      advance();                                      // an enum among the members
      continue;
    }
    while (1) {
      struct Member *member;
      if (token_is(T_SEMICOLON)) {                          // an anonymous struct or union
        member = (struct Member *)allocate(sizeof(struct Member));
        member->type = specifiers->type;
        member->width = NOT_A_BIT_FIELD;
        check_member(record, member, token);
      } else
        member = parse_struct_declarator(record, specifiers->type, specifiers->align);
      add_member(record, last, member);
      last = member;
      if (!accept(T_COMMA))
        break;
    }
    expect(T_SEMICOLON, "expected ; after a member");
  }
  unnest();
}

// The enumerators; the result is whether one is negative.
long parse_enumerators() {
  long value = 0;
  long any_negative = 0;
  while (!accept(T_RIGHT_BRACE)) {
    struct Token *place = token;
    char *name = expect_name("expected the name of an enumeration constant");
    parse_attributes();
    if (accept(T_ASSIGN))
      value = parse_constant("the value of an enumeration constant is not a constant");
    if (find_in_this_scope(name, SPACE_ORDINARY))
      fail_name(place, "declared twice", name);
    if (value < -2147483648 || value > 0xffffffff)
      fail_name(place, "an enumeration constant of more than 32 bits", name);
    struct Type *type = type_int;
    if (value > 0x7fffffff)
      type = type_unsigned;
    add_symbol(name, SPACE_ORDINARY, SYMBOL_CONSTANT, type)->value = wrap(value, type);
    if (value < 0)
      any_negative = 1;
    value++;
    if (!accept(T_COMMA) && !token_is(T_RIGHT_BRACE))
      fail(token, "expected , or } after an enumeration constant");
  }
  return any_negative;
}

// An enum is an unsigned int, or an int if a constant of it is negative.
struct Type *parse_enum() {
  struct Symbol *symbol = 0;
  struct Token *place = token;
  parse_attributes();
  if (token_is(T_IDENTIFIER)) {
    char *name = expect_name("expected a tag");
    symbol = find_symbol(name, SPACE_TAG);
    if (token_is(T_LEFT_BRACE) || token_is(T_SEMICOLON))
      symbol = find_in_this_scope(name, SPACE_TAG);
    if (!symbol)
      symbol = add_symbol(name, SPACE_TAG, SYMBOL_TAG, type_unsigned);
    if (is_record(symbol->type))
      fail_name(place, "another kind of tag", name);
  } else if (!token_is(T_LEFT_BRACE))
    fail(token, "expected a tag or {");
  if (accept(T_LEFT_BRACE)) {
    struct Type *type = type_unsigned;
    if (parse_enumerators())
      type = type_int;
    parse_attributes();
    if (symbol)
      symbol->type = type;
    return type;
  }
  return symbol->type;
}

// ---- Specifiers ----

void set_storage(struct Specifiers *specifiers, long keyword) {
  if (keyword == KEYWORD_AUTO || keyword == KEYWORD_REGISTER)
    return;
  if (specifiers->storage)
    fail(token, "two storage classes");
  specifiers->storage = keyword;
}

void set_word(struct Specifiers *specifiers, long keyword) {
  // `int` may stand beside short and long
  long is_int_again = keyword == KEYWORD_INT && specifiers->word == KEYWORD_SHORT;
  if (keyword == KEYWORD_SHORT && specifiers->word == KEYWORD_INT)
    specifiers->word = 0;
  if (specifiers->type || (specifiers->word && !is_int_again))
    fail(token, "two types in one declaration");
  if (!is_int_again)
    specifiers->word = keyword;
}

void set_type(struct Specifiers *specifiers, struct Type *type) {
  if (specifiers->type || specifiers->word || specifiers->longs || specifiers->is_signed || specifiers->is_unsigned)
    fail(token, "two types in one declaration");
  specifiers->type = type;
}

struct Type *parse_typeof() {
  struct Type *type;
  expect(T_LEFT_PARENTHESIS, "expected ( after typeof");
  if (begins_type(token))
    type = parse_type_name();
  else
    type = parse_expression()->type;
  expect(T_RIGHT_PARENTHESIS, "expected ) after typeof");
  return type;
}

struct Type *signed_or_unsigned(struct Specifiers *specifiers, struct Type *plain, struct Type *unsigned_type) {
  if (specifiers->is_unsigned)
    return unsigned_type;
  return plain;
}

struct Type *long_type(struct Specifiers *specifiers) {
  if (specifiers->longs > 2 || (specifiers->word && specifiers->word != KEYWORD_INT))
    fail(token, "no such type");
  if (specifiers->longs == 2)
    return signed_or_unsigned(specifiers, type_long_long, type_unsigned_long_long);
  return signed_or_unsigned(specifiers, type_long, type_unsigned_long);
}

// The type that the words name together.
struct Type *basic_type(struct Specifiers *specifiers) {
  long word = specifiers->word;
  if (specifiers->is_signed && specifiers->is_unsigned)
    fail(token, "both signed and unsigned");
  if (word == KEYWORD_DOUBLE && specifiers->longs == 1)
    return type_long_double;
  if (specifiers->longs > 0)
    return long_type(specifiers);
  if (word == KEYWORD_CHAR)
    return signed_or_unsigned(specifiers, type_char, type_unsigned_char);
  if (word == KEYWORD_SHORT)
    return signed_or_unsigned(specifiers, type_short, type_unsigned_short);
  if (word == KEYWORD_INT)
    return signed_or_unsigned(specifiers, type_int, type_unsigned);
  if (!word && (specifiers->is_signed || specifiers->is_unsigned))
    return signed_or_unsigned(specifiers, type_int, type_unsigned);
  if (specifiers->is_signed || specifiers->is_unsigned)
    fail(token, "no such type");
  if (word == KEYWORD_VOID) return type_void;
  if (word == KEYWORD_BOOL) return type_bool;
  if (word == KEYWORD_FLOAT) return type_float;
  if (word == KEYWORD_DOUBLE) return type_double;
  fail(token, "expected a type");
  return 0;
}

long has_type(struct Specifiers *specifiers) {
  return specifiers->type || specifiers->word || specifiers->longs || specifiers->is_signed || specifiers->is_unsigned;
}

// Reads one specifier; the result is 0 if there is none.
long parse_specifier(struct Specifiers *specifiers) {
  long keyword = keyword_of(token);
  if (keyword == KEYWORD_NONE) {
    if (has_type(specifiers) || !begins_type(token))
      return 0;
    set_type(specifiers, find_symbol(token->text, SPACE_ORDINARY)->type);
    advance();
    return 1;
  }
  if (keyword == KEYWORD_ATTRIBUTE) {
    parse_attributes();
    if (attribute_align > specifiers->align)
      specifiers->align = attribute_align;
    return 1;
  }
  if (keyword == KEYWORD_EXTENSION) {
    advance();
    return 1;
  }
  if (keyword >= KEYWORD_LAST_SPECIFIER)
    return 0;
  advance();
  if (keyword == KEYWORD_LONG)
    specifiers->longs++;
  else if (keyword == KEYWORD_SIGNED)
    specifiers->is_signed = 1;
  else if (keyword == KEYWORD_UNSIGNED)
    specifiers->is_unsigned = 1;
  else if (keyword == KEYWORD_STRUCT)
    set_type(specifiers, parse_record(TYPE_STRUCT));
  else if (keyword == KEYWORD_UNION)
    set_type(specifiers, parse_record(TYPE_UNION));
  else if (keyword == KEYWORD_ENUM)
    set_type(specifiers, parse_enum());
  else if (keyword == KEYWORD_TYPEOF)
    set_type(specifiers, parse_typeof());
  else if (keyword == KEYWORD_VA_LIST)
    set_type(specifiers, type_char_pointer);
  else if (keyword == KEYWORD_INLINE)
    specifiers->is_inline = 1;
  else if (keyword < KEYWORD_SIGNED)
    set_word(specifiers, keyword);
  else if (keyword != KEYWORD_QUALIFIER)
    set_storage(specifiers, keyword);
  return 1;
}

struct Specifiers *parse_specifiers() {
  struct Specifiers *specifiers = (struct Specifiers *)allocate(sizeof(struct Specifiers));
  nest();
  clear_attributes();
  while (parse_specifier(specifiers))
    ;
  if (!specifiers->type)
    specifiers->type = basic_type(specifiers);
  else if (specifiers->longs || specifiers->is_signed || specifiers->is_unsigned)
    fail(token, "two types in one declaration");
  unnest();
  return specifiers;
}

// ---- Declarators ----

// A parameter is never an array or a function: it is a pointer to the element or to the function.
struct Type *parameter_type(struct Type *type, struct Token *place) {
  if (type->kind == TYPE_ARRAY)
    return pointer_to(type->base);
  if (type->kind == TYPE_FUNCTION)
    return pointer_to(type);
  if (type->kind == TYPE_VOID)
    fail(place, "a parameter of type void");
  return type;
}

struct Parameter *parse_parameter() {
  struct Parameter *parameter = (struct Parameter *)allocate(sizeof(struct Parameter));
  struct Type *base = parse_specifiers()->type;
  parameter->at = token;
  declared_name = 0;
  parameter->type = parameter_type(parse_declarator(base), parameter->at);
  parameter->name = declared_name;
  parse_attributes();
  return parameter;
}

// f(a, b): the names only; their types follow in front of the body.
struct Parameter *parse_old_parameter() {
  struct Parameter *parameter = (struct Parameter *)allocate(sizeof(struct Parameter));
  parameter->at = token;
  parameter->name = expect_name("expected the name of a parameter");
  parameter->type = type_int;
  return parameter;
}

// The parameters after (, up to and with )
void parse_parameters(struct Type *function) {
  struct Parameter *last = 0;
  if (accept(T_RIGHT_PARENTHESIS))
    return;
  function->has_prototype = begins_type(token);
  if (keyword_of(token) == KEYWORD_VOID && peek()->kind == T_RIGHT_PARENTHESIS) {
    advance();
    advance();
    return;
  }
  while (1) {
    struct Parameter *parameter;
    if (last && accept(T_ELLIPSIS)) {
      function->is_variadic = 1;
      break;
    }
    if (function->has_prototype)
      parameter = parse_parameter();
    else
      parameter = parse_old_parameter();
    if (last)
      last->next = parameter;
    else
      function->parameters = parameter;
    last = parameter;
    if (!accept(T_COMMA))
      break;
  }
  expect(T_RIGHT_PARENTHESIS, "expected ) after the parameters");
}

// The count between [ and ], or UNKNOWN.
long parse_count() {
  long count = UNKNOWN;
  while (keyword_of(token) == KEYWORD_QUALIFIER || keyword_of(token) == KEYWORD_STATIC)
    advance();
  if (token_is(T_STAR) && peek()->kind == T_RIGHT_BRACKET)
    advance();                                        // [*]: some size, in a prototype
  else if (!token_is(T_RIGHT_BRACKET)) {
    struct Token *place = token;
    count = parse_constant("the size of an array is not a constant");
    if (count < 0)
      fail(place, "negative size of an array");
  }
  expect(T_RIGHT_BRACKET, "expected ]");
  return count;
}

// [n] and (parameters) after a name; the first one says what the name is.
struct Type *parse_declarator_suffixes(struct Type *base) {
  struct Token *place = token;
  nest();
  if (accept(T_LEFT_BRACKET)) {
    long count = parse_count();
    base = array_of(parse_declarator_suffixes(base), count, place);
  } else if (accept(T_LEFT_PARENTHESIS)) {
    struct Type *function = function_returning(base);
    char *name = declared_name;
    struct Token *name_place = declared_at;
    enter_scope();                                    // for tags that are declared among the parameters
    parse_parameters(function);
    leave_scope();
    declared_name = name;
    declared_at = name_place;
    set_base(function, parse_declarator_suffixes(base));
    if (function->base->kind == TYPE_FUNCTION || function->base->kind == TYPE_ARRAY)
      fail(place, "a function cannot return an array or a function");
    base = function;
  }
  unnest();
  return base;
}

// ( declarator ) suffixes: the suffixes belong to the inside, but come after it. So the tokens of the inside
// are put aside, the suffixes read, and then the inside is read with the type that they make.
struct Type *parse_nested_declarator(struct Type *base) {
  struct Replay *inside = 0;
  long depth = 0;
  advance();
  while (depth > 0 || !token_is(T_RIGHT_PARENTHESIS)) {
    if (token_is(T_END))
      fail(token, "unclosed parenthesis");
    if (token_is(T_LEFT_PARENTHESIS))
      depth++;
    if (token_is(T_RIGHT_PARENTHESIS))
      depth = depth - 1;
    if (depth > MAX_NESTING)                          // the inside is read once for each level
      fail(token, "nested too deeply");
    struct Replay *item = (struct Replay *)allocate(sizeof(struct Replay));
    item->token = token;
    item->next = inside;
    inside = item;
    advance();
  }
  struct Token *closing = token;
  advance();
  base = parse_declarator_suffixes(base);
  unread(token);
  unread(closing);
  while (inside) {
    unread(inside->token);
    inside = inside->next;
  }
  token = read_token();
  base = parse_declarator(base);
  expect(T_RIGHT_PARENTHESIS, "expected ) in a declarator");
  return base;
}

// Whether the ( at the current token opens a nested declarator and not parameters.
long opens_declarator() {
  struct Token *following = peek();
  return following->kind != T_RIGHT_PARENTHESIS && (keyword_of(following) == KEYWORD_ATTRIBUTE || !begins_type(following));
}

// A declarator with or without a name; declared_name is left as it is if there is none.
struct Type *parse_declarator(struct Type *base) {
  nest();
  parse_attributes();
  while (accept(T_STAR)) {
    base = pointer_to(base);
    parse_attributes();
  }
  if (token_is(T_LEFT_PARENTHESIS) && opens_declarator())
    base = parse_nested_declarator(base);
  else {
    if (token_is(T_IDENTIFIER) && keyword_of(token) == KEYWORD_NONE) {
      declared_at = token;
      declared_name = token->text;
      advance();
    }
    base = parse_declarator_suffixes(base);
  }
  unnest();
  return base;
}

struct Type *parse_type_name() {
  struct Type *base = parse_specifiers()->type;
  char *outer_name = declared_name;
  struct Token *place = token;
  declared_name = 0;
  base = parse_declarator(base);
  if (declared_name)
    fail(place, "a name in a type");
  declared_name = outer_name;
  return base;
}
