// nodes.c: the expression tree. Every node has the type of its value. The functions here check types,
// insert the conversions that C makes silently, and fold constants; the code generator only sees
// operands whose types already agree.

enum {
  NODE_INTEGER,               // value
  NODE_FLOAT,                 // real
  // places (lvalues)
  NODE_LOCAL,                 // [rbp + value]
  NODE_GLOBAL,                // [object + value]
  NODE_DEREFERENCE,           // [left + value]
  NODE_BIT_FIELD,             // in the place left (of the storage unit): bits member->bit_offset on
  // one operand, left
  NODE_ADDRESS,               // of a place or of a struct value
  NODE_CONVERT, NODE_NEGATE, NODE_COMPLEMENT, NODE_NOT,
  // two operands of the same type (a shift's count is an int)
  NODE_ADD, NODE_SUBTRACT, NODE_MULTIPLY, NODE_DIVIDE, NODE_REMAINDER,
  NODE_AND, NODE_OR, NODE_XOR, NODE_SHIFT_LEFT, NODE_SHIFT_RIGHT,
  NODE_EQUAL, NODE_NOT_EQUAL, NODE_LESS, NODE_LESS_EQUAL, NODE_GREATER, NODE_GREATER_EQUAL,
  NODE_LOGICAL_AND, NODE_LOGICAL_OR,
  NODE_CONDITIONAL,           // third ? left : right
  NODE_ASSIGN, NODE_COMMA,
  NODE_INITIALISE,            // clears value bytes (or none) of the place left, then does the list arguments
  NODE_CALL,                  // left(arguments); the list begins with the last one
  NODE_SYSTEM_CALL, NODE_SETJMP, NODE_LONGJMP, NODE_ALLOCA
};

struct Node {
  long kind;
  struct Type *type;
  struct Node *left;
  struct Node *right;
  struct Node *third;
  long value;
  struct Object *object;
  struct Member *member;
  struct Real *real;
  struct Node *arguments;
  struct Node *next;          // in a list of arguments
  long depth;
  struct Token *at;
};

// The generator walks the tree by recursion; this keeps its stack small.
enum { MAX_TREE_DEPTH = 5000 };

struct Node *new_node(long kind, struct Type *type, struct Node *left, struct Node *right, struct Token *at) {
  struct Node *node = (struct Node *)allocate(sizeof(struct Node));
  node->kind = kind;
  node->type = type;
  node->left = left;
  node->right = right;
  node->at = at;
  node->depth = 1;
  if (left)
    node->depth = left->depth + 1;
  if (right && right->depth >= node->depth)
    node->depth = right->depth + 1;
  if (node->depth > MAX_TREE_DEPTH)
    fail(at, "expression too deep");
  return node;
}

struct Node *integer_node(long value, struct Type *type, struct Token *at) {
  struct Node *node = new_node(NODE_INTEGER, type, 0, 0, at);
  node->value = wrap(value, type);
  return node;
}

struct Node *local_node(long offset, struct Type *type, struct Token *at) {
  struct Node *node = new_node(NODE_LOCAL, type, 0, 0, at);
  node->value = offset;
  return node;
}

struct Node *global_node(struct Object *object, struct Type *type, struct Token *at) {
  struct Node *node = new_node(NODE_GLOBAL, type, 0, 0, at);
  node->object = object;
  return node;
}

struct Node *float_node(struct Real *real, struct Type *type, struct Token *at) {
  struct Node *node = new_node(NODE_FLOAT, type, 0, 0, at);
  node->real = real;
  return node;
}

long is_constant_zero(struct Node *node) { return node->kind == NODE_INTEGER && node->value == 0; }

long is_place(struct Node *node) { return node->kind >= NODE_LOCAL && node->kind <= NODE_BIT_FIELD; }

// The same node with another type, for pointers and integers of the same size.
struct Node *retyped(struct Node *node, struct Type *type) {
  struct Node *copy = new_node(node->kind, type, node->left, node->right, node->at);
  copy->third = node->third;
  copy->value = node->value;
  copy->object = node->object;
  copy->member = node->member;
  copy->real = node->real;
  copy->arguments = node->arguments;
  copy->depth = node->depth;
  return copy;
}

// ---- Places and addresses ----

long allocate_local(long size, long align);
struct Node *add_to_pointer(struct Node *pointer, long bytes, struct Type *type);

