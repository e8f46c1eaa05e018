// expressions.c: expressions, by recursive descent.

struct Node *parse_expression();
struct Node *parse_assignment();
struct Node *parse_cast();
struct Type *parse_type_name();
struct Node *parse_compound_literal(struct Type *type, struct Token *place);
struct Node *parse_unary();
struct Node *parse_unary_nested();
long parse_constant(char *message);

// ---- Literals ----

struct Object *string_object(char *bytes, long length, struct Type *type, struct Token *place) {
  struct Object *object = new_object("string", type, place);
  object->section = SECTION_CONSTANT;
  object->state = OBJECT_DEFINED;
  object->bytes = allocate(type->size + 8);
  object->size = type->size;
  object->align = type->align;
  long i;
  for (i = 0; i < length; i++)
    object->bytes[i] = bytes[i];
  return object;
}

// The type of a string literal: char, or int for L"...".
struct Type *string_type(struct Token *string) {
  if (string->flags & STR_WIDE)
    return array_of(type_int, string->length / 4 + 1, string);
  return array_of(type_char, string->length + 1, string);
}

struct Node *parse_string() {
  struct Token *string = token;
  struct Type *type = string_type(string);
  advance();
  return global_node(string_object(string->text, string->length, type, string), type, string);
}

struct Type *integer_literal_type(struct Token *literal) {
  if (literal->flags & NUM_LONG_LONG) {
    if (literal->flags & NUM_UNSIGNED)
      return type_unsigned_long_long;
    return type_long_long;
  }
  if (literal->flags & NUM_LONG) {
    if (literal->flags & NUM_UNSIGNED)
      return type_unsigned_long;
    return type_long;
  }
  if (literal->flags & NUM_UNSIGNED)
    return type_unsigned;
  return type_int;
}

struct Node *parse_integer() {
  struct Token *literal = token;
  advance();
  return integer_node(literal->value, integer_literal_type(literal), literal);
}

struct Node *parse_float() {
  struct Token *literal = token;
  struct Type *type = type_double;
  if (literal->flags & NUM_FLOAT)
    type = type_float;
  if (literal->flags & NUM_LONG_DOUBLE)
    type = type_long_double;
  advance();
  return float_node(real_of_token(literal), type, literal);
}

// ---- Calls ----

// An argument without a parameter to tell its type: default argument promotions.
struct Node *promote_argument(struct Node *argument) {
  argument = value_of(argument);
  if (argument->type->kind == TYPE_VOID)
    fail(argument->at, "a void expression as argument");
  if (argument->type->kind == TYPE_FLOAT)
    return convert(argument, type_double);
  if (is_integer(argument->type))
    return promote(argument);
  return argument;
}

// Reads the arguments of a call of a function of type FUNCTION; the list has the last one first.
void parse_arguments(struct Node *call, struct Type *function) {
  struct Parameter *parameter = function->parameters;
  while (!token_is(T_RIGHT_PARENTHESIS)) {
    struct Node *argument = parse_assignment();
    if (parameter && function->has_prototype) {
      argument = convert_for_assignment(argument, parameter->type);
      parameter = parameter->next;
    } else if (function->has_prototype && !function->is_variadic)
      fail(argument->at, "too many arguments");
    else
      argument = promote_argument(argument);
    if (is_record(argument->type) && !is_complete(argument->type))
      fail(argument->at, "argument of an incomplete type");
    // a list holds a node once; an argument may also stand elsewhere in the tree
    argument = retyped(argument, argument->type);
    argument->next = call->arguments;
    call->arguments = argument;
    if (argument->depth >= call->depth)
      call->depth = argument->depth + 1;
    if (!accept(T_COMMA))
      break;
  }
  if (parameter && function->has_prototype)
    fail(token, "too few arguments");
  expect(T_RIGHT_PARENTHESIS, "expected ) after the arguments");
}

struct Node *parse_call(struct Node *function) {
  struct Token *place = token;
  advance();
  function = value_of(function);
  if (!is_pointer(function->type) || function->type->base->kind != TYPE_FUNCTION)
    fail(place, "this is not a function");
  struct Type *type = function->type->base;
  struct Node *call = new_node(NODE_CALL, type->base, function, 0, place);
  parse_arguments(call, type);
  if (is_record(type->base)) {
    if (!is_complete(type->base))
      fail(place, "the result has an incomplete type");
    call->value = allocate_local(type->base->size, type->base->align);
  }
  return call;
}

