// code_float.c: machine code for floating values. float and double are worked on by SSE2 in xmm0, so that
// each result is rounded as IEEE 754 says; long double by the x87, whose stack holds one value at a time.

long is_x87(struct Type *type) { return type->kind == TYPE_LONG_DOUBLE; }

// The prefix of a scalar SSE instruction on float or double.
long sse_prefix(struct Type *type) {
  if (type->kind == TYPE_FLOAT)
    return 0xF3;
  return 0xF2;
}

// ---- Load, store, push ----

// xmm0 (st0) = place
void load_float(struct Node *place, long base) {
  if (is_x87(place->type)) {
    emit1(0xDB);                                      // fld tbyte [place]
    emit_place(5, place, base);
  } else {
    emit3(sse_prefix(place->type), 0x0F, 0x10);       // movss/movsd xmm0, [place]
    emit_place(0, place, base);
  }
}

// place = xmm0 (st0), which keeps its value
void store_float(struct Node *place, long base) {
  if (is_x87(place->type)) {
    emit2(0xD9, 0xC0);                                // fld st0
    emit1(0xDB);                                      // fstp tbyte [place]
    emit_place(7, place, base);
  } else {
    emit3(sse_prefix(place->type), 0x0F, 0x11);       // movss/movsd [place], xmm0
    emit_place(0, place, base);
  }
}

void push_float(struct Type *type) {
  if (is_x87(type)) {
    emit_sub_rsp(16);
    emit3(0xDB, 0x3C, 0x24);                          // fstp tbyte [rsp]
  } else {
    emit2(0x66, 0x48);
    emit3(0x0F, 0x7E, 0xC0);                          // movq rax, xmm0
    emit_push(RAX);
  }
}

// xmm1 = what push_float pushed; for the x87: st0 = it, and the former st0 is st1
void pop_float(struct Type *type) {
  if (is_x87(type)) {
    emit3(0xDB, 0x2C, 0x24);                          // fld tbyte [rsp]
    emit_add_rsp(16);
  } else {
    emit3(0xF3, 0x0F, 0x7E);                          // movq xmm1, [rsp]
    emit2(0x0C, 0x24);
    emit_add_rsp(8);
  }
}

// xmm<n> = rax
void emit_rax_to_xmm(long n) {
  emit2(0x66, 0x48);
  emit3(0x0F, 0x6E, 0xC0 + n * 8);                    // movq xmm, rax
}

void generate_float_constant(struct Node *node) {
  if (is_x87(node->type)) {
    emit_constant(RAX, real_extended_head(node->real));
    emit_push(RAX);
    emit_constant(RAX, real_extended_mantissa(node->real));
    emit_push(RAX);
    emit3(0xDB, 0x2C, 0x24);                          // fld tbyte [rsp]
    emit_add_rsp(16);
    return;
  }
  if (node->type->kind == TYPE_FLOAT)
    emit_constant(RAX, real_to_float_bits(node->real));
  else
    emit_constant(RAX, real_to_double_bits(node->real));
  emit_rax_to_xmm(0);
}

// ---- Operators ----

// Makes left in xmm0 and right in xmm1; for the x87: right in st0, left in st1.
void generate_float_operands(struct Node *left, struct Node *right) {
  generate(right);
  push_float(right->type);
  generate(left);
  pop_float(right->type);
}

void generate_float_operator(struct Node *node) {
  long kind = node->kind;
  generate_float_operands(node->left, node->right);
  if (is_x87(node->type)) {
    if (kind == NODE_ADD)
      emit2(0xDE, 0xC1);                              // faddp st1, st0
    else if (kind == NODE_SUBTRACT)
      emit2(0xDE, 0xE9);                              // fsubp st1, st0
    else if (kind == NODE_MULTIPLY)
      emit2(0xDE, 0xC9);                              // fmulp st1, st0
    else
      emit2(0xDE, 0xF9);                              // fdivp st1, st0
    return;
  }
  emit2(sse_prefix(node->type), 0x0F);
  if (kind == NODE_ADD)
    emit2(0x58, 0xC1);                                // addss/addsd xmm0, xmm1
  else if (kind == NODE_SUBTRACT)
    emit2(0x5C, 0xC1);                                // subss/subsd xmm0, xmm1
  else if (kind == NODE_MULTIPLY)
    emit2(0x59, 0xC1);                                // mulss/mulsd xmm0, xmm1
  else
    emit2(0x5E, 0xC1);                                // divss/divsd xmm0, xmm1
}

void generate_float_negation(struct Node *node) {
  generate(node->left);
  if (is_x87(node->type)) {
    emit2(0xD9, 0xE0);                                // fchs
    return;
  }
  if (node->type->kind == TYPE_FLOAT)
    emit_constant(RAX, 0x80000000);
  else
    emit_constant(RAX, (long)1 << 63);
  emit_rax_to_xmm(1);
  emit3(0x0F, 0x57, 0xC1);                            // xorps xmm0, xmm1
}