// The place that POINTER, plus bytes, points to.
struct Node *place_at(struct Node *pointer, long bytes, struct Type *type) {
  struct Node *place;
  if (pointer->kind == NODE_ADDRESS && is_place(pointer->left)) {
    place = retyped(pointer->left, type);
    place->value += bytes;
  } else if (pointer->kind == NODE_ADD && pointer->right->kind == NODE_INTEGER) {
    place = new_node(NODE_DEREFERENCE, type, pointer->left, 0, pointer->at);
    place->value = pointer->right->value + bytes;
  } else {
    place = new_node(NODE_DEREFERENCE, type, pointer, 0, pointer->at);
    place->value = bytes;
  }
  if (fits_32(place->value))
    return place;
  // the displacement is too wide for an address: add it to the pointer itself
  place = new_node(NODE_DEREFERENCE, type, add_to_pointer(pointer, bytes, pointer->type), 0, pointer->at);
  return place;
}

// The address of a place or of a struct value, as a pointer of type TYPE.
struct Node *address_of(struct Node *node, struct Type *type) {
  if (node->kind == NODE_BIT_FIELD)
    fail(node->at, "address of a bit field");
  if (node->kind == NODE_DEREFERENCE)
    return add_to_pointer(retyped(node->left, type), node->value, type);
  return new_node(NODE_ADDRESS, type, node, 0, node->at);
}

struct Node *add_to_pointer(struct Node *pointer, long bytes, struct Type *type) {
  struct Node *sum;
  if (pointer->kind == NODE_INTEGER)
    return integer_node(pointer->value + bytes, type, pointer->at);
  if (pointer->kind == NODE_ADDRESS && (pointer->left->kind == NODE_LOCAL || pointer->left->kind == NODE_GLOBAL)
      && fits_32(pointer->left->value + bytes)) {
    struct Node *place = retyped(pointer->left, pointer->left->type);
    place->value += bytes;
    return new_node(NODE_ADDRESS, type, place, 0, pointer->at);
  }
  if (pointer->kind == NODE_ADD && pointer->right->kind == NODE_INTEGER) {
    bytes += pointer->right->value;
    pointer = pointer->left;
  }
  if (bytes == 0)
    return retyped(pointer, type);
  sum = new_node(NODE_ADD, type, pointer, integer_node(bytes, type_long, pointer->at), pointer->at);
  return sum;
}

// The value of an expression: arrays and functions become pointers.
struct Node *value_of(struct Node *node) {
  if (node->type->kind == TYPE_ARRAY)
    return address_of(node, pointer_to(node->type->base));
  if (node->type->kind == TYPE_FUNCTION)
    return address_of(node, pointer_to(node->type));
  return node;
}

// ---- Conversion ----

// A number as a constant of a floating type holds it.
struct Real *rounded(struct Real *real, struct Type *type) {
  if (type->kind == TYPE_FLOAT)
    return real_round_to_float(real);
  if (type->kind == TYPE_DOUBLE)
    return real_round_to_double(real);
  return real;
}

struct Node *convert_constant(struct Node *node, struct Type *type) {
  if (node->kind == NODE_INTEGER) {
    if (is_floating(type))
      return float_node(rounded(real_of_integer(node->value, node->type->is_unsigned), type), type, node->at);
    return integer_node(node->value, type, node->at);
  }
  if (is_floating(type))
    return float_node(rounded(node->real, type), type, node->at);
  if (type->kind == TYPE_BOOL)
    return integer_node(!real_is_zero(node->real), type, node->at);
  return integer_node(real_to_integer(node->real, type->is_unsigned), type, node->at);
}

// NODE, a value, converted to TYPE as by a cast.
struct Node *convert(struct Node *node, struct Type *type) {
  struct Type *from = node->type;
  if (from == type)
    return node;
  if (type->kind == TYPE_VOID)
    return new_node(NODE_CONVERT, type, node, 0, node->at);
  if (is_record(from) || is_record(type))
    fail(node->at, "conversion from or to a struct");
  if (!is_scalar(from) || !is_scalar(type))
    fail(node->at, "this value cannot be converted");
  if ((is_floating(from) && is_pointer(type)) || (is_pointer(from) && is_floating(type)))
    fail(node->at, "conversion between a pointer and a floating value");
  if (node->kind == NODE_INTEGER || node->kind == NODE_FLOAT)
    return convert_constant(node, type);
  if (from->kind == type->kind && from->is_unsigned == type->is_unsigned && from->kind != TYPE_POINTER)
    return node;
  // addresses and sums are made in the same way for all types of 64 bits
  if (is_in_rax(type) && from->size == 8 && type->size == 8
      && (node->kind == NODE_ADDRESS || node->kind == NODE_ADD || node->kind == NODE_SUBTRACT))
    return retyped(node, type);
  return new_node(NODE_CONVERT, type, node, 0, node->at);
}

