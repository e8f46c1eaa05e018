// code.c: from expression trees to machine code, for integers, pointers and structs.
// A value is made in rax (integers and pointers; the address, for structs), in xmm0 (float and double)
// or on top of the x87 stack (long double). Of an int and anything narrower only eax counts: the upper
// half of rax is undefined until a conversion to 64 bits extends it. Temporaries are pushed.
// rax, rcx, rdx, rsi, rdi, xmm0 and xmm1 are free for use at any time; nothing is kept in registers.

void generate(struct Node *node);
void generate_effect(struct Node *node);
void generate_float(struct Node *node);
void generate_call(struct Node *node);
void generate_float_conversion(struct Node *node);
void generate_float_comparison(struct Node *node);
void generate_system_call(struct Node *node);
void generate_setjmp(struct Node *node);
void generate_longjmp(struct Node *node);
void generate_alloca(struct Node *node);
void load_float(struct Node *place, long base);
void store_float(struct Node *place, long base);
void generate_float_truth(struct Node *node);
void generate_branch(struct Node *node, struct Label *label, long sense);

// ---- Places as operands ----

// ModRM and what follows for a place. A dereference finds its pointer in the register base.
void emit_place(long reg, struct Node *place, long base) {
  if (place->kind == NODE_LOCAL)
    emit_based(reg, RBP, place->value);
  else if (place->kind == NODE_GLOBAL)
    emit_global(reg, place->object, place->value);
  else
    emit_based(reg, base, place->value);
}

long is_direct(struct Node *node) { return node->kind == NODE_LOCAL || node->kind == NODE_GLOBAL; }

// reg = an integer or pointer in memory, extended to 32 bits at least.
void load(long reg, struct Node *place, long base) {
  struct Type *type = place->type;
  if (type->size == 1)
    emit2(0x0F, 0xBE - 8 * type->is_unsigned);        // movsx/movzx reg32, byte [place]
  else if (type->size == 2)
    emit2(0x0F, 0xBF - 8 * type->is_unsigned);        // movsx/movzx reg32, word [place]
  else {
    emit_wide(type->size == 8);
    emit1(0x8B);                                      // mov reg, [place]
  }
  emit_place(reg, place, base);
}

// place = rax (al, ax, eax)
void store(struct Node *place, long base) {
  if (place->type->size == 1)
    emit1(0x88);                                      // mov [place], al
  else {
    if (place->type->size == 2)
      emit1(0x66);                                    // mov [place], ax
    emit_wide(place->type->size == 8);
    emit1(0x89);                                      // mov [place], eax/rax
  }
  emit_place(RAX, place, base);
}

// ---- Simple expressions: made in any one register, without touching another ----

enum { MAX_SIMPLE_DEPTH = 6 };

long is_simple_within(struct Node *node, long depth) {
  if (depth == 0 || !is_in_rax(node->type))
    return 0;
  if (node->kind == NODE_INTEGER || is_direct(node))
    return 1;
  if (node->kind == NODE_ADDRESS)
    return is_direct(node->left);
  if (node->kind == NODE_DEREFERENCE)
    return is_simple_within(node->left, depth - 1);
  if (node->kind == NODE_CONVERT)
    return node->type->kind != TYPE_BOOL && is_simple_within(node->left, depth - 1);
  if (node->kind == NODE_ADD && node->type->size == 8)
    return node->right->kind == NODE_INTEGER && fits_32(node->right->value) && is_simple_within(node->left, depth - 1);
  return 0;
}

long is_simple(struct Node *node) { return is_simple_within(node, MAX_SIMPLE_DEPTH); }

// Converts reg from one integer (or pointer) type to another, not to _Bool.
void convert_register(long reg, struct Type *from, struct Type *to) {
  if (to->size == 8 && from->size < 8) {
    if (from->is_unsigned)
      emit2(0x89, 0xC0 + reg * 9);                    // mov reg32, reg32
    else
      emit3(0x48, 0x63, 0xC0 + reg * 9);              // movsxd reg, reg32
  } else if (to->size < 4 && (to->size < from->size || to->is_unsigned != from->is_unsigned)) {
    if (to->size == 1 && reg > RBX)
      fail(this_place, "internal: no byte register");
    emit3(0x0F, 0xBF - 8 * to->is_unsigned - (to->size == 1), 0xC0 + reg * 9);   // movsx/movzx reg32, reg8/16
  }
}

