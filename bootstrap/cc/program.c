// program.c: declarations of functions and objects, at file level and in blocks; the translation unit.

// ---- Objects and functions ----

void check_redeclaration(struct Symbol *symbol, struct Type *type, struct Token *place) {
  if (symbol->kind != SYMBOL_OBJECT || !same_type(symbol->type, type))
    fail_name(place, "declared again with another type", symbol->name);
}

// A later declaration may know more: the size of an array, the parameters of a function.
void complete_type(struct Symbol *symbol, struct Type *type) {
  struct Type *known = symbol->type;
  if ((known->kind == TYPE_ARRAY && known->count == UNKNOWN) || (known->kind == TYPE_FUNCTION && !known->has_prototype)) {
    symbol->type = type;
    symbol->object->type = type;
  }
}

// The file-level symbol for a name, even if a block has given the name another meaning.
struct Symbol *file_level_symbol(char *name) {
  struct Symbol *symbol = find_symbol(name, SPACE_ORDINARY);
  while (symbol && symbol->depth > 0)
    symbol = symbol->outer;
  return symbol;
}

// Declares a function or object with linkage, in a block or at file level.
struct Symbol *declare_object(char *name, struct Type *type, struct Specifiers *specifiers, struct Token *place) {
  struct Symbol *symbol = find_in_this_scope(name, SPACE_ORDINARY);
  struct Symbol *outer = file_level_symbol(name);
  if (symbol) {
    check_redeclaration(symbol, type, place);
    complete_type(symbol, type);
    return symbol;
  }
  long is_static = specifiers->storage == KEYWORD_STATIC;
  // an inline function without extern is for this unit alone
  if (type->kind == TYPE_FUNCTION && specifiers->is_inline && specifiers->storage != KEYWORD_EXTERN)
    is_static = 1;
  symbol = add_symbol(name, SPACE_ORDINARY, SYMBOL_OBJECT, type);
  if (outer && outer->kind == SYMBOL_OBJECT && outer != symbol) {
    check_redeclaration(outer, type, place);
    symbol->object = outer->object;
    if (type->kind == TYPE_ARRAY && type->count == UNKNOWN)
      symbol->type = outer->type;
  } else if (is_static)
    symbol->object = new_object(name, type, place);
  else
    symbol->object = external_object(name, type, place);
  return symbol;
}

void set_alignment(struct Object *object, struct Specifiers *specifiers) {
  if (object->type->align > object->align)
    object->align = object->type->align;
  if (specifiers->align > object->align)
    object->align = specifiers->align;
  if (attribute_align > object->align)
    object->align = attribute_align;
}

void declare_at_file_level(char *name, struct Type *type, struct Specifiers *specifiers, struct Token *place) {
  struct Symbol *symbol = declare_object(name, type, specifiers, place);
  struct Object *object = symbol->object;
  if (type->kind == TYPE_FUNCTION)
    return;
  set_alignment(object, specifiers);
  if (accept(T_ASSIGN)) {
    if (object->state == OBJECT_DEFINED)
      fail_name(place, "defined twice", name);
    object->type = symbol->type;
    initialise_object(object);
    symbol->type = object->type;
    object->at = place;
    set_alignment(object, specifiers);
  } else if (specifiers->storage != KEYWORD_EXTERN && object->state == OBJECT_REFERENCED) {
    object->type = symbol->type;
    object->state = OBJECT_TENTATIVE;
    object->section = SECTION_ZERO;
  }
}

// ---- Function definitions ----

// Parameters become local variables in the caller's slots.
void declare_parameters(struct Type *function) {
  struct Parameter *parameter;
  long offset = FIRST_ARGUMENT;
  hidden_result = offset;
  if (is_record(function->base))
    offset += 8;
  for (parameter = function->parameters; parameter; parameter = parameter->next) {
    if (!parameter->name)
      fail(parameter->at, "a parameter without a name");
    if (!is_complete(parameter->type))
      fail(parameter->at, "a parameter of an incomplete type");
    if (find_in_this_scope(parameter->name, SPACE_ORDINARY))
      fail_name(parameter->at, "two parameters of one name", parameter->name);
    add_symbol(parameter->name, SPACE_ORDINARY, SYMBOL_LOCAL, parameter->type)->value = offset;
    offset += slot_size(parameter->type);
    if (offset > MAX_OBJECT_SIZE)
      fail(parameter->at, "parameters too large");
  }
  variable_arguments = offset;
}

// The declarations between `f(a, b)` and the body, of definitions in the old style.
void parse_old_parameter_types(struct Type *function) {
  while (!token_is(T_LEFT_BRACE)) {
    struct Type *base = parse_specifiers()->type;
    while (1) {
      struct Token *place = token;
      struct Parameter *parameter = function->parameters;
      declared_name = 0;
      struct Type *type = parameter_type(parse_declarator(base), place);
      while (parameter && parameter->name != declared_name)
        parameter = parameter->next;
      if (!parameter)
        fail(place, "this is not a parameter");
      if (type->kind == TYPE_FLOAT)
        fail(place, "a float parameter in the old style is not supported");
      parameter->type = type;
      if (!accept(T_COMMA))
        break;
    }
    expect(T_SEMICOLON, "expected ; after the type of a parameter");
  }
}

void check_result_type(struct Type *function, struct Token *place) {
  if (function->base->kind != TYPE_VOID && !is_complete(function->base))
    fail(place, "the result has an incomplete type");
}