struct Node *condition_of(struct Node *node) {
  node = value_of(node);
  if (!is_scalar(node->type))
    fail(node->at, "a condition must be a number or a pointer");
  return node;
}

// VALUE converted to TYPE as by assignment.
struct Node *convert_for_assignment(struct Node *value, struct Type *type) {
  value = value_of(value);
  if (is_record(type) || is_record(value->type)) {
    if (type != value->type)
      fail(value->at, "assignment between different types");
    return value;
  }
  if (is_pointer(type) && is_floating(value->type))
    fail(value->at, "a pointer from a floating value");
  if (value->type->kind == TYPE_VOID)
    fail(value->at, "a void expression has no value");
  return convert(value, type);
}

// Bit fields and what is narrower than int become int.
struct Node *promote(struct Node *node) {
  if (node->kind == NODE_BIT_FIELD && node->member->width < 32)
    return convert(node, type_int);
  if (node->kind == NODE_BIT_FIELD && node->member->width == 32 && node->type->is_unsigned)
    return convert(node, type_unsigned);
  if (node->kind == NODE_BIT_FIELD && node->member->width == 32)
    return convert(node, type_int);
  return convert(node, promoted(node->type));
}

// The value of a place, which is not a place itself.
struct Node *only_value(struct Node *node) {
  if (is_place(node))
    return new_node(NODE_CONVERT, node->type, node, 0, node->at);
  return node;
}

// ---- Operators ----

long fold_integers(long kind, long a, long b, struct Type *type) {
  long is_unsigned = type->is_unsigned;
  if (kind == NODE_ADD) return a + b;
  if (kind == NODE_SUBTRACT) return a - b;
  if (kind == NODE_MULTIPLY) return a * b;
  if (kind == NODE_DIVIDE && is_unsigned) return udiv(a, b);
  if (kind == NODE_REMAINDER && is_unsigned) return umod(a, b);
  if (kind == NODE_DIVIDE && b == -1) return -a;      // the machine traps on the least number / -1
  if (kind == NODE_DIVIDE) return a / b;
  if (kind == NODE_REMAINDER && b == -1) return 0;
  if (kind == NODE_REMAINDER) return a % b;
  if (kind == NODE_AND) return a & b;
  if (kind == NODE_OR) return a | b;
  if (kind == NODE_XOR) return a ^ b;
  if (kind == NODE_SHIFT_LEFT) return a << (b & 63);
  if (kind == NODE_SHIFT_RIGHT && is_unsigned) return ushr(a, b & 63);
  if (kind == NODE_SHIFT_RIGHT) return a >> (b & 63);
  if (kind == NODE_EQUAL) return a == b;
  if (kind == NODE_NOT_EQUAL) return a != b;
  if (kind == NODE_LESS && is_unsigned) return ult(a, b);
  if (kind == NODE_LESS) return a < b;
  if (kind == NODE_LESS_EQUAL && is_unsigned) return !ult(b, a);
  if (kind == NODE_LESS_EQUAL) return a <= b;
  if (kind == NODE_GREATER && is_unsigned) return ult(b, a);
  if (kind == NODE_GREATER) return a > b;
  if (kind == NODE_GREATER_EQUAL && is_unsigned) return !ult(a, b);
  return a >= b;
}

long fold_real_comparison(long kind, struct Real *a, struct Real *b) {
  if (kind == NODE_EQUAL) return real_equal(a, b);
  if (kind == NODE_NOT_EQUAL) return !real_equal(a, b);
  if (kind == NODE_LESS) return real_less(a, b);
  if (kind == NODE_LESS_EQUAL) return real_less(a, b) || real_equal(a, b);
  if (kind == NODE_GREATER) return real_less(b, a);
  return real_less(b, a) || real_equal(a, b);
}

