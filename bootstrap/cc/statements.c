// statements.c: statements. Their code is made while they are read.

void parse_statement();
void parse_declaration();

// ---- Where break, continue and goto lead ----

struct Label *break_label;    // 0 outside of loops and switches
struct Label *continue_label;

struct GotoLabel {
  char *name;
  struct Label *label;
  long is_placed;
  struct Token *at;
  struct GotoLabel *next;
};

enum { LABEL_HASH_SIZE = 256 };

struct GotoLabel **goto_labels;   // hash table of the function's labels; 0 if there is none yet

struct GotoLabel *goto_label(char *name, struct Token *place) {
  if (!goto_labels)
    goto_labels = (struct GotoLabel **)allocate(LABEL_HASH_SIZE * sizeof(char *));
  long hash = hash_pointer(name) & (LABEL_HASH_SIZE - 1);
  struct GotoLabel *found = goto_labels[hash];
  while (found && found->name != name)
    found = found->next;
  if (!found) {
    found = (struct GotoLabel *)allocate(sizeof(struct GotoLabel));
    found->name = name;
    found->label = new_label();
    found->at = place;
    found->next = goto_labels[hash];
    goto_labels[hash] = found;
  }
  return found;
}

void check_goto_labels() {
  struct GotoLabel *checked;
  long i;
  if (goto_labels)
    for (i = 0; i < LABEL_HASH_SIZE; i++)
      for (checked = goto_labels[i]; checked; checked = checked->next)
        if (!checked->is_placed)
          fail_name(checked->at, "no such label", checked->name);
}

long labels_placed;           // counts goto labels and cases: places to which control may jump

void parse_goto_label() {
  struct GotoLabel *found = goto_label(token->text, token);
  labels_placed++;
  if (found->is_placed)
    fail_name(token, "label defined twice", found->name);
  found->is_placed = 1;
  place_label(found->label);
  advance();
  advance();
  parse_attributes();
}

// ---- Blocks ----

void open_block() {
  enter_scope();
  scope->frame_used = frame_used;
}

void close_block() {
  frame_used = scope->frame_used;
  leave_scope();
}

void parse_block_items() {
  while (!accept(T_RIGHT_BRACE)) {
    if (token_is(T_END))
      fail(token, "expected }");
    if (begins_type(token) && !(token_is(T_IDENTIFIER) && peek()->kind == T_COLON))
      parse_declaration();
    else
      parse_statement();
  }
}

void parse_block() {
  advance();
  open_block();
  parse_block_items();
  close_block();
}

// ( expression ) of if, while, do, switch
struct Node *parse_parenthesized() {
  expect(T_LEFT_PARENTHESIS, "expected (");
  struct Node *node = parse_expression();
  expect(T_RIGHT_PARENTHESIS, "expected )");
  return node;
}

// ---- if and loops ----

// A statement of an if. If the condition says that it is never executed, and nothing jumps into it, its
// code stays where it is, but the functions that it names need not exist.
void parse_branch(long is_dead) {
  struct Fixup *fixups = this_function->fixups;
  long labels_before = labels_placed;
  parse_statement();
  if (is_dead && labels_placed == labels_before)
    this_function->fixups = fixups;
}

void parse_if() {
  struct Label *otherwise = new_label();
  struct Label *end = new_label();
  struct Node *condition = condition_of(parse_parenthesized());
  generate_branch(condition, otherwise, 0);
  parse_branch(known_truth(condition) == 0);
  if (keyword_of(token) != KEYWORD_ELSE) {
    place_label(otherwise);
    return;
  }
  advance();
  emit_jump(end);
  place_label(otherwise);
  parse_branch(known_truth(condition) == 1);
  place_label(end);
}

// The statement of a loop, with the labels for break and continue.
void parse_loop_body(struct Label *end, struct Label *next) {
  struct Label *outer_break = break_label;
  struct Label *outer_continue = continue_label;
  break_label = end;
  continue_label = next;
  parse_statement();
  break_label = outer_break;
  continue_label = outer_continue;
}

void parse_while() {
  struct Label *start = new_label();
  struct Label *end = new_label();
  place_label(start);
  generate_branch(condition_of(parse_parenthesized()), end, 0);
  parse_loop_body(end, start);
  emit_jump(start);
  place_label(end);
}

void parse_do() {
  struct Label *start = new_label();
  struct Label *next = new_label();
  struct Label *end = new_label();
  place_label(start);
  parse_loop_body(end, next);
  if (!accept_keyword(KEYWORD_WHILE))
    fail(token, "expected while after the body of do");
  place_label(next);
  generate_branch(condition_of(parse_parenthesized()), start, 1);
  place_label(end);
  expect(T_SEMICOLON, "expected ; after do");
}

void parse_for_first() {
  if (begins_type(token))
    parse_declaration();
  else {
    if (!token_is(T_SEMICOLON))
      generate_effect(value_of(parse_expression()));
    expect(T_SEMICOLON, "expected ; in for");
  }
}

