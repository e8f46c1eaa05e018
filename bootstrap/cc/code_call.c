// code_call.c: calls and functions, and the builtins that are made in place.
//
// The calling convention is cc's own. Arguments are pushed from the last to the first, each in a slot of
// 8 bytes (long double 16, a struct its size rounded up to 8), so that a variadic function finds them as it
// finds the others. If the result is a struct, the address to put it to is pushed after the first argument;
// it is the result in rax. Other results are in rax, xmm0 or st0. The caller removes the arguments.
//
//   [rbp + 16]  the address for a struct result, if there is one, then the first argument, ...
//   [rbp + 8]   return address
//   [rbp]       the caller's rbp
//   [rbp - n]   local variables, then temporaries

enum { FIRST_ARGUMENT = 16 };

long slot_size(struct Type *type) { return round_up(type->size, 8); }

// ---- The frame ----

long frame_used;              // bytes of local variables in the scopes that are open
long frame_size;              // the most that were ever in use

// A place for a local variable: its distance from rbp.
long allocate_local(long size, long align) {
  if (align > 8)
    align = 8;                                        // rbp itself is a multiple of 8 only
  frame_used = round_up(frame_used + size, align);
  if (frame_used > MAX_OBJECT_SIZE)
    fail(this_place, "too many local variables");
  if (frame_used > frame_size)
    frame_size = frame_used;
  return -frame_used;
}

long frame_size_field;

void begin_function(struct Object *function) {
  this_function = function;
  code_length = 0;
  pushed_bytes = 0;
  frame_used = 0;
  frame_size = 0;
  emit1(0x55);                                        // push rbp
  emit_move(RBP, RSP);
  emit3(0x48, 0x81, 0xEC);                            // sub rsp, frame size
  frame_size_field = code_length;
  emit_32(0);
}

void emit_return() { emit2(0xC9, 0xC3); }             // leave; ret

void end_function() {
  long i;
  patch_32(frame_size_field, round_up(frame_size, 8));
  this_function->bytes = allocate(code_length);
  for (i = 0; i < code_length; i++)
    this_function->bytes[i] = code[i];
  this_function->size = code_length;
  this_function->state = OBJECT_DEFINED;
  this_function->section = SECTION_TEXT;
}

// The value of a return statement, where the caller expects it. hidden: where the address for it is.
void generate_result(struct Node *value, long hidden) {
  if (!is_record(value->type)) {
    generate(value);
    return;
  }
  generate_address(value);
  load(RCX, local_node(hidden, type_char_pointer, value->at), RAX);
  emit_copy(value->type->size);
}

// ---- Calls ----

void push_struct(struct Node *node) {
  generate_address(node);
  emit_sub_rsp(slot_size(node->type));
  emit_move(RCX, RSP);
  emit_copy(node->type->size);
}

void push_argument(struct Node *node) {
  if (is_record(node->type))
    push_struct(node);
  else if (node->kind == NODE_INTEGER && fits_32(node->value)) {
    if (fits_8(node->value))
      emit2(0x6A, node->value);                       // push imm8
    else {
      emit1(0x68);                                    // push imm32
      emit_32(node->value);
    }
    pushed_bytes += 8;
  } else if (is_direct(node) && node->type->size == 8) {
    emit1(0xFF);                                      // push qword [place]
    emit_place(6, node, RAX);
    pushed_bytes += 8;
  } else {
    generate(node);
    if (is_floating(node->type))
      push_float(node->type);
    else
      emit_push(RAX);
  }
}

void generate_call(struct Node *node) {
  struct Node *argument;
  struct Node *function = node->left;
  long pushed_before = pushed_bytes;
  for (argument = node->arguments; argument; argument = argument->next)
    push_argument(argument);
  if (is_record(node->type)) {
    load_address(RAX, local_node(node->value, node->type, node->at));
    emit_push(RAX);
  }
  if (function->kind == NODE_ADDRESS && function->left->kind == NODE_GLOBAL && function->left->value == 0) {
    emit1(0xE8);                                      // call function
    add_fixup(this_function, FIXUP_RELATIVE, code_length, function->left->object, 0);
    emit_32(0);
  } else {
    generate(function);
    emit2(0xFF, 0xD0);                                // call rax
  }
  emit_add_rsp(pushed_bytes - pushed_before);
}

// ---- Builtins ----

// __builtin_syscall(n, a, b, c, d, e, f)
void generate_system_call(struct Node *node) {
  struct Node *argument;
  for (argument = node->arguments; argument; argument = argument->next)
    push_argument(argument);
  emit_pop(RAX);
  emit_pop(RDI);
  emit_pop(RSI);
  emit_pop(RDX);
  emit2(0x41, 0x5A);                                  // pop r10
  emit2(0x41, 0x58);                                  // pop r8
  emit2(0x41, 0x59);                                  // pop r9
  pushed_bytes -= 24;
  emit2(0x0F, 0x05);                                  // syscall
}

// __builtin_setjmp(buffer): rbp, rsp and the place to go on are all that a function's state consists of.
void generate_setjmp(struct Node *node) {
  generate(node->left);
  emit3(0x48, 0x89, 0x28);                            // mov [rax], rbp
  emit4(0x48, 0x89, 0x60, 8);                         // mov [rax + 8], rsp
  emit3(0x48, 0x8D, 0x0D);                            // lea rcx, [rip + 6]: after the xor
  emit_32(6);
  emit4(0x48, 0x89, 0x48, 16);                        // mov [rax + 16], rcx
  emit2(0x31, 0xC0);                                  // xor eax, eax
}

// __builtin_longjmp(buffer, value): the setjmp returns value, or 1 if that is 0.
void generate_longjmp(struct Node *node) {
  struct Label *is_set = new_label();
  generate_operands(node->right, node->left);         // eax = value, rcx = buffer
  emit2(0x85, 0xC0);                                  // test eax, eax
  emit_jump_if(IF_NOT_EQUAL, is_set);
  emit_constant(RAX, 1);
  place_label(is_set);
  emit3(0x48, 0x8B, 0x29);                            // mov rbp, [rcx]
  emit4(0x48, 0x8B, 0x61, 8);                         // mov rsp, [rcx + 8]
  emit3(0xFF, 0x61, 16);                              // jmp [rcx + 16]
}

// __builtin_alloca(size): lowers the stack, which the return restores. No temporary may lie on it.
void generate_alloca(struct Node *node) {
  if (pushed_bytes != 0)
    fail(node->at, "alloca within an expression that needs the stack");
  generate(node->left);
  add_constant(RAX, 15);
  emit4(0x48, 0x83, 0xE0, 0xF0);                      // and rax, -16
  emit3(0x48, 0x29, 0xC4);                            // sub rsp, rax
  emit_move(RAX, RSP);
}

// The first code of the program: calls __libc_start(long *stack), which never returns.
struct Object *make_start(struct Object *libc_start) {
  struct Object *start = new_object("start code", function_returning(type_void), no_token);
  this_function = start;
  code_length = 0;
  emit_move(RAX, RSP);
  emit_push(RAX);
  emit1(0xE8);                                        // call __libc_start
  add_fixup(start, FIXUP_RELATIVE, code_length, libc_start, 0);
  emit_32(0);
  emit2(0x0F, 0x0B);                                  // ud2
  start->bytes = allocate(code_length);
  long i;
  for (i = 0; i < code_length; i++)
    start->bytes[i] = code[i];
  start->size = code_length;
  start->state = OBJECT_DEFINED;
  start->section = SECTION_TEXT;
  return start;
}