long is_comparison(long kind) { return kind >= NODE_EQUAL && kind <= NODE_GREATER_EQUAL; }

struct Node *fold_reals(long kind, struct Node *left, struct Node *right, struct Type *type) {
  if (is_comparison(kind))
    return integer_node(fold_real_comparison(kind, left->real, right->real), type_int, left->at);
  struct Real *result;
  if (kind == NODE_ADD)
    result = real_add(left->real, right->real);
  else if (kind == NODE_SUBTRACT)
    result = real_subtract(left->real, right->real);
  else if (kind == NODE_MULTIPLY)
    result = real_multiply(left->real, right->real);
  else
    result = real_divide(left->real, right->real);
  return float_node(rounded(result, type), type, left->at);
}

// KIND on two operands that have their common type already; RESULT is the type of the whole.
struct Node *operate(long kind, struct Node *left, struct Node *right, struct Type *result, struct Token *at) {
  if (left->kind == NODE_INTEGER && right->kind == NODE_INTEGER) {
    if ((kind == NODE_DIVIDE || kind == NODE_REMAINDER) && right->value == 0)
      return new_node(kind, result, left, right, at);   // traps when it is reached
    long shift = right->value;
    if (kind == NODE_SHIFT_LEFT || kind == NODE_SHIFT_RIGHT)
      shift = shift & (left->type->size * 8 - 1);
    return integer_node(fold_integers(kind, left->value, shift, left->type), result, at);
  }
  if (left->kind == NODE_FLOAT && right->kind == NODE_FLOAT)
    return fold_reals(kind, left, right, result);
  if (kind == NODE_ADD && is_integer(result) && left->kind == NODE_INTEGER)
    return new_node(kind, result, right, left, at);     // the constant to the right
  return new_node(kind, result, left, right, at);
}

// A number as a pointer's distance: scaled by the size of what it points to.
struct Node *scaled(struct Node *number, struct Type *base, struct Token *at) {
  if (base->kind == TYPE_FUNCTION || base->kind == TYPE_VOID)
    return convert(number, type_long);
  if (!is_complete(base))
    fail(at, "arithmetic on a pointer to an incomplete type");
  number = convert(promote(number), type_long);
  if (base->size == 1)
    return number;
  return operate(NODE_MULTIPLY, number, integer_node(base->size, type_long, at), type_long, at);
}

struct Node *add_pointer(struct Node *pointer, struct Node *number, struct Token *at) {
  number = scaled(number, pointer->type->base, at);
  if (number->kind == NODE_INTEGER)
    return add_to_pointer(pointer, number->value, pointer->type);
  return new_node(NODE_ADD, pointer->type, pointer, number, at);
}

struct Node *subtract_pointer(struct Node *left, struct Node *right, struct Token *at) {
  if (is_integer(right->type)) {
    right = scaled(right, left->type->base, at);
    if (right->kind == NODE_INTEGER)
      return add_to_pointer(left, -right->value, left->type);
    return new_node(NODE_SUBTRACT, left->type, left, right, at);
  }
  if (!is_pointer(right->type))
    fail(at, "a pointer minus something that is neither a pointer nor an integer");
  long size = left->type->base->size;
  if (left->type->base->kind == TYPE_VOID || left->type->base->kind == TYPE_FUNCTION)
    size = 1;
  if (size <= 0)
    fail(at, "arithmetic on a pointer to an incomplete type");
  struct Node *bytes;
  if (left->kind == NODE_ADDRESS && right->kind == NODE_ADDRESS && left->left->kind == NODE_GLOBAL
      && right->left->kind == NODE_GLOBAL && left->left->object == right->left->object)
    bytes = integer_node(left->left->value - right->left->value, type_long, at);
  else
    bytes = operate(NODE_SUBTRACT, convert(left, type_long), convert(right, type_long), type_long, at);
  if (size == 1)
    return bytes;
  return operate(NODE_DIVIDE, bytes, integer_node(size, type_long, at), type_long, at);
}

// 1 or 0 when the truth of a constant is known, else -1.
long known_truth(struct Node *node) {
  if (node->kind == NODE_INTEGER)
    return node->value != 0;
  if (node->kind == NODE_FLOAT)
    return !real_is_zero(node->real);
  if (node->kind == NODE_ADDRESS && is_place(node->left))
    return 1;
  return -1;
}