void add_constant(long reg, long value) {
  if (fits_8(value))
    emit4(0x48, 0x83, 0xC0 + reg, value);             // add reg, imm8
  else {
    emit3(0x48, 0x81, 0xC0 + reg);                    // add reg, imm32
    emit_32(value);
  }
}

void load_address(long reg, struct Node *direct) {
  if (direct->kind == NODE_GLOBAL)
    emit_object_address(reg, direct->object, direct->value);
  else {
    emit2(0x48, 0x8D);                                // lea reg, [rbp + offset]
    emit_place(reg, direct, RAX);
  }
}

// An int in memory that becomes 64 bits wide: one instruction does both.
long is_extending_load(struct Node *node) {
  return node->type->size == 8 && node->left->type->size == 4 && !node->left->type->is_unsigned
      && (is_direct(node->left) || node->left->kind == NODE_DEREFERENCE);
}

void load_simple(long reg, struct Node *node) {
  if (node->kind == NODE_INTEGER) {
    if (node->type->size == 4)
      emit_constant(reg, node->value & 0xFFFFFFFF);
    else
      emit_constant(reg, node->value);
  } else if (is_direct(node))
    load(reg, node, RAX);
  else if (node->kind == NODE_ADDRESS)
    load_address(reg, node->left);
  else if (node->kind == NODE_DEREFERENCE) {
    load_simple(reg, node->left);
    load(reg, node, reg);
  } else if (node->kind == NODE_ADD) {
    load_simple(reg, node->left);
    add_constant(reg, node->right->value);
  } else if (is_extending_load(node)) {
    if (node->left->kind == NODE_DEREFERENCE)
      load_simple(reg, node->left->left);
    emit2(0x48, 0x63);                                // movsxd reg, dword [place]
    emit_place(reg, node->left, reg);
  } else {
    load_simple(reg, node->left);
    convert_register(reg, node->left->type, node->type);
  }
}

// ---- Addresses ----

// rax = the pointer of a dereference; nothing for a direct place.
void generate_base(struct Node *place) {
  if (place->kind == NODE_DEREFERENCE)
    generate(place->left);
}

// rax = the address of a place or of a struct value.
void generate_address(struct Node *node) {
  if (is_direct(node))
    load_address(RAX, node);
  else if (node->kind == NODE_DEREFERENCE) {
    generate(node->left);
    if (node->value != 0)
      add_constant(RAX, node->value);
  } else if (node->kind == NODE_COMMA) {
    generate_effect(node->left);
    generate_address(node->right);
  } else if (node->kind == NODE_INITIALISE) {
    generate_effect(node);
    generate_address(node->left);
  } else
    generate(node);                                   // struct values are addresses
}

// ---- Copying ----

enum { MAX_UNROLLED_COPY = 64 };

void emit_copy_step(long offset, long size) {
  if (size == 2)
    emit1(0x66);
  emit_wide(size == 8);
  emit1(0x8B - (size == 1));                          // mov rdx/edx/dx/dl, [rax + offset]
  emit_based(RDX, RAX, offset);
  if (size == 2)
    emit1(0x66);
  emit_wide(size == 8);
  emit1(0x89 - (size == 1));                          // mov [rcx + offset], rdx/edx/dx/dl
  emit_based(RDX, RCX, offset);
}

