// initialisers.c: what follows the = of a declaration, and compound literals.
// An initialiser is first read into a list of (place, value) pairs, which are then either written into the
// bytes of a static object or made into assignments to a local one.

struct Initial {
  long offset;                // from the start of the object
  struct Type *type;
  struct Member *field;       // if it is a bit field
  struct Node *value;
  long is_overridden;         // a later one is for the whole that this is part of
  struct Initial *next;
};

struct Initial *first_initial;
struct Initial *last_initial;
struct Node *pending_value;   // an expression that was read before it was known what it initialises
long array_count;             // elements that the last array of unknown size got
long end_of_initials;         // how far the values reach
long has_designators;

void initialise(struct Type *type, long offset);

void add_initial(struct Type *type, long offset, struct Member *field, struct Node *value) {
  struct Initial *initial = (struct Initial *)allocate(sizeof(struct Initial));
  initial->offset = offset;
  initial->type = type;
  initial->field = field;
  initial->value = value;
  if (last_initial)
    last_initial->next = initial;
  else
    first_initial = initial;
  last_initial = initial;
  if (offset + type->size > end_of_initials)
    end_of_initials = offset + type->size;
}

// A new value for size bytes at offset takes the place of all that was said about parts of them.
void override_initials(long offset, long size) {
  struct Initial *initial;
  if (!has_designators || offset >= end_of_initials)
    return;
  for (initial = first_initial; initial; initial = initial->next)
    if (initial->offset >= offset && initial->offset < offset + size)
      initial->is_overridden = 1;
}

// ---- Reading ----

struct Node *take_value() {
  struct Node *value = pending_value;
  pending_value = 0;
  if (!value)
    value = parse_assignment();
  return value;
}

void initialise_scalar(struct Type *type, long offset, struct Member *field) {
  if (!pending_value && accept(T_LEFT_BRACE)) {
    nest();
    initialise_scalar(type, offset, field);
    unnest();
    accept(T_COMMA);
    expect(T_RIGHT_BRACE, "expected } after the value");
    return;
  }
  add_initial(type, offset, field, convert_for_assignment(take_value(), type));
}

// A string literal for an array of char (or of int, for L"").
long is_string_for(struct Type *type, struct Token *candidate) {
  if (candidate->kind != T_STRING || type->kind != TYPE_ARRAY || pending_value)
    return 0;
  if (candidate->flags & STR_WIDE)
    return type->base->kind == TYPE_INT;
  return type->base->kind == TYPE_CHAR;
}

void initialise_by_string(struct Type *type, long offset) {
  struct Token *string = token;
  struct Type *element = type->base;
  long i;
  advance();
  long count = string->length / element->size;
  array_count = count + 1;
  if (type->count != UNKNOWN && count > type->count)
    fail(string, "string too long for the array");
  struct Type *whole = array_of(type_char, count * element->size, string);
  override_initials(offset, type->size);
  struct Object *bytes = string_object(string->text, count * element->size, whole, string);
  // the bytes of the string as one value; the rest of the array is zero
  add_initial(whole, offset, 0, global_node(bytes, whole, string));
  i = array_count * element->size;
  if (type->count == UNKNOWN && offset + i > end_of_initials)
    end_of_initials = offset + i;
}

// The next position of an aggregate that is being initialised.
struct Position {
  struct Type *aggregate;
  long offset;                // of the aggregate
  long index;                 // of the next element
  long count;                 // the most elements that were set
  struct Member *member;      // the next member
  long is_over;               // a union takes one value
};

void skip_unnamed(struct Position *position) {
  while (position->member && !position->member->name && !is_record(position->member->type))
    position->member = position->member->next;
}

long is_full(struct Position *position) {
  if (position->aggregate->kind == TYPE_ARRAY)
    return position->aggregate->count != UNKNOWN && position->index >= position->aggregate->count;
  return position->is_over || !position->member;
}

// Goes to the next element or member.
void step(struct Position *position) {
  if (position->aggregate->kind == TYPE_ARRAY) {
    position->index++;
    if (position->index > position->count)
      position->count = position->index;
    if (position->index > MAX_OBJECT_SIZE)
      fail(token, "array too large");
    return;
  }
  position->member = position->member->next;
  skip_unnamed(position);
  if (position->aggregate->kind == TYPE_UNION)
    position->is_over = 1;
}