// ---- Builtins ----

// The next argument of a builtin, converted to TYPE.
struct Node *builtin_argument(struct Type *type, long is_last) {
  struct Node *argument = convert_for_assignment(parse_assignment(), type);
  if (is_last)
    expect(T_RIGHT_PARENTHESIS, "expected ) after the arguments of a builtin");
  else
    expect(T_COMMA, "expected , between the arguments of a builtin");
  return argument;
}

struct Node *parse_syscall(struct Token *place) {
  struct Node *call = new_node(NODE_SYSTEM_CALL, type_long, 0, 0, place);
  long i;
  for (i = 0; i < 7; i++) {
    struct Node *argument = builtin_argument(type_long, i == 6);
    argument = retyped(argument, type_long);
    argument->next = call->arguments;
    call->arguments = argument;
    if (argument->depth >= call->depth)
      call->depth = argument->depth + 1;
  }
  return call;
}

// va_list is a pointer to the next argument's slot.
struct Node *parse_va_start(struct Token *place) {
  struct Node *list = parse_assignment();
  expect(T_COMMA, "expected , in va_start");
  parse_assignment();
  expect(T_RIGHT_PARENTHESIS, "expected ) after va_start");
  if (!function_is_variadic)
    fail(place, "va_start in a function without variable arguments");
  struct Node *first = local_node(variable_arguments, type_char, place);
  return convert(assign(list, address_of(first, type_char_pointer), place), type_void);
}

struct Node *parse_va_arg(struct Token *place) {
  struct Node *list = parse_assignment();
  expect(T_COMMA, "expected , in va_arg");
  struct Type *type = parse_type_name();
  expect(T_RIGHT_PARENTHESIS, "expected ) after va_arg");
  if (!is_complete(type) || type->kind == TYPE_ARRAY)
    fail(place, "va_arg of this type");
  if (list->type->kind != TYPE_POINTER)
    fail(place, "va_arg needs a va_list");
  long size = slot_size(type);
  struct Node *next = assign_operation(NODE_ADD, list, integer_node(size, type_long, place), place);
  return place_at(add_to_pointer(next, -size, pointer_to(type)), 0, type);
}

struct Node *parse_va_copy(struct Token *place) {
  struct Node *to = parse_assignment();
  expect(T_COMMA, "expected , in va_copy");
  struct Node *from = parse_assignment();
  expect(T_RIGHT_PARENTHESIS, "expected ) after va_copy");
  return convert(assign(to, from, place), type_void);
}

struct Node *parse_offsetof(struct Token *place) {
  struct Type *type = parse_type_name();
  long offset = 0;
  expect(T_COMMA, "expected , in offsetof");
  while (1) {
    if (!is_record(type))
      fail(token, "offsetof a member of something that is no struct");
    struct Token *name_place = token;
    struct Member *member = find_member(type, expect_name("expected the name of a member"));
    if (!member || member->width != NOT_A_BIT_FIELD)
      fail(name_place, "no such member");
    offset += found_offset;
    type = member->type;
    while (accept(T_LEFT_BRACKET)) {
      if (type->kind != TYPE_ARRAY)
        fail(token, "offsetof an element of something that is no array");
      type = type->base;
      offset += parse_constant("the index is not a constant") * type->size;
      expect(T_RIGHT_BRACKET, "expected ]");
    }
    if (!accept(T_DOT))
      break;
  }
  expect(T_RIGHT_PARENTHESIS, "expected ) after offsetof");
  return integer_node(offset, type_unsigned_long, place);
}

struct Node *parse_builtin(long keyword) {
  struct Token *place = token;
  struct Node *left;
  advance();
  expect(T_LEFT_PARENTHESIS, "expected ( after a builtin");
  if (keyword == KEYWORD_SYSCALL)
    return parse_syscall(place);
  if (keyword == KEYWORD_VA_START)
    return parse_va_start(place);
  if (keyword == KEYWORD_VA_ARG)
    return parse_va_arg(place);
  if (keyword == KEYWORD_VA_COPY)
    return parse_va_copy(place);
  if (keyword == KEYWORD_OFFSETOF)
    return parse_offsetof(place);
  if (keyword == KEYWORD_VA_END) {
    left = parse_assignment();
    expect(T_RIGHT_PARENTHESIS, "expected ) after va_end");
    return convert(left, type_void);
  }
  if (keyword == KEYWORD_SETJMP)
    return new_node(NODE_SETJMP, type_int, builtin_argument(pointer_to(type_long), 1), 0, place);
  if (keyword == KEYWORD_ALLOCA)
    return new_node(NODE_ALLOCA, pointer_to(type_void), builtin_argument(type_unsigned_long, 1), 0, place);
  if (keyword == KEYWORD_EXPECT) {
    left = builtin_argument(type_long, 0);
    builtin_argument(type_long, 1);
    return left;
  }
  // NODE_LONGJMP; the keyword is known to be a builtin
  left = builtin_argument(pointer_to(type_long), 0);
  return new_node(NODE_LONGJMP, type_void, left, builtin_argument(type_int, 1), place);
}