struct Node *compare(long kind, struct Node *left, struct Node *right, struct Token *at) {
  if (is_arithmetic(left->type) && is_arithmetic(right->type)) {
    left = promote(left);
    right = promote(right);
    struct Type *type = common_type(left->type, right->type);
    return operate(kind, convert(left, type), convert(right, type), type_int, at);
  }
  if (!is_in_rax(left->type) || !is_in_rax(right->type))
    fail(at, "these operands cannot be compared");
  // the address of an object is never null
  if ((kind == NODE_EQUAL || kind == NODE_NOT_EQUAL) && is_constant_zero(right) && known_truth(left) == 1)
    return integer_node(kind == NODE_NOT_EQUAL, type_int, at);
  return operate(kind, convert(left, type_unsigned_long), convert(right, type_unsigned_long), type_int, at);
}

struct Node *shift(long kind, struct Node *left, struct Node *right, struct Token *at) {
  if (!is_integer(left->type) || !is_integer(right->type))
    fail(at, "a shift needs integers");
  left = promote(left);
  return operate(kind, left, convert(promote(right), type_int), left->type, at);
}

// LEFT op RIGHT with C's conversions, for all operators but && || , and assignment.
struct Node *binary(long kind, struct Node *left, struct Node *right, struct Token *at) {
  left = value_of(left);
  right = value_of(right);
  if (is_comparison(kind))
    return compare(kind, left, right, at);
  if (kind == NODE_SHIFT_LEFT || kind == NODE_SHIFT_RIGHT)
    return shift(kind, left, right, at);
  if (kind == NODE_ADD && is_pointer(left->type) && is_integer(right->type))
    return add_pointer(left, right, at);
  if (kind == NODE_ADD && is_integer(left->type) && is_pointer(right->type))
    return add_pointer(right, left, at);
  if (kind == NODE_SUBTRACT && is_pointer(left->type))
    return subtract_pointer(left, right, at);
  if (!is_arithmetic(left->type) || !is_arithmetic(right->type))
    fail(at, "the operator does not take operands of these types");
  left = promote(left);
  right = promote(right);
  struct Type *type = common_type(left->type, right->type);
  if (is_floating(type) && kind >= NODE_REMAINDER)
    fail(at, "the operator needs integers");
  return operate(kind, convert(left, type), convert(right, type), type, at);
}

struct Node *unary(long kind, struct Node *operand, struct Token *at) {
  operand = value_of(operand);
  if (!is_arithmetic(operand->type) || (kind == NODE_COMPLEMENT && !is_integer(operand->type)))
    fail(at, "the operator does not take an operand of this type");
  operand = promote(operand);
  if (operand->kind == NODE_INTEGER && kind == NODE_NEGATE)
    return integer_node(-operand->value, operand->type, at);
  if (operand->kind == NODE_INTEGER)
    return integer_node(~operand->value, operand->type, at);
  if (operand->kind == NODE_FLOAT)
    return float_node(real_negate(operand->real), operand->type, at);
  return new_node(kind, operand->type, operand, 0, at);
}

struct Node *logical_not(struct Node *operand, struct Token *at) {
  operand = condition_of(operand);
  if (known_truth(operand) >= 0)
    return integer_node(!known_truth(operand), type_int, at);
  return new_node(NODE_NOT, type_int, operand, 0, at);
}

struct Node *logical(long kind, struct Node *left, struct Node *right, struct Token *at) {
  left = condition_of(left);
  right = condition_of(right);
  long decides = kind == NODE_LOGICAL_OR;
  if (known_truth(left) == decides)
    return integer_node(decides, type_int, at);
  if (known_truth(left) >= 0 && known_truth(right) >= 0)
    return integer_node(known_truth(right), type_int, at);
  return new_node(kind, type_int, left, right, at);
}