// Copies size bytes from [rax] to [rcx]; rcx keeps its value if size is small, and rax = rcx in the end.
void emit_copy(long size) {
  long offset = 0;
  if (size > MAX_UNROLLED_COPY) {
    emit_move(RSI, RAX);
    emit_move(RDI, RCX);
    emit_move(RDX, RCX);
    emit_constant(RCX, size / 8);
    emit3(0xF3, 0x48, 0xA5);                          // rep movsq
    emit_constant(RCX, size % 8);
    emit2(0xF3, 0xA4);                                // rep movsb
    emit_move(RAX, RDX);
    return;
  }
  long step = 8;
  while (offset < size) {
    while (step > size - offset)
      step = step / 2;
    emit_copy_step(offset, step);
    offset += step;
  }
  emit_move(RAX, RCX);
}

// Sets size bytes of a direct place to zero.
void emit_clear(struct Node *place, long size) {
  load_address(RDI, place);
  emit2(0x31, 0xC0);                                  // xor eax, eax
  emit_constant(RCX, size / 8);
  emit3(0xF3, 0x48, 0xAB);                            // rep stosq
  if (size % 8 != 0) {
    emit_constant(RCX, size % 8);
    emit2(0xF3, 0xAA);                                // rep stosb
  }
}

// ---- Bit fields ----

// Keeps the lowest width bits of rax, extended as the field's type says.
void emit_extract(long left_shift, long right_shift, long is_wide, long is_unsigned) {
  if (left_shift > 0) {
    emit_wide(is_wide);
    emit3(0xC1, 0xE0, left_shift);                    // shl rax, imm8
  }
  if (right_shift > 0) {
    emit_wide(is_wide);
    emit3(0xC1, 0xF8 - 16 * is_unsigned, right_shift);   // sar/shr rax, imm8
  }
}

void load_bit_field(struct Node *field, long base) {
  struct Member *member = field->member;
  long bits = 32;
  if (field->type->size == 8)
    bits = 64;
  load(RAX, field->left, base);
  emit_extract(bits - member->bit_offset - member->width, bits - member->width, bits == 64, field->type->is_unsigned);
}

long bit_mask(long width) {
  if (width == 64)
    return -1;
  return ((long)1 << width) - 1;
}

// The field in the place at [rcx] = rax; leaves the field's new value in rax.
void store_bit_field(struct Node *field) {
  struct Member *member = field->member;
  long mask = bit_mask(member->width);
  emit_constant(RDX, mask);
  emit3(0x48, 0x21, 0xD0);                            // and rax, rdx
  emit_push(RAX);
  if (member->bit_offset > 0)
    emit4(0x48, 0xC1, 0xE0, member->bit_offset);      // shl rax, imm8
  load(RDX, field->left, RCX);
  emit_constant(RSI, ~(mask << member->bit_offset));
  emit3(0x48, 0x21, 0xF2);                            // and rdx, rsi
  emit3(0x48, 0x09, 0xD0);                            // or rax, rdx
  store(field->left, RCX);
  emit_pop(RAX);
  emit_extract(64 - member->width, 64 - member->width, 1, field->type->is_unsigned);
}

// ---- Assignment ----

void generate_struct_assignment(struct Node *place, struct Node *value) {
  if (is_direct(place)) {
    generate_address(value);
    load_address(RCX, place);
  } else {
    generate_address(place);
    emit_push(RAX);
    generate_address(value);
    emit_pop(RCX);
  }
  emit_copy(place->type->size);
}

// Makes value in rax (xmm0, st0) and the pointer of the place in rcx.
void generate_value_and_base(struct Node *place, struct Node *value) {
  if (place->kind != NODE_DEREFERENCE)
    generate(value);
  else if (is_simple(place->left)) {
    generate(value);
    load_simple(RCX, place->left);
  } else if (is_simple(value)) {
    generate(place->left);
    emit_move(RCX, RAX);
    load_simple(RAX, value);
  } else {
    generate(place->left);
    emit_push(RAX);
    generate(value);
    emit_pop(RCX);
  }
}

void generate_assignment(struct Node *node) {
  struct Node *place = node->left;
  if (is_record(place->type) || place->type->kind == TYPE_ARRAY)
    generate_struct_assignment(place, node->right);     // arrays are only assigned by initialisers
  else if (place->kind == NODE_BIT_FIELD) {
    generate_value_and_base(place->left, node->right);
    store_bit_field(place);
  } else {
    generate_value_and_base(place, node->right);
    if (is_floating(place->type))
      store_float(place, RCX);
    else
      store(place, RCX);
  }
}