// ---- Primary expressions ----

struct Node *parse_identifier() {
  struct Token *place = token;
  struct Symbol *symbol = find_symbol(token->text, SPACE_ORDINARY);
  if (!symbol)
    fail_name(place, "undeclared identifier", place->text);
  advance();
  if (symbol->kind == SYMBOL_CONSTANT)
    return integer_node(symbol->value, symbol->type, place);
  if (symbol->kind == SYMBOL_LOCAL)
    return local_node(symbol->value, symbol->type, place);
  if (symbol->kind == SYMBOL_OBJECT)
    return global_node(symbol->object, symbol->type, place);
  fail_name(place, "a type where an expression is expected", place->text);
  return 0;
}

struct Node *parse_keyword_primary(long keyword) {
  struct Token *place = token;
  if (keyword >= KEYWORD_OFFSETOF)
    return parse_builtin(keyword);
  if (keyword != KEYWORD_FUNCTION_NAME || !this_function_name)
    fail(place, "expected an expression");
  advance();
  long length = text_length(this_function_name);
  struct Type *type = array_of(type_char, length + 1, place);
  return global_node(string_object(this_function_name, length, type, place), type, place);
}

struct Node *parse_primary() {
  if (token_is(T_INTEGER))
    return parse_integer();
  if (token_is(T_FLOAT))
    return parse_float();
  if (token_is(T_STRING))
    return parse_string();
  if (keyword_of(token) != KEYWORD_NONE)
    return parse_keyword_primary(keyword_of(token));
  if (token_is(T_IDENTIFIER))
    return parse_identifier();
  if (!token_is(T_LEFT_PARENTHESIS))
    fail(token, "expected an expression");
  advance();
  struct Node *inner = parse_expression();
  expect(T_RIGHT_PARENTHESIS, "expected )");
  return inner;
}

// ---- Postfix ----

struct Node *dereference(struct Node *pointer, struct Token *place) {
  pointer = value_of(pointer);
  if (!is_pointer(pointer->type))
    fail(place, "this is not a pointer");
  struct Node *node = place_at(pointer, 0, pointer->type->base);
  return node;
}

struct Node *member_of(struct Node *record, struct Token *name) {
  if (!is_record(record->type))
    fail(name, "a member of something that is no struct");
  if (!is_complete(record->type))
    fail(name, "a member of an incomplete type");
  struct Member *member = find_member(record->type, name->text);
  if (!member)
    fail_name(name, "no such member", name->text);
  struct Node *address = address_of(record, pointer_to(record->type));
  struct Node *place = place_at(address, found_offset, member->type);
  if (member->width == NOT_A_BIT_FIELD)
    return place;
  struct Node *field = new_node(NODE_BIT_FIELD, member->type, place, 0, name);
  field->member = member;
  return field;
}

struct Node *parse_member(struct Node *node, long is_arrow) {
  struct Token *place = token;
  advance();
  if (is_arrow)
    node = dereference(node, place);
  place = token;
  expect_name("expected the name of a member");
  return member_of(node, place);
}

// What may follow a primary expression or a compound literal.
struct Node *parse_postfix_of(struct Node *node) {
  while (1) {
    struct Token *place = token;
    if (token_is(T_LEFT_PARENTHESIS))
      node = parse_call(node);
    else if (accept(T_LEFT_BRACKET)) {
      node = dereference(binary(NODE_ADD, node, parse_expression(), place), place);
      expect(T_RIGHT_BRACKET, "expected ]");
    } else if (token_is(T_DOT))
      node = parse_member(node, 0);
    else if (token_is(T_ARROW))
      node = parse_member(node, 1);
    else if (accept(T_PLUS_PLUS))
      node = postfix_step(NODE_ADD, node, place);
    else if (accept(T_MINUS_MINUS))
      node = postfix_step(NODE_SUBTRACT, node, place);
    else
      return node;
  }
  return node;
}