void initialise_current(struct Position *position) {
  if (position->aggregate->kind == TYPE_ARRAY) {
    struct Type *element = position->aggregate->base;
    initialise(element, position->offset + position->index * element->size);
  } else {
    struct Member *member = position->member;
    if (position->aggregate->kind == TYPE_UNION)
      override_initials(position->offset, position->aggregate->size);
    if (member->width != NOT_A_BIT_FIELD)
      initialise_scalar(member->type, position->offset + member->offset, member);
    else
      initialise(member->type, position->offset + member->offset);
  }
}

struct Position *first_position(struct Type *type, long offset) {
  struct Position *position = (struct Position *)allocate(sizeof(struct Position));
  position->aggregate = type;
  position->offset = offset;
  position->member = type->members;
  if (is_record(type))
    skip_unnamed(position);
  return position;
}

// Goes on with the values of an aggregate without braces of its own, as long as it has places for them.
void initialise_rest(struct Position *position) {
  while (!is_full(position) && token_is(T_COMMA)) {
    struct Token *following = peek();
    if (following->kind == T_RIGHT_BRACE || following->kind == T_DOT || following->kind == T_LEFT_BRACKET)
      break;
    advance();
    initialise_current(position);
    step(position);
  }
}

// ---- Designators ----

// [n : the index, checked
long parse_index(struct Type *array) {
  struct Token *place = token;
  if (array->kind != TYPE_ARRAY)
    fail(place, "an index into something that is no array");
  advance();
  long index = parse_constant("the index is not a constant");
  if (index < 0 || index > MAX_OBJECT_SIZE || (array->count != UNKNOWN && index >= array->count))
    fail(place, "index outside of the array");
  return index;
}

// Makes the member NAME the position, or the anonymous member that contains it; the result is then the
// name, which is to be looked for inside, else 0.
char *go_to_member(struct Position *position, char *name, struct Token *place) {
  struct Type *record = position->aggregate;
  struct Member *member = record->members;
  if (!find_member(record, name))
    fail_name(place, "no such member", name);
  while (member->name != name && !(!member->name && is_record(member->type) && find_member(member->type, name)))
    member = member->next;
  position->member = member;
  position->is_over = 0;
  if (member->name == name)
    return 0;
  return name;
}

// .name or [n] : makes it the position. The result is as that of go_to_member.
char *parse_designator(struct Position *position) {
  struct Token *place = token;
  has_designators = 1;
  if (token_is(T_DOT)) {
    advance();
    if (!is_record(position->aggregate))
      fail(place, "a member of something that is no struct");
    return go_to_member(position, expect_name("expected the name of a member"), place);
  }
  position->index = parse_index(position->aggregate);
  expect(T_RIGHT_BRACKET, "expected ]");
  return 0;
}

struct Position *current_position(struct Position *position, struct Token *place) {
  struct Type *type;
  if (position->aggregate->kind == TYPE_ARRAY) {
    type = position->aggregate->base;
    return first_position(type, position->offset + position->index * type->size);
  }
  type = position->member->type;
  if (!is_record(type) && type->kind != TYPE_ARRAY)
    fail(place, "a designator for something that is neither a struct nor an array");
  return first_position(type, position->offset + position->member->offset);
}

// What follows the first designator: further ones, which go deeper, then = and the value. Values after
// it continue where the innermost designator led.
void initialise_designated(struct Position *position, char *name) {
  struct Token *place = token;
  nest();
  if (name) {
    struct Position *anonymous = current_position(position, place);
    initialise_designated(anonymous, go_to_member(anonymous, name, place));
    initialise_rest(anonymous);
  } else if (token_is(T_DOT) || token_is(T_LEFT_BRACKET)) {
    struct Position *inner = current_position(position, place);
    initialise_designated(inner, parse_designator(inner));
    initialise_rest(inner);
  } else {
    expect(T_ASSIGN, "expected = after a designator");
    initialise_current(position);
  }
  step(position);
  unnest();
}