// The third expression is read before the body, but its code comes after it: its tree waits.
void parse_for() {
  struct Label *start = new_label();
  struct Label *next = new_label();
  struct Label *end = new_label();
  struct Node *advancing = 0;
  open_block();
  expect(T_LEFT_PARENTHESIS, "expected ( after for");
  parse_for_first();
  place_label(start);
  if (!token_is(T_SEMICOLON))
    generate_branch(condition_of(parse_expression()), end, 0);
  expect(T_SEMICOLON, "expected ; in for");
  if (!token_is(T_RIGHT_PARENTHESIS))
    advancing = value_of(parse_expression());
  expect(T_RIGHT_PARENTHESIS, "expected ) after for");
  parse_loop_body(end, next);
  place_label(next);
  if (advancing)
    generate_effect(advancing);
  emit_jump(start);
  place_label(end);
  close_block();
}

// ---- switch ----

struct Case {
  long low;
  long high;
  struct Label *label;
  struct Token *at;
  struct Case *next;
};

struct Switch {
  struct Type *type;          // of the promoted expression
  struct Case *cases;
  long count;
  struct Label *default_label;
  struct Switch *outer;
};

struct Switch *this_switch;

long case_less(long a, long b) {
  if (this_switch->type->is_unsigned)
    return ult(a, b);
  return a < b;
}

// The cases as an array in rising order (merging halves).
struct Case *merge_cases(struct Case *a, struct Case *b) {
  struct Case *first = 0;
  struct Case *last = 0;
  while (a || b) {
    struct Case *taken;
    if (!b || (a && !case_less(b->low, a->low))) {
      taken = a;
      a = a->next;
    } else {
      taken = b;
      b = b->next;
    }
    if (last)
      last->next = taken;
    else
      first = taken;
    last = taken;
  }
  if (last)
    last->next = 0;
  return first;
}

struct Case *sort_cases(struct Case *list, long count) {
  struct Case *middle = list;
  struct Case *rest;
  long i;
  if (count < 2)
    return list;
  for (i = 1; i < count / 2; i++)
    middle = middle->next;
  rest = middle->next;
  middle->next = 0;
  return merge_cases(sort_cases(list, count / 2), sort_cases(rest, count - count / 2));
}

// cmp rax, value
void emit_compare_case(long value) {
  long is_wide = this_switch->type->size == 8;
  if (!is_wide)
    value = wrap(value, type_int);                    // the processor extends it by its sign
  if (fits_32(value)) {
    emit_wide(is_wide);
    emit1(0x3D);                                      // cmp rax, imm32
    emit_32(value);
  } else {
    emit_constant(RCX, value);
    emit3(0x48, 0x39, 0xC8);                          // cmp rax, rcx
  }
}

// Binary search among count sorted cases; falls to otherwise if none fits.
void emit_case_search(struct Case **cases, long count, struct Label *otherwise) {
  if (count == 0) {
    emit_jump(otherwise);
    return;
  }
  struct Case *middle = cases[count / 2];
  struct Label *below = new_label();
  emit_compare_case(middle->low);
  if (middle->low == middle->high)
    emit_jump_if(IF_EQUAL, middle->label);
  if (count > 1 || middle->low != middle->high)
    emit_jump_if(condition_code(NODE_LESS, this_switch->type->is_unsigned), below);
  if (middle->low != middle->high) {
    emit_compare_case(middle->high);
    emit_jump_if(condition_code(NODE_LESS_EQUAL, this_switch->type->is_unsigned), middle->label);
  }
  emit_case_search(cases + count / 2 + 1, count - count / 2 - 1, otherwise);
  place_label(below);
  if (count > 1 || middle->low != middle->high)
    emit_case_search(cases, count / 2, otherwise);
}

void check_case_overlap(struct Case *sorted) {
  while (sorted && sorted->next) {
    if (!case_less(sorted->high, sorted->next->low))
      fail(sorted->next->at, "two cases for one value");
    sorted = sorted->next;
  }
}

void emit_dispatch(struct Label *end) {
  struct Case *sorted = sort_cases(this_switch->cases, this_switch->count);
  struct Case **cases = (struct Case **)allocate((this_switch->count + 1) * sizeof(char *));
  long i;
  check_case_overlap(sorted);
  for (i = 0; sorted; i++) {
    cases[i] = sorted;
    sorted = sorted->next;
  }
  struct Label *otherwise = end;
  if (this_switch->default_label)
    otherwise = this_switch->default_label;
  emit_case_search(cases, this_switch->count, otherwise);
}

// The comparisons come after the body, when all cases are known; rax keeps the value on the way there.
void parse_switch() {
  struct Label *dispatch = new_label();
  struct Label *end = new_label();
  struct Label *outer_break = break_label;
  struct Token *place = token;
  struct Node *value = value_of(parse_parenthesized());
  if (!is_integer(value->type))
    fail(place, "a switch needs an integer");
  value = promote(value);
  struct Switch *inner = (struct Switch *)allocate(sizeof(struct Switch));
  inner->type = value->type;
  inner->outer = this_switch;
  this_switch = inner;
  break_label = end;
  generate(value);
  emit_jump(dispatch);
  parse_statement();
  emit_jump(end);
  place_label(dispatch);
  emit_dispatch(end);
  place_label(end);
  break_label = outer_break;
  this_switch = inner->outer;
}