// The value to store, when only the bytes stored matter: narrowing conversions do nothing then.
struct Node *without_narrowing(struct Node *value) {
  while (value->kind == NODE_CONVERT && is_in_rax(value->type) && value->type->kind != TYPE_BOOL
         && is_in_rax(value->left->type) && value->left->type->size >= value->type->size)
    value = value->left;
  return value;
}

// An assignment of a constant, or the step of a counter, to a direct place needs no register.
long generate_direct_effect(struct Node *place, struct Node *value) {
  long size = place->type->size;
  if (!is_direct(place) || !is_in_rax(place->type))
    return 0;
  if (value->kind == NODE_INTEGER && size >= 4 && fits_32(wrap(value->value, place->type))) {
    emit_wide(size == 8);
    emit1(0xC7);                                      // mov [place], imm32
    emit_place(0, place, RAX);
    emit_32(value->value);
    return 1;
  }
  if ((value->kind == NODE_ADD || value->kind == NODE_SUBTRACT) && size >= 4 && value->left == place
      && value->right->kind == NODE_INTEGER && fits_32(value->right->value)) {
    emit_wide(size == 8);
    emit1(0x81);                                      // add/sub [place], imm32
    if (value->kind == NODE_ADD)
      emit_place(0, place, RAX);
    else
      emit_place(5, place, RAX);
    emit_32(value->right->value);
    return 1;
  }
  return 0;
}

void generate_assignment_effect(struct Node *node) {
  struct Node *place = node->left;
  if (is_in_rax(place->type) && place->kind != NODE_BIT_FIELD) {
    struct Node *value = without_narrowing(node->right);
    if (value->kind == NODE_INTEGER)
      value = node->right;
    if (generate_direct_effect(place, value))
      return;
    generate_value_and_base(place, value);
    store(place, RCX);
  } else
    generate_assignment(node);
  if (place->type->kind == TYPE_LONG_DOUBLE)
    emit2(0xDD, 0xD8);                                // fstp st0
}

void generate_initialisation(struct Node *node) {
  struct Node *step;
  if (node->value > 0)
    emit_clear(node->left, node->value);
  for (step = node->arguments; step; step = step->next)
    generate_effect(step);
}

// Evaluates for the side effects only.
void generate_effect(struct Node *node) {
  this_place = node->at;
  while (node->kind == NODE_CONVERT
         || (node->kind >= NODE_ADD && node->kind <= NODE_SUBTRACT && node->right->kind == NODE_INTEGER))
    node = node->left;
  if (node->kind == NODE_ASSIGN)
    generate_assignment_effect(node);
  else if (node->kind == NODE_COMMA) {
    generate_effect(node->left);
    generate_effect(node->right);
  } else if (node->kind == NODE_INITIALISE)
    generate_initialisation(node);
  else if (is_simple(node))
    return;
  else {
    generate(node);
    if (node->type->kind == TYPE_LONG_DOUBLE)
      emit2(0xDD, 0xD8);                              // fstp st0
  }
}

// ---- Integer operators ----

// Makes left in rax and right in rcx.
void generate_operands(struct Node *left, struct Node *right) {
  if (is_simple(right)) {
    generate(left);
    load_simple(RCX, right);
  } else if (is_simple(left)) {
    generate(right);
    emit_move(RCX, RAX);
    load_simple(RAX, left);
  } else {
    generate(right);
    emit_push(RAX);
    generate(left);
    emit_pop(RCX);
  }
}

// The opcode of `op reg, operand` for the operators that x86 encodes alike.
long arithmetic_opcode(long kind) {
  if (kind == NODE_ADD) return 0x03;
  if (kind == NODE_SUBTRACT) return 0x2B;
  if (kind == NODE_AND) return 0x23;
  if (kind == NODE_OR) return 0x0B;
  if (kind == NODE_XOR) return 0x33;
  if (is_comparison(kind)) return 0x3B;
  return 0;
}

