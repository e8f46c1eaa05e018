// symbols.c: what names mean (symbols in scopes), and what the program consists of (objects).

// ---- Objects: functions, variables, strings; everything that gets an address ----

enum { SECTION_TEXT, SECTION_CONSTANT, SECTION_DATA, SECTION_ZERO };
enum { OBJECT_REFERENCED, OBJECT_TENTATIVE, OBJECT_DEFINED };

struct Object {
  char *name;                 // for messages
  struct Type *type;
  long section;
  long state;
  char *bytes;                // 0 for SECTION_ZERO
  long size;
  long align;
  struct Fixup *fixups;
  long address;
  long is_reached;
  struct Token *at;           // where it was first named
  struct Object *next;        // the next external of the same hash
  struct Object *next_reached;
};

// A place in an object's bytes that holds another object's address.
enum { FIXUP_RELATIVE, FIXUP_ABSOLUTE_32, FIXUP_ABSOLUTE_64 };

struct Fixup {
  long kind;
  long offset;
  struct Object *target;
  long addend;
  struct Fixup *next;
};

enum { HASH_SIZE = 8192 };

struct Object **externals;    // hash table of objects with external linkage, for all units
struct Token *no_token;       // stands for "no place" in messages

long hash_pointer(char *pointer) {
  long number = (long)pointer;
  return ((number >> 3) ^ (number >> 15)) & (HASH_SIZE - 1);
}

struct Object *new_object(char *name, struct Type *type, struct Token *at) {
  struct Object *object = (struct Object *)allocate(sizeof(struct Object));
  object->name = name;
  object->type = type;
  object->at = at;
  object->align = 1;
  return object;
}

// The one object that NAME with external linkage means in every unit.
struct Object *external_object(char *name, struct Type *type, struct Token *at) {
  long hash = hash_pointer(name);
  struct Object *object = externals[hash];
  while (object) {
    if (object->name == name)
      return object;
    object = object->next;
  }
  object = new_object(name, type, at);
  object->next = externals[hash];
  externals[hash] = object;
  return object;
}

void add_fixup(struct Object *object, long kind, long offset, struct Object *target, long addend) {
  struct Fixup *fixup = (struct Fixup *)allocate(sizeof(struct Fixup));
  fixup->kind = kind;
  fixup->offset = offset;
  fixup->target = target;
  fixup->addend = addend;
  fixup->next = object->fixups;
  object->fixups = fixup;
}

// ---- Symbols ----

enum { SYMBOL_TYPEDEF, SYMBOL_OBJECT, SYMBOL_LOCAL, SYMBOL_CONSTANT, SYMBOL_TAG };
enum { SPACE_ORDINARY, SPACE_TAG };

struct Symbol {
  char *name;
  long space;
  long kind;
  struct Type *type;
  struct Object *object;      // of SYMBOL_OBJECT
  long value;                 // of SYMBOL_CONSTANT; of SYMBOL_LOCAL: distance from rbp
  long depth;                 // of the scope: 0 file, more in blocks
  struct Symbol *outer;       // what the name means outside of the scope
  struct Symbol *next_in_scope;
};

struct Scope {
  struct Symbol *symbols;
  struct Scope *outer;
  long frame_used;            // bytes of the frame in use when the scope began
};

struct Scope *scope;
long scope_depth;

void init_symbols() {
  externals = (struct Object **)allocate(HASH_SIZE * sizeof(char *));
  scope_depth = -1;
}

// The innermost symbol of a name, or 0.
struct Symbol *find_symbol(char *name, long space) {
  if (space == SPACE_TAG)
    return (struct Symbol *)name_of(name)->tag;
  return (struct Symbol *)name_of(name)->symbol;
}

void set_meaning(char *name, long space, struct Symbol *symbol) {
  if (space == SPACE_TAG)
    name_of(name)->tag = (char *)symbol;
  else
    name_of(name)->symbol = (char *)symbol;
}

void enter_scope() {
  struct Scope *inner = (struct Scope *)allocate(sizeof(struct Scope));
  inner->outer = scope;
  scope = inner;
  scope_depth++;
}

void leave_scope() {
  struct Symbol *symbol;
  for (symbol = scope->symbols; symbol; symbol = symbol->next_in_scope)
    set_meaning(symbol->name, symbol->space, symbol->outer);
  scope = scope->outer;
  scope_depth--;
}

struct Symbol *find_in_this_scope(char *name, long space) {
  struct Symbol *symbol = find_symbol(name, space);
  if (symbol && symbol->depth == scope_depth)
    return symbol;
  return 0;
}

struct Symbol *add_symbol(char *name, long space, long kind, struct Type *type) {
  struct Symbol *symbol = (struct Symbol *)allocate(sizeof(struct Symbol));
  symbol->name = name;
  symbol->space = space;
  symbol->kind = kind;
  symbol->type = type;
  symbol->depth = scope_depth;
  symbol->outer = find_symbol(name, space);
  set_meaning(name, space, symbol);
  symbol->next_in_scope = scope->symbols;
  scope->symbols = symbol;
  return symbol;
}