// ---- Unary ----

struct Node *parse_address_of(struct Token *place) {
  struct Node *node = parse_cast();
  if (!is_place(node) && node->kind != NODE_INITIALISE && node->type->kind != TYPE_FUNCTION)
    fail(place, "this has no address");
  return address_of(node, pointer_to(node->type));
}

struct Node *size_node(struct Type *type, struct Token *place) {
  if (type->size == UNKNOWN)
    fail(place, "size of an incomplete type");
  return integer_node(type->size, type_unsigned_long, place);
}

struct Node *parse_sizeof(struct Token *place) {
  if (token_is(T_LEFT_PARENTHESIS) && begins_type(peek())) {
    advance();
    struct Type *type = parse_type_name();
    expect(T_RIGHT_PARENTHESIS, "expected ) after the type");
    if (!token_is(T_LEFT_BRACE))
      return size_node(type, place);
    return size_node(parse_compound_literal(type, place)->type, place);
  }
  struct Node *node = parse_unary_nested();
  if (node->kind == NODE_BIT_FIELD)
    fail(place, "size of a bit field");
  return size_node(node->type, place);
}

struct Node *parse_alignof(struct Token *place) {
  expect(T_LEFT_PARENTHESIS, "expected ( after _Alignof");
  struct Type *type = parse_type_name();
  expect(T_RIGHT_PARENTHESIS, "expected ) after the type");
  return integer_node(type->align, type_unsigned_long, place);
}

struct Node *parse_unary() {
  struct Token *place = token;
  long keyword = keyword_of(token);
  if (accept(T_AMPERSAND))
    return parse_address_of(place);
  if (accept(T_STAR))
    return dereference(parse_cast(), place);
  if (accept(T_PLUS)) {
    struct Node *operand = value_of(parse_cast());
    if (!is_arithmetic(operand->type))
      fail(place, "the operator does not take an operand of this type");
    return only_value(promote(operand));
  }
  if (accept(T_MINUS))
    return unary(NODE_NEGATE, parse_cast(), place);
  if (accept(T_TILDE))
    return unary(NODE_COMPLEMENT, parse_cast(), place);
  if (accept(T_EXCLAMATION))
    return logical_not(parse_cast(), place);
  if (accept(T_PLUS_PLUS))
    return assign_operation(NODE_ADD, parse_unary_nested(), integer_node(1, type_int, place), place);
  if (accept(T_MINUS_MINUS))
    return assign_operation(NODE_SUBTRACT, parse_unary_nested(), integer_node(1, type_int, place), place);
  if (keyword == KEYWORD_SIZEOF) {
    advance();
    return parse_sizeof(place);
  }
  if (keyword == KEYWORD_ALIGNOF) {
    advance();
    return parse_alignof(place);
  }
  if (keyword == KEYWORD_EXTENSION) {
    advance();
    return parse_cast();
  }
  return parse_postfix_of(parse_primary());
}

struct Node *parse_unary_nested() {
  nest();
  struct Node *node = parse_unary();
  unnest();
  return node;
}

// ( type ) in front of an expression is a cast, in front of { a compound literal.
struct Node *parse_cast_or_literal() {
  struct Token *place = token;
  advance();
  struct Type *type = parse_type_name();
  expect(T_RIGHT_PARENTHESIS, "expected ) after the type");
  if (token_is(T_LEFT_BRACE))
    return parse_postfix_of(parse_compound_literal(type, place));
  struct Node *operand = value_of(parse_cast());
  if (is_record(type) && type == operand->type)
    return operand;
  return only_value(convert(operand, type));
}

struct Node *parse_cast() {
  struct Node *node;
  nest();
  if (token_is(T_LEFT_PARENTHESIS) && begins_type(peek()))
    node = parse_cast_or_literal();
  else
    node = parse_unary();
  unnest();
  return node;
}

// ---- Binary ----

// The node kind of a binary operator, or -1; operator_precedence is set with it (10 binds most).
long operator_precedence;

long found_operator(long precedence, long kind) {
  operator_precedence = precedence;
  return kind;
}