// rax = left op right, or the flags of left - right for a comparison.
void generate_arithmetic(struct Node *node, long opcode) {
  struct Node *left = node->left;
  struct Node *right = node->right;
  long is_wide = left->type->size == 8;
  long immediate = right->value;
  if (!is_wide)
    immediate = wrap(immediate, type_int);            // the processor extends it by its sign
  if (right->kind == NODE_INTEGER && fits_32(immediate)) {
    generate(left);
    emit_wide(is_wide);
    if (fits_8(immediate))
      emit3(0x83, 0xC0 + opcode - 3, immediate);      // op rax, imm8
    else {
      emit2(0x81, 0xC0 + opcode - 3);                 // op rax, imm32
      emit_32(immediate);
    }
  } else if (is_direct(right) && right->type->size >= 4) {
    generate(left);
    emit_wide(is_wide);
    emit1(opcode);                                    // op rax, [place]
    emit_place(RAX, right, RAX);
  } else {
    generate_operands(left, right);
    emit_wide(is_wide);
    emit2(opcode, 0xC1);                              // op rax, rcx
  }
}

// The n with value = 2^n, or -1.
long power_of_two(long value) {
  long n = 0;
  if (value <= 0 || (value & (value - 1)) != 0)
    return -1;
  while (value > 1) {
    value = value >> 1;
    n++;
  }
  return n;
}

void generate_multiplication(struct Node *node) {
  long is_wide = node->type->size == 8;
  if (node->right->kind == NODE_INTEGER && fits_32(node->right->value)) {
    long shift_count = power_of_two(node->right->value);
    generate(node->left);
    emit_wide(is_wide);
    if (shift_count >= 0)
      emit3(0xC1, 0xE0, shift_count);                 // shl rax, imm8
    else {
      emit2(0x69, 0xC0);                              // imul rax, rax, imm32
      emit_32(node->right->value);
    }
    return;
  }
  generate_operands(node->left, node->right);
  emit_wide(is_wide);
  emit3(0x0F, 0xAF, 0xC1);                            // imul rax, rcx
}

void generate_division(struct Node *node) {
  long is_wide = node->type->size == 8;
  generate_operands(node->left, node->right);
  if (node->type->is_unsigned) {
    emit2(0x31, 0xD2);                                // xor edx, edx
    emit_wide(is_wide);
    emit2(0xF7, 0xF1);                                // div rcx
  } else {
    emit_wide(is_wide);
    emit1(0x99);                                      // cdq/cqo
    emit_wide(is_wide);
    emit2(0xF7, 0xF9);                                // idiv rcx
  }
  if (node->kind == NODE_REMAINDER)
    emit_move(RAX, RDX);
}

void generate_shift(struct Node *node) {
  long is_wide = node->type->size == 8;
  long operation = 0xE0;                              // shl
  if (node->kind == NODE_SHIFT_RIGHT)
    operation = 0xF8 - 16 * node->type->is_unsigned;  // sar, shr
  if (node->right->kind == NODE_INTEGER) {
    generate(node->left);
    emit_wide(is_wide);
    emit3(0xC1, operation, node->right->value);       // shift rax, imm8
    return;
  }
  generate_operands(node->left, node->right);
  emit_wide(is_wide);
  emit2(0xD3, operation);                             // shift rax, cl
}

// ---- Truth ----

// The condition under which the flags of `cmp left, right` mean that the comparison holds.
long condition_code(long kind, long is_unsigned) {
  if (kind == NODE_EQUAL) return IF_EQUAL;
  if (kind == NODE_NOT_EQUAL) return IF_NOT_EQUAL;
  if (is_unsigned) {
    if (kind == NODE_LESS) return IF_BELOW;
    if (kind == NODE_LESS_EQUAL) return IF_BELOW_EQUAL;
    if (kind == NODE_GREATER) return IF_ABOVE;
    return IF_ABOVE_EQUAL;
  }
  if (kind == NODE_LESS) return IF_LESS;
  if (kind == NODE_LESS_EQUAL) return IF_LESS_EQUAL;
  if (kind == NODE_GREATER) return IF_GREATER;
  return IF_GREATER_EQUAL;
}

