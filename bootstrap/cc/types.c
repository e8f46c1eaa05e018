// types.c: the types of C, their sizes, alignments and layout (System V ABI for x86_64).
// Qualifiers (const, volatile, restrict) change nothing in the code we make and are not kept.

enum {
  TYPE_VOID, TYPE_BOOL, TYPE_CHAR, TYPE_SHORT, TYPE_INT, TYPE_LONG, TYPE_LONG_LONG,
  TYPE_FLOAT, TYPE_DOUBLE, TYPE_LONG_DOUBLE,
  TYPE_POINTER, TYPE_ARRAY, TYPE_FUNCTION, TYPE_STRUCT, TYPE_UNION
};

enum { UNKNOWN = -1 };        // size of an incomplete type, count of an array without a bound
enum { NOT_A_BIT_FIELD = -1 };

// Pointers to pointers to ...: types are walked by recursion, too.
enum { MAX_TYPE_DEPTH = 1000 };

struct Token *token;          // the current token of the parser; here because messages need it

// The largest object: addresses are 32 bits (the program lies at 0x400000).
enum { MAX_OBJECT_SIZE = 0x40000000 };

struct Type {
  long kind;
  long size;                  // bytes; UNKNOWN while incomplete
  long align;
  long is_unsigned;
  struct Type *base;          // what a pointer points to, an array's element, a function's result
  long count;                 // elements of an array, or UNKNOWN
  struct Member *members;     // of a struct or union
  char *tag;
  long depth;                 // 1 more than the base's
  struct Parameter *parameters;
  long has_prototype;         // 0 for `int f()`
  long is_variadic;
};

struct Member {
  char *name;                 // 0 for an unnamed bit field or an anonymous struct
  struct Type *type;
  long offset;                // bytes; of the storage unit for a bit field
  long bit_offset;            // within the storage unit
  long width;                 // bits, or NOT_A_BIT_FIELD
  long align;                 // from an `aligned` attribute, else 0
  struct Member *next;
};

struct Parameter {
  char *name;
  struct Type *type;
  struct Token *at;
  struct Parameter *next;
};

struct Type *type_void;
struct Type *type_bool;
struct Type *type_char;
struct Type *type_unsigned_char;
struct Type *type_short;
struct Type *type_unsigned_short;
struct Type *type_int;
struct Type *type_unsigned;
struct Type *type_long;
struct Type *type_unsigned_long;
struct Type *type_long_long;
struct Type *type_unsigned_long_long;
struct Type *type_float;
struct Type *type_double;
struct Type *type_long_double;
struct Type *type_char_pointer;

struct Type *new_type(long kind, long size, long align) {
  struct Type *type = (struct Type *)allocate(sizeof(struct Type));
  type->kind = kind;
  type->size = size;
  type->align = align;
  type->count = UNKNOWN;
  return type;
}

struct Type *new_unsigned_type(long kind, long size) {
  struct Type *type = new_type(kind, size, size);
  type->is_unsigned = 1;
  return type;
}

void set_base(struct Type *type, struct Type *base) {
  type->base = base;
  type->depth = base->depth + 1;
  if (type->depth > MAX_TYPE_DEPTH)
    fail(token, "type too deep");
}

struct Type *pointer_to(struct Type *base) {
  struct Type *type = new_unsigned_type(TYPE_POINTER, 8);
  set_base(type, base);
  return type;
}

struct Type *function_returning(struct Type *result) {
  struct Type *type = new_type(TYPE_FUNCTION, 1, 1);
  set_base(type, result);
  return type;
}

void init_types() {
  type_void = new_type(TYPE_VOID, 1, 1);
  type_bool = new_unsigned_type(TYPE_BOOL, 1);
  type_char = new_type(TYPE_CHAR, 1, 1);
  type_unsigned_char = new_unsigned_type(TYPE_CHAR, 1);
  type_short = new_type(TYPE_SHORT, 2, 2);
  type_unsigned_short = new_unsigned_type(TYPE_SHORT, 2);
  type_int = new_type(TYPE_INT, 4, 4);
  type_unsigned = new_unsigned_type(TYPE_INT, 4);
  type_long = new_type(TYPE_LONG, 8, 8);
  type_unsigned_long = new_unsigned_type(TYPE_LONG, 8);
  type_long_long = new_type(TYPE_LONG_LONG, 8, 8);
  type_unsigned_long_long = new_unsigned_type(TYPE_LONG_LONG, 8);
  type_float = new_type(TYPE_FLOAT, 4, 4);
  type_double = new_type(TYPE_DOUBLE, 8, 8);
  type_long_double = new_type(TYPE_LONG_DOUBLE, 16, 16);
  type_char_pointer = pointer_to(type_char);
}

// ---- Questions about types ----

long is_integer(struct Type *type) { return type->kind >= TYPE_BOOL && type->kind <= TYPE_LONG_LONG; }

long is_floating(struct Type *type) { return type->kind >= TYPE_FLOAT && type->kind <= TYPE_LONG_DOUBLE; }

long is_arithmetic(struct Type *type) { return type->kind >= TYPE_BOOL && type->kind <= TYPE_LONG_DOUBLE; }

long is_pointer(struct Type *type) { return type->kind == TYPE_POINTER; }

long is_scalar(struct Type *type) { return is_arithmetic(type) || is_pointer(type); }

long is_record(struct Type *type) { return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION; }

// Values of these types are worked on in rax.
long is_in_rax(struct Type *type) { return is_integer(type) || is_pointer(type); }

long is_complete(struct Type *type) { return type->size != UNKNOWN && type->kind != TYPE_VOID; }