struct Type *conditional_type(struct Node *left, struct Node *right, struct Token *at) {
  if (left->type->kind == TYPE_VOID || right->type->kind == TYPE_VOID)
    return type_void;
  if (is_arithmetic(left->type) && is_arithmetic(right->type))
    return common_type(promote(left)->type, promote(right)->type);
  if (is_record(left->type) && left->type == right->type)
    return left->type;
  if (is_pointer(left->type) && is_pointer(right->type)) {
    // a null pointer constant gives way; else void * wins
    if (right->type->base->kind == TYPE_VOID && !is_constant_zero(right))
      return right->type;
    if (is_constant_zero(left))
      return right->type;
    if (left->type->base->kind == TYPE_VOID && !is_constant_zero(left))
      return left->type;
    return left->type;
  }
  if (is_pointer(left->type) && is_integer(right->type))
    return left->type;
  if (is_integer(left->type) && is_pointer(right->type))
    return right->type;
  fail(at, "the two branches of ?: have different types");
  return 0;
}

struct Node *conditional(struct Node *condition, struct Node *left, struct Node *right, struct Token *at) {
  condition = condition_of(condition);
  left = value_of(left);
  right = value_of(right);
  struct Type *type = conditional_type(left, right, at);
  if (!is_record(type)) {
    left = convert(left, type);
    right = convert(right, type);
  }
  if (known_truth(condition) == 1)
    return left;
  if (known_truth(condition) == 0)
    return right;
  struct Node *node = new_node(NODE_CONDITIONAL, type, left, right, at);
  node->third = condition;
  if (condition->depth >= node->depth)
    node->depth = condition->depth + 1;
  return node;
}

// ---- Assignment ----

void require_place(struct Node *node) {
  if (!is_place(node) || node->type->kind == TYPE_ARRAY || node->type->kind == TYPE_FUNCTION)
    fail(node->at, "this cannot be assigned to");
}

struct Node *assign(struct Node *place, struct Node *value, struct Token *at) {
  require_place(place);
  if (!is_complete(place->type))
    fail(at, "assignment to an incomplete type");
  return new_node(NODE_ASSIGN, place->type, place, convert_for_assignment(value, place->type), at);
}

struct Node *comma(struct Node *left, struct Node *right) {
  right = value_of(right);
  return new_node(NODE_COMMA, right->type, value_of(left), right, right->at);
}

// A place that may be evaluated twice: what leads to it is kept in a hidden variable.
// The preparation, if any, is left in place_preparation.
struct Node *place_preparation;

struct Node *repeatable_place(struct Node *place) {
  place_preparation = 0;
  if (place->kind == NODE_BIT_FIELD) {
    struct Node *unit = repeatable_place(place->left);
    struct Node *field = retyped(place, place->type);
    field->left = unit;
    return field;
  }
  if (place->kind != NODE_DEREFERENCE || place->left->kind == NODE_LOCAL || place->left->kind == NODE_GLOBAL)
    return place;
  struct Node *hidden = local_node(allocate_local(8, 8), place->left->type, place->at);
  place_preparation = assign(hidden, place->left, place->at);
  struct Node *again = new_node(NODE_DEREFERENCE, place->type, hidden, 0, place->at);
  again->value = place->value;
  return again;
}

// PLACE op= VALUE, made into PLACE = PLACE op VALUE.
struct Node *assign_operation(long kind, struct Node *place, struct Node *value, struct Token *at) {
  require_place(place);
  place = repeatable_place(place);
  struct Node *preparation = place_preparation;
  struct Node *result = assign(place, binary(kind, place, value, at), at);
  if (preparation)
    return comma(preparation, result);
  return result;
}

// PLACE++ and PLACE--. Integers and pointers: (PLACE += 1) - 1, which needs no second variable. (The
// result is converted to the type, which undoes a wrap; a bit field wraps at another width, _Bool not at all.)
struct Node *postfix_step(long kind, struct Node *place, struct Token *at) {
  require_place(place);
  struct Node *one = integer_node(1, type_int, at);
  if (is_in_rax(place->type) && place->type->kind != TYPE_BOOL && place->kind != NODE_BIT_FIELD) {
    long opposite = NODE_ADD + NODE_SUBTRACT - kind;
    return convert(binary(opposite, assign_operation(kind, place, one, at), one, at), place->type);
  }
  place = repeatable_place(place);
  struct Node *preparation = place_preparation;
  struct Node *old = local_node(allocate_local(place->type->size, place->type->align), place->type, at);
  struct Node *result = comma(assign(place, binary(kind, place, one, at), at), old);
  result = comma(assign(old, place, at), result);
  if (preparation)
    return comma(preparation, result);
  return result;
}