// The flags of a comparison of integers; returns the condition for it to hold.
long generate_comparison(struct Node *node) {
  struct Type *type = node->left->type;
  if (is_constant_zero(node->right) && (node->kind == NODE_EQUAL || node->kind == NODE_NOT_EQUAL)) {
    generate(node->left);
    emit_wide(type->size == 8);
    emit2(0x85, 0xC0);                                // test rax, rax
  } else
    generate_arithmetic(node, 0x3B);
  return condition_code(node->kind, type->is_unsigned);
}

// eax = 1 if the condition holds, else 0
void emit_set(long condition) {
  emit3(0x0F, 0x90 + condition, 0xC0);                // setcc al
  emit3(0x0F, 0xB6, 0xC0);                            // movzx eax, al
}

// Sets the flags: zero if the value is 0.
void generate_test(struct Node *node) {
  if (is_floating(node->type)) {
    generate_float_truth(node);
    emit2(0x85, 0xC0);                                // test eax, eax
    return;
  }
  generate(node);
  if (node->type->size == 1)
    emit2(0x84, 0xC0);                                // test al, al
  else if (node->type->size == 2)
    emit3(0x66, 0x85, 0xC0);                          // test ax, ax
  else {
    emit_wide(node->type->size == 8);
    emit2(0x85, 0xC0);                                // test rax, rax
  }
}

// Left && right (or, with the senses exchanged, ||) as jumps.
void generate_logical_branch(struct Node *node, struct Label *label, long sense) {
  // the value of the left operand that decides alone
  long deciding = node->kind == NODE_LOGICAL_OR;
  if (deciding == sense) {
    generate_branch(node->left, label, sense);
    generate_branch(node->right, label, sense);
  } else {
    struct Label *past = new_label();
    generate_branch(node->left, past, deciding);
    generate_branch(node->right, label, sense);
    place_label(past);
  }
}

// Jumps to label if the truth of node is sense (1 or 0).
void generate_branch(struct Node *node, struct Label *label, long sense) {
  this_place = node->at;
  while (node->kind == NODE_NOT) {
    node = node->left;
    sense = !sense;
  }
  long condition = IF_NOT_EQUAL;
  long truth = known_truth(node);
  if (truth >= 0) {
    if (truth == sense)
      emit_jump(label);
    return;
  }
  if (node->kind == NODE_LOGICAL_AND || node->kind == NODE_LOGICAL_OR) {
    generate_logical_branch(node, label, sense);
    return;
  }
  if (is_comparison(node->kind) && is_in_rax(node->left->type))
    condition = generate_comparison(node);
  else
    generate_test(node);
  if (!sense)
    condition = condition ^ 1;                        // the opposite condition
  emit_jump_if(condition, label);
}

// eax = the truth of node
void generate_truth(struct Node *node) {
  if (is_comparison(node->kind) && is_in_rax(node->left->type))
    emit_set(generate_comparison(node));
  else if (node->kind == NODE_LOGICAL_AND || node->kind == NODE_LOGICAL_OR) {
    struct Label *is_false = new_label();
    struct Label *end = new_label();
    generate_branch(node, is_false, 0);
    emit_constant(RAX, 1);
    emit_jump(end);
    place_label(is_false);
    emit_constant(RAX, 0);
    place_label(end);
  } else if (is_floating(node->type))
    generate_float_truth(node);
  else {
    generate_test(node);
    emit_set(IF_NOT_EQUAL);
  }
}

void generate_not(struct Node *node) {
  if (is_comparison(node->left->kind) && is_in_rax(node->left->left->type))
    emit_set(generate_comparison(node->left) ^ 1);
  else {
    generate_truth(node->left);
    emit3(0x83, 0xF0, 1);                             // xor eax, 1
  }
}