enum { MAX_RANGE = 0x10000 };  // elements of [first ... last], each of which takes memory in the list

// The values after `before` again, for the elements up to last.
void repeat_values(struct Position *position, struct Initial *before, long first, long last) {
  struct Initial *until = last_initial;
  while (position->index <= last) {
    struct Initial *initial = first_initial;
    long size = position->aggregate->base->size;
    long distance = (position->index - first) * size;
    override_initials(position->offset + position->index * size, size);
    if (before)
      initial = before->next;
    while (initial) {
      if (!initial->is_overridden)
        add_initial(initial->type, initial->offset + distance, initial->field, initial->value);
      if (initial == until)
        break;
      initial = initial->next;
    }
    step(position);
  }
}

// [first ... last] = value
void initialise_range(struct Position *position, long first) {
  struct Initial *before = last_initial;
  long last = parse_index(position->aggregate);
  expect(T_RIGHT_BRACKET, "expected ]");
  if (last < first || last - first > MAX_RANGE)
    fail(token, "range of an initialiser empty or too long");
  position->index = first;
  initialise_designated(position, 0);
  repeat_values(position, before, first, last);
}

// [n]... = value, [first ... last] = value, .name... = value
void initialise_by_designator(struct Position *position) {
  has_designators = 1;
  if (token_is(T_LEFT_BRACKET)) {
    long first = parse_index(position->aggregate);
    if (token_is(T_ELLIPSIS)) {
      initialise_range(position, first);
      return;
    }
    position->index = first;
    expect(T_RIGHT_BRACKET, "expected ]");
    initialise_designated(position, 0);
  } else
    initialise_designated(position, parse_designator(position));
}

// ---- Braces ----

// { ... }
void initialise_braced(struct Type *type, long offset) {
  struct Position *position = first_position(type, offset);
  override_initials(offset, type->size);
  advance();
  while (!token_is(T_RIGHT_BRACE)) {
    if (token_is(T_DOT) || token_is(T_LEFT_BRACKET))
      initialise_by_designator(position);
    else if (is_full(position))
      fail(token, "too many values in an initialiser");
    else {
      initialise_current(position);
      step(position);
    }
    if (!accept(T_COMMA))
      break;
  }
  expect(T_RIGHT_BRACE, "expected } after an initialiser");
  array_count = position->count;
}

// The values of an aggregate without braces of its own: as many as it has places for.
void initialise_unbraced(struct Type *type, long offset) {
  struct Position *position = first_position(type, offset);
  if (!is_full(position)) {
    initialise_current(position);
    step(position);
    initialise_rest(position);
  }
  array_count = position->count;
}

void initialise_aggregate(struct Type *type, long offset) {
  if (!pending_value && token_is(T_LEFT_BRACE)) {
    if (type->kind == TYPE_ARRAY && is_string_for(type, peek())) {
      advance();
      initialise_by_string(type, offset);
      accept(T_COMMA);
      expect(T_RIGHT_BRACE, "expected } after the string");
    } else
      initialise_braced(type, offset);
    return;
  }
  if (is_string_for(type, token)) {
    initialise_by_string(type, offset);
    return;
  }
  if (!token_is(T_STRING) && !pending_value)
    pending_value = parse_assignment();
  if (pending_value && is_record(type) && pending_value->type == type) {
    override_initials(offset, type->size);
    add_initial(type, offset, 0, take_value());
  } else if (pending_value && pending_value->type->kind == TYPE_ARRAY && type->kind == TYPE_ARRAY
           && pending_value->kind == NODE_GLOBAL && same_type(pending_value->type, type)) {
    array_count = pending_value->type->count;         // a compound literal for an array
    add_initial(pending_value->type, offset, 0, take_value());
  } else
    initialise_unbraced(type, offset);
}

void initialise(struct Type *type, long offset) {
  nest();
  if (type->kind == TYPE_ARRAY || is_record(type))
    initialise_aggregate(type, offset);
  else if (type->kind == TYPE_FUNCTION || !is_complete(type))
    fail(token, "this cannot be initialised");
  else
    initialise_scalar(type, offset, 0);
  unnest();
}