void parse_case() {
  struct Case *new_case = (struct Case *)allocate(sizeof(struct Case));
  labels_placed++;
  if (!this_switch)
    fail(token, "case outside of a switch");
  new_case->at = token;
  new_case->low = wrap(parse_constant("the value of a case is not a constant"), this_switch->type);
  new_case->high = new_case->low;
  if (accept(T_ELLIPSIS))
    new_case->high = wrap(parse_constant("the value of a case is not a constant"), this_switch->type);
  expect(T_COLON, "expected : after case");
  if (case_less(new_case->high, new_case->low))
    fail(new_case->at, "an empty range of values");
  new_case->label = new_label();
  place_label(new_case->label);
  new_case->next = this_switch->cases;
  this_switch->cases = new_case;
  this_switch->count++;
}

void parse_default() {
  labels_placed++;
  if (!this_switch)
    fail(token, "default outside of a switch");
  if (this_switch->default_label)
    fail(token, "two defaults in one switch");
  expect(T_COLON, "expected : after default");
  this_switch->default_label = new_label();
  place_label(this_switch->default_label);
}

// ---- Jumps ----

struct Type *this_result;     // the type that the function returns
long hidden_result;           // where its address is, for a struct

void parse_return(struct Token *place) {
  if (!token_is(T_SEMICOLON)) {
    struct Node *value = parse_expression();
    if (this_result->kind == TYPE_VOID) {
      value = value_of(value);
      if (value->type->kind != TYPE_VOID)
        fail(place, "a value returned from a void function");
      generate_effect(value);
    } else
      generate_result(convert_for_assignment(value, this_result), hidden_result);
  }
  expect(T_SEMICOLON, "expected ; after return");
  emit_return();
}

void parse_jump(struct Label *label, char *message, struct Token *place) {
  if (!label)
    fail(place, message);
  emit_jump(label);
  expect(T_SEMICOLON, "expected ;");
}

void parse_goto() {
  struct Token *place = token;
  emit_jump(goto_label(expect_name("expected a label"), place)->label);
  expect(T_SEMICOLON, "expected ; after goto");
}

void parse_static_assert() {
  struct Token *place = token;
  expect(T_LEFT_PARENTHESIS, "expected ( after _Static_assert");
  if (!parse_constant("the condition is not a constant"))
    fail(place, "the assertion is false");
  if (accept(T_COMMA))
    expect(T_STRING, "expected a string");
  expect(T_RIGHT_PARENTHESIS, "expected ) after _Static_assert");
  expect(T_SEMICOLON, "expected ; after _Static_assert");
}

// ---- Statements ----

void parse_keyword_statement(long keyword) {
  struct Token *place = token;
  advance();
  if (keyword == KEYWORD_IF)
    parse_if();
  else if (keyword == KEYWORD_WHILE)
    parse_while();
  else if (keyword == KEYWORD_DO)
    parse_do();
  else if (keyword == KEYWORD_FOR)
    parse_for();
  else if (keyword == KEYWORD_SWITCH)
    parse_switch();
  else if (keyword == KEYWORD_BREAK)
    parse_jump(break_label, "break outside of a loop or switch", place);
  else if (keyword == KEYWORD_CONTINUE)
    parse_jump(continue_label, "continue outside of a loop", place);
  else if (keyword == KEYWORD_GOTO)
    parse_goto();
  else if (keyword == KEYWORD_RETURN)
    parse_return(place);
  else if (keyword == KEYWORD_STATIC_ASSERT)
    parse_static_assert();
  else if (keyword == KEYWORD_ASM)
    fail(place, "inline assembly is not supported");
  else
    fail(place, "unexpected keyword");
}

// Reads one label; the result is 0 if there is none.
long parse_label() {
  if (accept_keyword(KEYWORD_CASE))
    parse_case();
  else if (accept_keyword(KEYWORD_DEFAULT))
    parse_default();
  else if (token_is(T_IDENTIFIER) && keyword_of(token) == KEYWORD_NONE && peek()->kind == T_COLON)
    parse_goto_label();
  else
    return 0;
  return 1;
}

// Reads a statement and makes its code.
void parse_statement() {
  long is_labelled = 0;
  nest();
  while (parse_label())
    is_labelled = 1;
  long keyword = keyword_of(token);
  if (token_is(T_LEFT_BRACE))
    parse_block();
  else if (keyword >= KEYWORD_IF && keyword < KEYWORD_SIZEOF)
    parse_keyword_statement(keyword);
  else if (!accept(T_SEMICOLON) && !(is_labelled && token_is(T_RIGHT_BRACE))) {
    generate_effect(value_of(parse_expression()));
    expect(T_SEMICOLON, "expected ;");
  }
  unnest();
}
