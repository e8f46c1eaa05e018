// emit.c: machine code of x86_64, byte by byte; labels and jumps within a function.
// The bytes of the function in work stand in `code`; when it is complete they are handed to its object.
// Every emitter says in a comment what it emits, in Intel syntax.

enum { RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7 };

// The conditions of jcc and setcc, as encoded. Below/above are for unsigned and floating operands.
enum {
  IF_BELOW = 2, IF_ABOVE_EQUAL = 3, IF_EQUAL = 4, IF_NOT_EQUAL = 5, IF_BELOW_EQUAL = 6, IF_ABOVE = 7,
  IF_SIGN = 8, IF_NOT_SIGN = 9, IF_LESS = 12, IF_GREATER_EQUAL = 13, IF_LESS_EQUAL = 14, IF_GREATER = 15
};

enum { MAX_FUNCTION_SIZE = 0x4000000 };

char *code;
long code_length;
long code_capacity;
struct Object *this_function;   // the object that the code is for
struct Token *this_place;       // for messages

void grow_code() {
  long capacity = code_capacity * 2;
  if (capacity == 0)
    capacity = 65536;
  if (capacity > MAX_FUNCTION_SIZE)
    fail(this_place, "function too large");
  char *larger = allocate(capacity);
  long i;
  for (i = 0; i < code_length; i++)
    larger[i] = code[i];
  code = larger;
  code_capacity = capacity;
}

void emit1(long a) {
  if (code_length == code_capacity)
    grow_code();
  code[code_length++] = a;
}

void emit2(long a, long b) { emit1(a); emit1(b); }

void emit3(long a, long b, long c) { emit1(a); emit2(b, c); }

void emit4(long a, long b, long c, long d) { emit2(a, b); emit2(c, d); }

void emit_32(long value) { emit4(value, value >> 8, value >> 16, value >> 24); }

void emit_64(long value) { emit_32(value); emit_32(value >> 32); }

// ---- Labels ----

enum { NOT_PLACED = -1 };

struct Label {
  long address;               // offset in the code, or NOT_PLACED
  struct Jump *jumps;         // those that wait for the address
};

struct Jump {
  long offset;                // of the 32-bit field
  struct Jump *next;
};

struct Label *new_label() {
  struct Label *label = (struct Label *)allocate(sizeof(struct Label));
  label->address = NOT_PLACED;
  return label;
}

void patch_32(long offset, long value) {
  code[offset] = value;
  code[offset + 1] = value >> 8;
  code[offset + 2] = value >> 16;
  code[offset + 3] = value >> 24;
}

void place_label(struct Label *label) {
  struct Jump *jump;
  label->address = code_length;
  for (jump = label->jumps; jump; jump = jump->next)
    patch_32(jump->offset, code_length - (jump->offset + 4));
  label->jumps = 0;
}

// The 32-bit distance to a label, at the end of an instruction.
void emit_distance(struct Label *label) {
  if (label->address == NOT_PLACED) {
    struct Jump *jump = (struct Jump *)allocate(sizeof(struct Jump));
    jump->offset = code_length;
    jump->next = label->jumps;
    label->jumps = jump;
    emit_32(0);
  } else
    emit_32(label->address - (code_length + 4));
}

void emit_jump(struct Label *label) {
  emit1(0xE9);                                        // jmp label
  emit_distance(label);
}

void emit_jump_if(long condition, struct Label *label) {
  emit2(0x0F, 0x80 + condition);                      // jcc label
  emit_distance(label);
}

// ---- Operands ----

long fits_8(long value) { return value >= -128 && value <= 127; }

long fits_32(long value) { return value >= -2147483648 && value <= 2147483647; }

void emit_absolute_32(struct Object *object, long addend) {
  add_fixup(this_function, FIXUP_ABSOLUTE_32, code_length, object, addend);
  emit_32(0);
}

// ModRM for [base + displacement]; base is any register but rsp.
void emit_based(long reg, long base, long displacement) {
  if (displacement == 0 && base != RBP)
    emit1(reg * 8 + base);
  else if (fits_8(displacement))
    emit2(0x40 + reg * 8 + base, displacement);
  else {
    emit1(0x80 + reg * 8 + base);
    emit_32(displacement);
  }
}

// ModRM and SIB for [address of object + addend], absolute.
void emit_global(long reg, struct Object *object, long addend) {
  emit2(4 + reg * 8, 0x25);
  emit_absolute_32(object, addend);
}

// ---- Moves and the stack ----

long pushed_bytes;            // temporaries on the stack above the frame

void emit_push(long reg) {
  emit1(0x50 + reg);                                  // push reg
  pushed_bytes += 8;
}

void emit_pop(long reg) {
  emit1(0x58 + reg);                                  // pop reg
  pushed_bytes -= 8;
}

void emit_add_rsp(long bytes) {
  if (bytes == 0)
    return;
  if (fits_8(bytes))
    emit4(0x48, 0x83, 0xC4, bytes);                   // add rsp, imm8
  else {
    emit3(0x48, 0x81, 0xC4);                          // add rsp, imm32
    emit_32(bytes);
  }
  pushed_bytes -= bytes;
}

void emit_sub_rsp(long bytes) {
  if (fits_8(bytes))
    emit4(0x48, 0x83, 0xEC, bytes);                   // sub rsp, imm8
  else {
    emit3(0x48, 0x81, 0xEC);                          // sub rsp, imm32
    emit_32(bytes);
  }
  pushed_bytes += bytes;
}

void emit_move(long to, long from) { emit3(0x48, 0x89, 0xC0 + from * 8 + to); }   // mov to, from

void emit_constant(long reg, long value) {
  if (value == 0)
    emit2(0x31, 0xC0 + reg * 9);                      // xor reg32, reg32
  else if (value > 0 && value <= 0xFFFFFFFF) {
    emit1(0xB8 + reg);                                // mov reg32, imm32
    emit_32(value);
  } else if (fits_32(value)) {
    emit3(0x48, 0xC7, 0xC0 + reg);                    // mov reg, simm32
    emit_32(value);
  } else {
    emit2(0x48, 0xB8 + reg);                          // mov reg, imm64
    emit_64(value);
  }
}

void emit_object_address(long reg, struct Object *object, long addend) {
  emit1(0xB8 + reg);                                  // mov reg32, address
  emit_absolute_32(object, addend);
}

// The prefix that makes an instruction work on 64 bits.
void emit_wide(long is_wide) {
  if (is_wide)
    emit1(0x48);
}