// Reads an initialiser for TYPE into the list; the result is the type, with its size if it had none.
struct Type *read_initialiser(struct Type *type) {
  struct Token *place = token;
  first_initial = 0;
  last_initial = 0;
  pending_value = 0;
  end_of_initials = 0;
  has_designators = 0;
  initialise(type, 0);
  if (pending_value)
    fail(place, "this cannot be initialised with such a value");
  if (type->kind == TYPE_ARRAY && type->count == UNKNOWN)
    return array_of(type->base, array_count, place);
  return type;
}

// ---- Constants ----

// The value of a static initialiser, when it is known at last: a number, or an address plus a number.
struct Object *constant_object;

// The sum of an address (its object left in constant_object) and a number.
long constant_address(struct Node *node) {
  if (node->kind == NODE_INTEGER)
    return node->value;
  if (node->kind == NODE_ADDRESS && node->left->kind == NODE_GLOBAL && !constant_object) {
    constant_object = node->left->object;
    return node->left->value;
  }
  if (node->kind == NODE_ADD)
    return constant_address(node->left) + constant_address(node->right);
  if (node->kind == NODE_SUBTRACT) {
    long left = constant_address(node->left);
    struct Object *object = constant_object;
    constant_object = 0;
    left = left - constant_address(node->right);
    if (constant_object && object != constant_object)
      fail(node->at, "difference of two addresses in an initialiser");
    if (constant_object)
      object = 0;
    constant_object = object;
    return left;
  }
  if (node->kind == NODE_CONVERT && is_in_rax(node->left->type) && node->type->size == 8)
    return constant_address(node->left);
  fail(node->at, "the initialiser is not a constant");
  return 0;
}

// ---- Static objects ----

void put_bytes(struct Object *object, long offset, long value, long size) {
  long i;
  for (i = 0; i < size; i++)
    object->bytes[offset + i] = value >> (i * 8);
}

long get_bytes(struct Object *object, long offset, long size) {
  long value = 0;
  long i;
  for (i = size - 1; i >= 0; i = i - 1)
    value = value << 8 | object->bytes[offset + i];
  return value;
}

void put_bit_field(struct Object *object, long offset, struct Member *field, long value) {
  long size = field->type->size;
  long mask = bit_mask(field->width) << field->bit_offset;
  long unit = get_bytes(object, offset, size);
  put_bytes(object, offset, (unit & ~mask) | ((value << field->bit_offset) & mask), size);
}

void put_float(struct Object *object, long offset, struct Node *value) {
  if (value->type->kind == TYPE_FLOAT)
    put_bytes(object, offset, real_to_float_bits(value->real), 4);
  else if (value->type->kind == TYPE_DOUBLE)
    put_bytes(object, offset, real_to_double_bits(value->real), 8);
  else {
    put_bytes(object, offset, real_extended_mantissa(value->real), 8);
    put_bytes(object, offset + 8, real_extended_head(value->real), 2);
  }
}

// A later value for the same place wins: forget the address that an earlier one put there.
void remove_fixups(struct Object *object, long offset, long size) {
  struct Fixup *fixup = object->fixups;
  struct Fixup *last = 0;
  while (fixup) {
    if (fixup->offset >= offset && fixup->offset < offset + size) {
      if (last)
        last->next = fixup->next;
      else
        object->fixups = fixup->next;
    } else
      last = fixup;
    fixup = fixup->next;
  }
}

// The bytes of another constant object: a string, or a compound literal.
void put_object(struct Object *object, long offset, struct Object *from, long size) {
  struct Fixup *fixup;
  long i;
  if (from->bytes)
    for (i = 0; i < size; i++)
      object->bytes[offset + i] = from->bytes[i];
  for (fixup = from->fixups; fixup; fixup = fixup->next)
    add_fixup(object, fixup->kind, offset + fixup->offset, fixup->target, fixup->addend);
}