long binary_operator(long kind) {
  if (kind < T_PUNCTUATOR_FIRST) return -1;
  if (kind == T_STAR) return found_operator(10, NODE_MULTIPLY);
  if (kind == T_SLASH) return found_operator(10, NODE_DIVIDE);
  if (kind == T_PERCENT) return found_operator(10, NODE_REMAINDER);
  if (kind == T_PLUS) return found_operator(9, NODE_ADD);
  if (kind == T_MINUS) return found_operator(9, NODE_SUBTRACT);
  if (kind == T_SHIFT_LEFT) return found_operator(8, NODE_SHIFT_LEFT);
  if (kind == T_SHIFT_RIGHT) return found_operator(8, NODE_SHIFT_RIGHT);
  if (kind == T_LESS) return found_operator(7, NODE_LESS);
  if (kind == T_LESS_EQUAL) return found_operator(7, NODE_LESS_EQUAL);
  if (kind == T_GREATER) return found_operator(7, NODE_GREATER);
  if (kind == T_GREATER_EQUAL) return found_operator(7, NODE_GREATER_EQUAL);
  if (kind == T_EQUAL) return found_operator(6, NODE_EQUAL);
  if (kind == T_NOT_EQUAL) return found_operator(6, NODE_NOT_EQUAL);
  if (kind == T_AMPERSAND) return found_operator(5, NODE_AND);
  if (kind == T_CARET) return found_operator(4, NODE_XOR);
  if (kind == T_BAR) return found_operator(3, NODE_OR);
  if (kind == T_AND_AND) return found_operator(2, NODE_LOGICAL_AND);
  if (kind == T_BAR_BAR) return found_operator(1, NODE_LOGICAL_OR);
  return -1;
}

// Operators that bind at least as strongly as LEAST; all are left associative.
struct Node *parse_binary(long least) {
  struct Node *left = parse_cast();
  while (1) {
    struct Token *place = token;
    long kind = binary_operator(token->kind);
    long precedence = operator_precedence;
    if (kind < 0 || precedence < least)
      return left;
    advance();
    struct Node *right = parse_binary(precedence + 1);
    if (kind == NODE_LOGICAL_AND || kind == NODE_LOGICAL_OR)
      left = logical(kind, left, right, place);
    else
      left = binary(kind, left, right, place);
  }
  return left;
}

struct Node *parse_conditional() {
  struct Node *condition = parse_binary(1);
  struct Token *place = token;
  if (!accept(T_QUESTION))
    return condition;
  nest();
  struct Node *left = parse_expression();
  expect(T_COLON, "expected : of a conditional expression");
  struct Node *right = parse_conditional();
  unnest();
  return conditional(condition, left, right, place);
}

// The operator of a compound assignment, or -1.
long assignment_operator(long kind) {
  if (kind == T_PLUS_ASSIGN) return NODE_ADD;
  if (kind == T_MINUS_ASSIGN) return NODE_SUBTRACT;
  if (kind == T_STAR_ASSIGN) return NODE_MULTIPLY;
  if (kind == T_SLASH_ASSIGN) return NODE_DIVIDE;
  if (kind == T_PERCENT_ASSIGN) return NODE_REMAINDER;
  if (kind == T_AMPERSAND_ASSIGN) return NODE_AND;
  if (kind == T_BAR_ASSIGN) return NODE_OR;
  if (kind == T_CARET_ASSIGN) return NODE_XOR;
  if (kind == T_SHIFT_LEFT_ASSIGN) return NODE_SHIFT_LEFT;
  if (kind == T_SHIFT_RIGHT_ASSIGN) return NODE_SHIFT_RIGHT;
  return -1;
}

struct Node *parse_assignment() {
  nest();
  struct Node *left = parse_conditional();
  struct Token *place = token;
  long kind = assignment_operator(token->kind);
  if (accept(T_ASSIGN))
    left = assign(left, parse_assignment(), place);
  else if (kind >= 0) {
    advance();
    left = assign_operation(kind, left, parse_assignment(), place);
  }
  unnest();
  return left;
}

struct Node *parse_expression() {
  struct Node *left = parse_assignment();
  while (accept(T_COMMA))
    left = comma(left, parse_assignment());
  return left;
}

// An integer constant expression.
long parse_constant(char *message) {
  struct Token *place = token;
  struct Node *node = parse_conditional();
  if (node->kind != NODE_INTEGER)
    fail(place, message);
  return node->value;
}