void generate_conditional(struct Node *node) {
  struct Label *otherwise = new_label();
  struct Label *end = new_label();
  generate_branch(node->third, otherwise, 0);
  if (node->type->kind == TYPE_VOID)
    generate_effect(node->left);
  else
    generate(node->left);
  emit_jump(end);
  place_label(otherwise);
  if (node->type->kind == TYPE_VOID)
    generate_effect(node->right);
  else
    generate(node->right);
  place_label(end);
}

// ---- Everything ----

void generate_conversion(struct Node *node) {
  struct Type *from = node->left->type;
  struct Type *to = node->type;
  if (to->kind == TYPE_VOID)
    generate_effect(node->left);
  else if (is_floating(from) || is_floating(to))
    generate_float_conversion(node);
  else if (to->kind == TYPE_BOOL)
    generate_truth(node->left);
  else if (is_extending_load(node)) {
    generate_base(node->left);
    emit2(0x48, 0x63);                                // movsxd rax, dword [place]
    emit_place(RAX, node->left, RAX);
  } else {
    generate(node->left);
    convert_register(RAX, from, to);
  }
}

void generate_integer_unary(struct Node *node) {
  generate(node->left);
  emit_wide(node->type->size == 8);
  if (node->kind == NODE_NEGATE)
    emit2(0xF7, 0xD8);                                // neg rax
  else
    emit2(0xF7, 0xD0);                                // not rax
}

void generate_integer(struct Node *node) {
  long kind = node->kind;
  if (is_simple(node))
    load_simple(RAX, node);
  else if (kind == NODE_DEREFERENCE) {
    generate(node->left);
    load(RAX, node, RAX);
  } else if (kind == NODE_BIT_FIELD) {
    generate_base(node->left);
    load_bit_field(node, RAX);
  } else if (kind == NODE_ADDRESS)
    generate_address(node->left);
  else if (kind == NODE_CONVERT)
    generate_conversion(node);
  else if (kind == NODE_NEGATE || kind == NODE_COMPLEMENT)
    generate_integer_unary(node);
  else if (kind == NODE_NOT)
    generate_not(node);
  else if (is_comparison(kind) && is_floating(node->left->type))
    generate_float_comparison(node);
  else if (is_comparison(kind) || kind == NODE_LOGICAL_AND || kind == NODE_LOGICAL_OR)
    generate_truth(node);
  else if (arithmetic_opcode(kind))
    generate_arithmetic(node, arithmetic_opcode(kind));
  else if (kind == NODE_MULTIPLY)
    generate_multiplication(node);
  else if (kind == NODE_DIVIDE || kind == NODE_REMAINDER)
    generate_division(node);
  else if (kind == NODE_SHIFT_LEFT || kind == NODE_SHIFT_RIGHT)
    generate_shift(node);
  else
    fail(node->at, "internal: unknown expression");
}

// Makes the value of node where its type wants it.
void generate(struct Node *node) {
  long kind = node->kind;
  this_place = node->at;
  if (kind == NODE_CONDITIONAL)
    generate_conditional(node);
  else if (kind == NODE_ASSIGN) {
    generate_assignment(node);
    // the value of an assignment to a narrow place is what the place holds
    if (is_in_rax(node->type) && node->type->size < 4 && node->left->kind != NODE_BIT_FIELD)
      convert_register(RAX, type_int, node->type);
  } else if (kind == NODE_COMMA) {
    generate_effect(node->left);
    generate(node->right);
  } else if (kind == NODE_INITIALISE) {
    generate_effect(node);
    generate(node->left);
  } else if (kind == NODE_CALL)
    generate_call(node);
  else if (kind == NODE_SYSTEM_CALL)
    generate_system_call(node);
  else if (kind == NODE_SETJMP)
    generate_setjmp(node);
  else if (kind == NODE_LONGJMP)
    generate_longjmp(node);
  else if (kind == NODE_ALLOCA)
    generate_alloca(node);
  else if (is_record(node->type))
    generate_address(node);
  else if (is_floating(node->type))
    generate_float(node);
  else if (node->type->kind == TYPE_VOID)
    generate_effect(node->left);                      // a conversion to void
  else
    generate_integer(node);
}