void put_initial(struct Object *object, struct Initial *initial) {
  struct Node *value = initial->value;
  long size = initial->type->size;
  if (has_designators)
    remove_fixups(object, initial->offset, size);
  if (value->kind == NODE_GLOBAL && value->object->state == OBJECT_DEFINED && value->value == 0 && !is_scalar(value->type)
      && value->object->size >= size)
    put_object(object, initial->offset, value->object, size);
  else if (initial->field) {
    if (value->kind != NODE_INTEGER)
      fail(value->at, "the initialiser is not a constant");
    put_bit_field(object, initial->offset, initial->field, value->value);
  } else if (value->kind == NODE_INTEGER)
    put_bytes(object, initial->offset, value->value, size);
  else if (value->kind == NODE_FLOAT)
    put_float(object, initial->offset, value);
  else {
    constant_object = 0;
    long addend = constant_address(value);
    if (size != 8)
      fail(value->at, "an address does not fit here");
    if (constant_object)
      add_fixup(object, FIXUP_ABSOLUTE_64, initial->offset, constant_object, addend);
    else
      put_bytes(object, initial->offset, addend, 8);
  }
}

// Whether all is zero, so that the object needs no bytes in the file.
long is_all_zero(struct Object *object) {
  long i;
  if (object->fixups)
    return 0;
  for (i = 0; i < object->size; i++)
    if (object->bytes[i])
      return 0;
  return 1;
}

// Reads the initialiser of a static object and gives the object its bytes.
void initialise_object(struct Object *object) {
  struct Initial *initial;
  object->type = read_initialiser(object->type);
  object->size = object->type->size;
  if (end_of_initials > object->size)
    object->size = end_of_initials;                   // a flexible array at the end
  if (object->size > MAX_OBJECT_SIZE)
    fail(object->at, "object too large");
  object->bytes = allocate(object->size + 8);
  object->state = OBJECT_DEFINED;
  object->section = SECTION_DATA;
  for (initial = first_initial; initial; initial = initial->next)
    if (!initial->is_overridden)
      put_initial(object, initial);
  if (is_all_zero(object))
    object->section = SECTION_ZERO;
}

// ---- Local objects ----

// The list as assignments to the local variable at rbp + offset, which is cleared first if it is an aggregate.
struct Node *initialisation(struct Type *type, long offset, struct Token *place) {
  struct Node *node = new_node(NODE_INITIALISE, type, local_node(offset, type, place), 0, place);
  struct Initial *initial;
  struct Node *last = 0;
  // one value for the whole needs no clearing
  if (!is_scalar(type) && !(first_initial && first_initial->type == type))
    node->value = type->size;
  for (initial = first_initial; initial; initial = initial->next) {
    if (initial->is_overridden)
      continue;
    struct Node *target = local_node(offset + initial->offset, initial->type, place);
    if (initial->field) {
      target = new_node(NODE_BIT_FIELD, initial->type, target, 0, place);
      target->member = initial->field;
    }
    struct Node *assignment = new_node(NODE_ASSIGN, initial->type, target, initial->value, place);
    if (last)
      last->next = assignment;
    else
      node->arguments = assignment;
    last = assignment;
    if (assignment->depth >= node->depth)
      node->depth = assignment->depth + 1;
  }
  if (end_of_initials > type->size)
    fail(place, "a flexible array of a local variable cannot be initialised");
  return node;
}

// (type){ ... }: a static object outside of functions, a local one within.
struct Node *parse_compound_literal(struct Type *type, struct Token *place) {
  // literals may nest in initialisers: keep the outer list
  struct Initial *outer_first = first_initial;
  struct Initial *outer_last = last_initial;
  struct Node *outer_pending = pending_value;
  long outer_end = end_of_initials;
  long outer_designators = has_designators;
  struct Node *node;
  if (!this_function_name) {
    struct Object *object = new_object("compound literal", type, place);
    initialise_object(object);
    object->align = object->type->align;
    node = global_node(object, object->type, place);
  } else {
    type = read_initialiser(type);
    node = initialisation(type, allocate_local(type->size, type->align), place);
  }
  first_initial = outer_first;
  last_initial = outer_last;
  pending_value = outer_pending;
  end_of_initials = outer_end;
  has_designators = outer_designators;
  return node;
}