void define_function(char *name, struct Type *type, struct Specifiers *specifiers, struct Token *place) {
  if (!type->has_prototype && type->parameters)
    parse_old_parameter_types(type);
  check_result_type(type, place);
  struct Symbol *symbol = declare_object(name, type, specifiers, place);
  if (symbol->object->state == OBJECT_DEFINED)
    fail_name(place, "defined twice", name);
  if (!token_is(T_LEFT_BRACE))
    fail(token, "expected { or ;");
  symbol->object->at = place;
  symbol->object->align = 16;
  this_function_name = name;
  function_is_variadic = type->is_variadic;
  this_result = type->base;
  goto_labels = 0;
  begin_function(symbol->object);
  open_block();
  declare_parameters(type);
  advance();
  parse_block_items();
  close_block();
  check_goto_labels();
  if (text_equal(name, "main"))
    emit_constant(RAX, 0);
  emit_return();
  end_function();
  this_function_name = 0;
}

// ---- Local variables ----

void declare_static_local(struct Symbol *symbol, struct Specifiers *specifiers, struct Token *place) {
  struct Object *object = new_object(symbol->name, symbol->type, place);
  symbol->kind = SYMBOL_OBJECT;
  symbol->object = object;
  set_alignment(object, specifiers);
  if (accept(T_ASSIGN)) {
    initialise_object(object);
    symbol->type = object->type;
    set_alignment(object, specifiers);
  } else {
    object->state = OBJECT_TENTATIVE;
    object->section = SECTION_ZERO;
  }
  if (!is_complete(symbol->type))
    fail_name(place, "a variable of an incomplete type", symbol->name);
}

void declare_local(char *name, struct Type *type, struct Specifiers *specifiers, struct Token *place) {
  if (find_in_this_scope(name, SPACE_ORDINARY))
    fail_name(place, "declared twice", name);
  struct Symbol *symbol = add_symbol(name, SPACE_ORDINARY, SYMBOL_LOCAL, type);
  if (specifiers->storage == KEYWORD_STATIC) {
    declare_static_local(symbol, specifiers, place);
    return;
  }
  if (is_complete(type))
    symbol->value = allocate_local(type->size, type->align);
  if (accept(T_ASSIGN)) {
    symbol->type = read_initialiser(type);
    if (!is_complete(type))
      symbol->value = allocate_local(symbol->type->size, symbol->type->align);
    generate_effect(initialisation(symbol->type, symbol->value, place));
  }
  if (!is_complete(symbol->type))
    fail_name(place, "a variable of an incomplete type", name);
}

// ---- Declarations ----

void declare(char *name, struct Type *type, struct Specifiers *specifiers, struct Token *place) {
  if (type->kind == TYPE_VOID)
    fail_name(place, "a variable of type void", name);
  if (specifiers->storage == KEYWORD_TYPEDEF) {
    struct Symbol *known = find_in_this_scope(name, SPACE_ORDINARY);
    if (known && (known->kind != SYMBOL_TYPEDEF || !same_type(known->type, type)))
      fail_name(place, "declared twice", name);
    if (!known)
      add_symbol(name, SPACE_ORDINARY, SYMBOL_TYPEDEF, type);
  } else if (scope_depth == 0)
    declare_at_file_level(name, type, specifiers, place);
  else if (specifiers->storage == KEYWORD_EXTERN || type->kind == TYPE_FUNCTION)
    declare_object(name, type, specifiers, place);
  else
    declare_local(name, type, specifiers, place);
}

// The rest of a declaration after its specifiers; the first declarator may turn out to be a function's definition.
void parse_declarators(struct Specifiers *specifiers) {
  while (1) {
    struct Token *place = token;
    declared_name = 0;
    struct Type *type = parse_declarator(specifiers->type);
    char *name = declared_name;
    if (!name)
      fail(place, "expected a name");
    place = declared_at;
    clear_attributes();
    if (keyword_of(token) == KEYWORD_ASM)
      fail(token, "assembly is not supported");
    parse_attributes();
    long is_old_definition = type->kind == TYPE_FUNCTION && type->parameters && !type->has_prototype;
    if (scope_depth == 0 && type->kind == TYPE_FUNCTION && specifiers->storage != KEYWORD_TYPEDEF
        && (token_is(T_LEFT_BRACE) || (is_old_definition && begins_type(token)))) {
      define_function(name, type, specifiers, place);
      return;
    }
    declare(name, type, specifiers, place);
    if (!accept(T_COMMA))
      break;
  }
  expect(T_SEMICOLON, "expected ; after a declaration");
}

void parse_declaration() {
  this_place = token;
  struct Specifiers *specifiers = parse_specifiers();
  if (!accept(T_SEMICOLON))
    parse_declarators(specifiers);
}

void parse_file_level() {
  if (accept(T_SEMICOLON))
    return;
  if (accept_keyword(KEYWORD_STATIC_ASSERT))
    parse_static_assert();
  else if (keyword_of(token) == KEYWORD_ASM)
    fail(token, "assembly is not supported");
  else
    parse_declaration();
}

// One FILE.c. Its names end with it; objects with external linkage stay.
void compile_unit(char *path) {
  preprocess_file(path);
  replay = 0;
  token = next_token();
  enter_scope();
  while (!token_is(T_END))
    parse_file_level();
  leave_scope();
}