// Compares xmm0 with xmm1 (st0 with st1, both popped) and sets carry, zero and parity (unordered).
void emit_float_compare(struct Type *type) {
  if (is_x87(type)) {
    emit2(0xDF, 0xE9);                                // fucomip st0, st1
    emit2(0xDD, 0xD8);                                // fstp st0
  } else {
    if (type->kind == TYPE_DOUBLE)
      emit1(0x66);
    emit3(0x0F, 0x2E, 0xC1);                          // ucomiss/ucomisd xmm0, xmm1
  }
}

// eax = equal and ordered, or the opposite
void emit_set_equal(long is_equal) {
  if (is_equal) {
    emit3(0x0F, 0x9B, 0xC1);                          // setnp cl
    emit3(0x0F, 0x94, 0xC0);                          // sete al
    emit2(0x20, 0xC8);                                // and al, cl
  } else {
    emit3(0x0F, 0x9A, 0xC1);                          // setp cl
    emit3(0x0F, 0x95, 0xC0);                          // setne al
    emit2(0x08, 0xC8);                                // or al, cl
  }
  emit3(0x0F, 0xB6, 0xC0);                            // movzx eax, al
}

// "Above" is false for unordered operands and "below" is true: < is made as > with exchanged operands.
void generate_float_comparison(struct Node *node) {
  long kind = node->kind;
  struct Type *type = node->left->type;
  if (kind == NODE_LESS || kind == NODE_LESS_EQUAL)
    generate_float_operands(node->right, node->left);
  else
    generate_float_operands(node->left, node->right);
  if (is_x87(type))
    emit2(0xD9, 0xC9);                                // fxch
  emit_float_compare(type);
  if (kind == NODE_LESS || kind == NODE_GREATER)
    emit_set(IF_ABOVE);
  else if (kind == NODE_LESS_EQUAL || kind == NODE_GREATER_EQUAL)
    emit_set(IF_ABOVE_EQUAL);
  else
    emit_set_equal(kind == NODE_EQUAL);
}

// eax = value != 0
void generate_float_truth(struct Node *node) {
  generate(node);
  if (is_x87(node->type))
    emit2(0xD9, 0xEE);                                // fldz
  else
    emit3(0x0F, 0x57, 0xC9);                          // xorps xmm1, xmm1
  emit_float_compare(node->type);
  emit_set_equal(0);
}

// ---- Integer to floating ----

void emit_integer_to_sse(struct Type *to) {
  emit2(sse_prefix(to), 0x48);
  emit3(0x0F, 0x2A, 0xC0);                            // cvtsi2ss/sd xmm0, rax
}

// From 2^63 on, halve (keeping a sticky last bit, so that rounding is right), convert, double.
void emit_unsigned_to_sse(struct Type *to) {
  struct Label *large = new_label();
  struct Label *end = new_label();
  emit3(0x48, 0x85, 0xC0);                            // test rax, rax
  emit_jump_if(IF_SIGN, large);
  emit_integer_to_sse(to);
  emit_jump(end);
  place_label(large);
  emit_move(RCX, RAX);
  emit3(0x48, 0xD1, 0xE8);                            // shr rax, 1
  emit3(0x83, 0xE1, 1);                               // and ecx, 1
  emit3(0x48, 0x09, 0xC8);                            // or rax, rcx
  emit_integer_to_sse(to);
  emit4(sse_prefix(to), 0x0F, 0x58, 0xC0);            // addss/sd xmm0, xmm0
  place_label(end);
}

void emit_push_float_constant(long bits) {
  emit1(0x68);                                        // push imm32
  emit_32(bits);
  pushed_bytes += 8;
}

void emit_integer_to_x87(long is_unsigned) {
  emit_push(RAX);
  emit3(0xDF, 0x2C, 0x24);                            // fild qword [rsp]
  emit_pop(RAX);
  if (is_unsigned) {
    struct Label *end = new_label();
    emit3(0x48, 0x85, 0xC0);                          // test rax, rax
    emit_jump_if(IF_NOT_SIGN, end);
    emit_push_float_constant(0x5F800000);             // 2^64
    emit3(0xD8, 0x04, 0x24);                          // fadd dword [rsp]
    emit_add_rsp(8);
    place_label(end);
  }
}

void generate_integer_to_float(struct Node *operand, struct Type *to) {
  struct Type *from = operand->type;
  generate(operand);
  convert_register(RAX, from, type_long);
  if (is_x87(to))
    emit_integer_to_x87(from->is_unsigned && from->size == 8);
  else if (from->is_unsigned && from->size == 8)
    emit_unsigned_to_sse(to);
  else
    emit_integer_to_sse(to);
}