// One declaration for the same function or object may follow another only with the same type.
long same_type(struct Type *a, struct Type *b) {
  if (a == b)
    return 1;
  if (a->kind != b->kind || a->is_unsigned != b->is_unsigned)
    return 0;
  if (a->kind == TYPE_POINTER)
    return same_type(a->base, b->base);
  if (a->kind == TYPE_ARRAY)
    return same_type(a->base, b->base) && (a->count == b->count || a->count == UNKNOWN || b->count == UNKNOWN);
  if (is_record(a))
    return 0;
  if (a->kind != TYPE_FUNCTION)
    return 1;
  if (!same_type(a->base, b->base))
    return 0;
  if (!a->has_prototype || !b->has_prototype)
    return 1;
  if (a->is_variadic != b->is_variadic)
    return 0;
  struct Parameter *mine = a->parameters;
  struct Parameter *other = b->parameters;
  while (mine && other) {
    if (!same_type(mine->type, other->type))
      return 0;
    mine = mine->next;
    other = other->next;
  }
  return !mine && !other;
}

// ---- Arrays ----

struct Type *array_of(struct Type *element, long count, struct Token *at) {
  if (element->kind == TYPE_FUNCTION)
    fail(at, "array of functions");
  if (!is_complete(element))
    fail(at, "array of an incomplete type");
  struct Type *type = new_type(TYPE_ARRAY, UNKNOWN, element->align);
  set_base(type, element);
  type->count = count;
  if (count == UNKNOWN)
    return type;
  if (count < 0 || (element->size > 0 && count > MAX_OBJECT_SIZE / element->size))
    fail(at, "array size out of range");
  type->size = count * element->size;
  return type;
}

// ---- Structs and unions ----

long round_up(long value, long align) { return (value + align - 1) & -align; }

// Bit fields are packed into storage units of their declared type: a field that would cross
// the boundary of such a unit begins at the next one; a width of 0 closes the unit.
// `bit` is the first free bit; the first bit after the field is the result.
long lay_out_bit_field(struct Member *member, long bit) {
  long unit = member->type->size * 8;
  if (member->width == 0 || bit / unit != (bit + member->width - 1) / unit)
    bit = round_up(bit, unit);
  member->offset = bit / unit * member->type->size;
  member->bit_offset = bit % unit;
  return bit + member->width;
}

long lay_out_plain_member(struct Member *member, long bit, long is_packed) {
  long align = member->type->align;
  if (is_packed)
    align = 1;
  if (member->align > align)
    align = member->align;
  member->offset = round_up((bit + 7) / 8, align);
  if (member->type->size == UNKNOWN)   // a flexible array at the end
    return member->offset * 8;
  return (member->offset + member->type->size) * 8;
}

long member_align(struct Member *member, long is_packed) {
  // an unnamed bit field does not raise the alignment
  if (member->width != NOT_A_BIT_FIELD && !member->name)
    return 1;
  long align = member->type->align;
  if (is_packed)
    align = 1;
  if (member->align > align)
    align = member->align;
  return align;
}

// Gives each member its offset, and the struct or union its size and alignment.
// `align` is the least alignment that an attribute asks for.
void lay_out(struct Type *record, long is_packed, long align, struct Token *at) {
  long bit = 0;
  long end = 0;
  struct Member *member;
  for (member = record->members; member; member = member->next) {
    if (record->kind == TYPE_UNION)
      bit = 0;
    if (member->width == NOT_A_BIT_FIELD)
      bit = lay_out_plain_member(member, bit, is_packed);
    else if (is_packed)
      fail(at, "bit field in a packed struct is not supported");
    else
      bit = lay_out_bit_field(member, bit);
    if (bit > end)
      end = bit;
    if (end / 8 > MAX_OBJECT_SIZE)
      fail(at, "struct too large");
    if (member_align(member, is_packed) > align)
      align = member_align(member, is_packed);
  }
  record->align = align;
  record->size = round_up((end + 7) / 8, align);
}

// The member NAME of a struct or union, also within its anonymous members, or 0;
// found_offset is its distance from the start.
long found_offset;

struct Member *find_member(struct Type *record, char *name) {
  struct Member *member;
  for (member = record->members; member; member = member->next) {
    if (member->name == name) {
      found_offset = member->offset;
      return member;
    }
    if (!member->name && is_record(member->type)) {
      struct Member *inner = find_member(member->type, name);
      if (inner) {
        found_offset += member->offset;
        return inner;
      }
    }
  }
  return 0;
}

// ---- Conversions that the language makes by itself ----

// The type after integer promotion: what is narrower than int becomes int.
struct Type *promoted(struct Type *type) {
  if (is_integer(type) && type->kind < TYPE_INT)
    return type_int;
  return type;
}

// The common type of two arithmetic operands (C99 6.3.1.8).
struct Type *common_type(struct Type *a, struct Type *b) {
  if (is_floating(a) || is_floating(b)) {
    if (a->kind > b->kind)
      return a;
    return b;
  }
  a = promoted(a);
  b = promoted(b);
  if (a->kind == b->kind) {
    if (a->is_unsigned)
      return a;
    return b;
  }
  if (a->kind < b->kind) {
    struct Type *swap = a;
    a = b;
    b = swap;
  }
  // a has the higher rank; a signed a holds every value of a narrower b only
  if (a->is_unsigned || !b->is_unsigned || a->size > b->size)
    return a;
  return type_unsigned_long_long;   // long long and unsigned long
}

// VALUE as an object of TYPE holds it, extended to 64 bits again.
long wrap(long value, struct Type *type) {
  if (type->kind == TYPE_BOOL)
    return value != 0;
  if (type->size == 8)
    return value;
  long unused_bits = 64 - type->size * 8;
  if (type->is_unsigned)
    return ushr(value << unused_bits, unused_bits);
  return value << unused_bits >> unused_bits;
}