// ---- Floating to integer ----

void emit_double_to_integer(long is_wide) {
  emit1(0xF2);
  emit_wide(is_wide);
  emit3(0x0F, 0x2C, 0xC0);                            // cvttsd2si rax, xmm0
}

void emit_flip_top_bit() {
  emit4(0x48, 0x0F, 0xBA, 0xF8);                      // btc rax, 63
  emit1(63);
}

// From 2^63 on, subtract 2^63 first and put the top bit back.
void emit_double_to_unsigned() {
  struct Label *large = new_label();
  struct Label *end = new_label();
  emit_constant(RAX, 0x43E0000000000000);             // 2^63 as a double
  emit_rax_to_xmm(1);
  emit4(0x66, 0x0F, 0x2E, 0xC1);                      // ucomisd xmm0, xmm1
  emit_jump_if(IF_ABOVE_EQUAL, large);
  emit_double_to_integer(1);
  emit_jump(end);
  place_label(large);
  emit4(0xF2, 0x0F, 0x5C, 0xC1);                      // subsd xmm0, xmm1
  emit_double_to_integer(1);
  emit_flip_top_bit();
  place_label(end);
}

void emit_x87_to_integer() {
  emit3(0xDD, 0x0C, 0x24);                            // fisttp qword [rsp]
  emit_pop(RAX);
}

void emit_x87_to_unsigned() {
  struct Label *large = new_label();
  struct Label *end = new_label();
  emit_push_float_constant(0x5F000000);               // 2^63
  emit3(0xD9, 0x04, 0x24);                            // fld dword [rsp]
  emit2(0xDF, 0xE9);                                  // fucomip st0, st1
  emit_jump_if(IF_BELOW_EQUAL, large);
  emit_x87_to_integer();
  emit_jump(end);
  place_label(large);
  pushed_bytes += 8;
  emit3(0xD8, 0x24, 0x24);                            // fsub dword [rsp]
  emit_x87_to_integer();
  emit_flip_top_bit();
  place_label(end);
}

void generate_float_to_integer(struct Node *operand, struct Type *to) {
  long is_unsigned = to->is_unsigned && to->size == 8;
  long is_wide = to->size == 8 || (to->size == 4 && to->is_unsigned);
  generate(operand);
  if (is_x87(operand->type) && is_unsigned)
    emit_x87_to_unsigned();
  else if (is_x87(operand->type)) {
    emit_sub_rsp(8);
    emit_x87_to_integer();
  } else {
    if (operand->type->kind == TYPE_FLOAT)
      emit4(0xF3, 0x0F, 0x5A, 0xC0);                  // cvtss2sd xmm0, xmm0
    if (is_unsigned)
      emit_double_to_unsigned();
    else
      emit_double_to_integer(is_wide);
  }
  convert_register(RAX, type_long, to);
}

// ---- Floating to floating ----

void generate_float_to_float(struct Node *operand, struct Type *to) {
  struct Type *from = operand->type;
  generate(operand);
  if (from->kind == to->kind)
    return;
  if (is_x87(from)) {
    emit_sub_rsp(8);
    emit3(0xD9 + 4 * (to->kind == TYPE_DOUBLE), 0x1C, 0x24);     // fstp dword/qword [rsp]
    emit4(sse_prefix(to), 0x0F, 0x10, 0x04);          // movss/movsd xmm0, [rsp]
    emit1(0x24);
    emit_add_rsp(8);
  } else if (is_x87(to)) {
    push_float(from);
    emit3(0xD9 + 4 * (from->kind == TYPE_DOUBLE), 0x04, 0x24);   // fld dword/qword [rsp]
    emit_add_rsp(8);
  } else
    emit4(sse_prefix(from), 0x0F, 0x5A, 0xC0);        // cvtss2sd/cvtsd2ss xmm0, xmm0
}

void generate_float_conversion(struct Node *node) {
  struct Type *to = node->type;
  if (to->kind == TYPE_BOOL)
    generate_float_truth(node->left);
  else if (!is_floating(to))
    generate_float_to_integer(node->left, to);
  else if (is_floating(node->left->type))
    generate_float_to_float(node->left, to);
  else
    generate_integer_to_float(node->left, to);
}

// Makes a floating value in xmm0 or st0.
void generate_float(struct Node *node) {
  long kind = node->kind;
  if (kind == NODE_FLOAT)
    generate_float_constant(node);
  else if (is_place(node)) {
    generate_base(node);
    load_float(node, RAX);
  } else if (kind == NODE_CONVERT)
    generate_float_conversion(node);
  else if (kind == NODE_NEGATE)
    generate_float_negation(node);
  else if (kind >= NODE_ADD && kind <= NODE_DIVIDE)
    generate_float_operator(node);
  else
    fail(node->at, "internal: unknown floating expression");
}
