# Expressions.
#
# A routine that compiles an expression leaves it in r9, r10 and r11, and often not much of it is in the code yet:
#   r9 0  a value in rax
#      1  a place: at rax + r11
#      2  a local variable: at rbp + r11
#      3  the constant r11
#      4  a condition in the flags: r11 says which, see `conditions`
#   r10   its type
# `load` makes 0 of all of them, and with that every value is a 64-bit word.

# Compile an expression, with everything in it.
:expression
    call %deeper
    call %conditional_or_assignment
    dec_qword[rip+DWORD] %depth
    ret

# Count that something is inside of something else: that needs some of the stack, so there has to be an end to it. Who calls this takes it
# back from `depth` when the inner thing is behind it.
:deeper
    inc_qword[rip+DWORD] %depth
    mov_rax,[rip+DWORD] %depth
    cmp_rax, %500
    ja %nesting_is_deep
    ret
:nesting_is_deep
    call %fail "more than 500 statements and expressions inside each other"
:depth ~0

# The same, and have its value in rax when the code runs.
:value_of_expression
    call %expression
# Have the value in rax when the code runs.
:load
    test_r9d,r9d
    je %load_type
    cmp_r9d, %2
    jb %load_place
    je %load_local
    cmp_r9d, %4
    jb %load_constant
# A condition: 0 or 1.
    call %emit "set"
    call %emit_condition
    call %emit "_al\nmovzx_eax,al\n"
    jmp %loaded
:load_constant
    test_r11,r11
    je %load_zero
    movsxd_rax,r11d
    cmp_rax,r11                   # four bytes are enough
    jne %load_large
    call %emit "mov_rax, %"
    mov_rax,r11
    call %emit_number_line
    jmp %loaded
:load_large
    call %emit "mov_rax,QWORD ~"
    mov_rax,r11
    call %emit_number_line
    jmp %loaded
:load_zero
    call %emit "xor_eax,eax\n"
    jmp %loaded
:load_local
    call %emit "mov_rax,[rbp+DWORD] %"
    mov_rax,r11
    call %emit_number_line
    jmp %loaded
:load_place
    cmp_r10d, %0x100              # char
    je %load_char
    call %emit "mov_rax,[rax+DWORD] %"
    mov_rax,r11
    call %emit_number_line
    jmp %loaded
:load_char
    call %emit "movzx_eax,byte[rax+DWORD] %"
    mov_rax,r11
    call %emit_number_line
:loaded
    xor_r9d,r9d
:load_type
    cmp_r10, %0x100               # a char is a long once it is loaded
    je %value_is_long
    test_r10b,r10b
    jne %return                   # a pointer
    cmp_r10, %0x200               # void: only as a call that stands for itself
    jbe %return
    call %fail "a struct has no value; what has one is a field of it"
:value_is_long
    xor_r10d,r10d
    ret

# Write the condition r11.
:emit_condition
    lea_rsi,[rip+DWORD] %conditions
    lea_rsi,[rsi+r11*4]
    call %measure
    jmp %emit_text
# Conditions after cmp_rax,rcx or test_rax,rax; each two are opposites.
:conditions
    "e" '00 00'                   # 0 equal
    "ne" '00'                     # 1 not equal
    "l" '00 00'                   # 2 less
    "ge" '00'                     # 3 greater or equal
    "g" '00 00'                   # 4 greater
    "le" '00'                     # 5 less or equal

# Jump to the label rax if the expression is false.
:jump_if_false
    push_rax
    cmp_r9d, %4
    je %jump_on_condition
    cmp_r9d, %3
    je %jump_on_constant
    call %load
    call %emit "test_rax,rax\n"
    mov_r11d, %1                  # true: not equal to zero
:jump_on_condition
    xor_r11, %1
    call %emit "j"
    call %emit_condition
    call %emit " %L_"
    pop_rax
    jmp %emit_number_line
:jump_on_constant
    pop_rax
    test_r11,r11
    je %emit_jump
    ret

# Assignments, and what is none.
:conditional_or_assignment
    call %conditional
    cmp_r8d, %0x3D                # '='
    je %assign
    cmp_r8d, %0x3D2B              # "+="
    je %assign_sum
    cmp_r8d, %0x3D2D              # "-="
    je %assign_sum
    ret

:assign
    call %next_token
    cmp_r9d, %2
    je %assign_local
    call %check_place
    push_r10
    push_r11
    push_r13                      # if the value needs no code, the address needs not to be put aside
    call %emit "push_rax\n"
    push_r13
    call %value_without_code
    je %assign_simple
    pop_rax
    pop_rax
    call %load
    call %emit "pop_rcx\n"
    jmp %store
:assign_simple
    pop_rax
    pop_r13
    call %emit "mov_rcx,rax\n"
    call %load
# Store rax at rcx + distance, where distance and type have been pushed.
:store
    pop_r11
    pop_r10
    cmp_r10, %0x100               # char
    je %store_char
    call %check_word
    call %emit "mov_[rcx+DWORD],rax %"
    mov_rax,r11
    jmp %emit_number_line
:store_char
    call %emit "mov_[rcx+DWORD],al %"
    mov_rax,r11
    call %emit_number_line
    call %emit "movzx_eax,al\n"   # the value of the assignment
    xor_r10d,r10d
    ret

:assign_local
    push_r10
    push_r11
    call %expression
    call %load
    pop_r11
    pop_r10
    jmp %store_local

# `place += value` and `place -= value`: the token.
:assign_sum
    movzx_edi,r8b                 # '+' or '-'
    cmp_r9d, %2
    je %assign_sum_local
    call %check_place
    push_rdi
    call %next_token
    pop_rdi
    push_r10
    push_r11
    push_rdi
    call %emit "push_rax\n"
    call %load
    pop_rdi
    xor_esi,esi
    call %combine
    call %load
    call %emit "pop_rcx\n"
    jmp %store
:assign_sum_local
    push_rdi
    call %next_token
    pop_rdi
    push_r10
    push_r11
    xor_esi,esi
    call %combine
    call %load
    pop_r11
    pop_r10
# Store rax in the local variable r11.
:store_local
    call %emit "mov_[rbp+DWORD],rax %"
    mov_rax,r11
    call %emit_number_line
    xor_r9d,r9d
    ret

# Compile an assignment. Compare for je: is it a constant or a local variable, and nothing has been written since the last r13
# that was pushed? Then it can be loaded whenever one likes.
:value_without_code
    call %expression
:is_without_code
    cmp_r9d, %2
    je %is_without_code_yet
    cmp_r9d, %3
    jne %return
:is_without_code_yet
    cmp_r13,[rsp+BYTE] !8         # above the address to return to
    ret

:check_place
    cmp_r9d, %1
    je %return
    call %fail "this has no place that could be changed"
:check_word
    test_r10b,r10b
    jne %return
    test_r10,r10
    je %return
    call %fail "a struct cannot be assigned"

# `a ? b : c`
:conditional
    mov_esi, %1
    call %binary
    cmp_r8d, %0x3F                # '?'
    jne %return
    call %new_label               # for c
    push_rax
    call %jump_if_false
    call %next_token
    call %value_of_expression
    pop_rcx                       # the label
    push_r10                      # b's type
    push_rcx
    call %new_label               # for the end
    pop_rcx
    push_rax
    push_rcx
    call %emit_jump
    pop_rax
    call %emit_label
    mov_eax, %0x3A                # ':'
    call %expect
    call %deeper
    call %conditional
    dec_qword[rip+DWORD] %depth
    call %load
    pop_rax
    call %emit_label
    pop_rax
    test_al,al                    # a pointer, where c may be a 0
    je %return
    mov_r10,rax
    ret

# Operators between two values, of at least the precedence esi.
:binary
    push_rsi
    call %unary
:binary_goes_on
    call %precedence
    cmp_eax,[rsp]
    jb %binary_ends
    cmp_r8d, %0x7C7C              # "||"
    je %or_else
    cmp_r8d, %0x2626              # "&&"
    je %and_then
    lea_esi,[rax+BYTE] !1         # operators of the same precedence come later
    mov_edi,r8d
    push_rsi
    push_rdi
    call %next_token
    pop_rdi
    pop_rsi
    call %combine
    jmp %binary_goes_on
:binary_ends
    pop_rsi
    ret

# `a && b`, `a || b`: 0 or 1, without b if a decides.
:and_then
    call %new_label
    push_rax
    call %jump_if_false
    call %next_token
    mov_esi, %3
    call %binary
    pop_rax
    push_rax
    call %jump_if_false
    call %new_label
    pop_rcx
    push_rax
    push_rcx
    call %emit "mov_eax, %1\n"
    mov_rax,[rsp+BYTE] !8
    call %emit_jump
    pop_rax
    call %emit_label
    call %emit "xor_eax,eax\n"
    jmp %decided
:or_else
    call %new_label
    push_rax                      # for b
    call %jump_if_false
    call %new_label               # for the end
    pop_rcx
    push_rax
    push_rcx
    call %emit "mov_eax, %1\n"
    mov_rax,[rsp+BYTE] !8
    call %emit_jump
    pop_rax
    call %emit_label
    call %next_token
    mov_esi, %2
    call %binary
    cmp_r9d, %4
    je %or_else_flags
    call %load
    call %emit "test_rax,rax\n"
    mov_r9d, %4
    mov_r11d, %1
:or_else_flags
    call %load
:decided
    pop_rax
    call %emit_label
    xor_r9d,r9d
    xor_r10d,r10d
    jmp %binary_goes_on

# Give the precedence of the token as an operator between two values: eax, 0 if it is none.
:precedence
    mov_eax, %1
    cmp_r8d, %0x7C7C              # "||"
    je %return
    inc_eax                       # 2
    cmp_r8d, %0x2626              # "&&"
    je %return
    inc_eax                       # 3
    cmp_r8d, %0x7C                # '|'
    je %return
    inc_eax                       # 4
    cmp_r8d, %0x5E                # '^'
    je %return
    inc_eax                       # 5
    cmp_r8d, %0x26                # '&'
    je %return
    inc_eax                       # 6
    cmp_r8d, %0x3D3D              # "=="
    je %return
    cmp_r8d, %0x3D21              # "!="
    je %return
    inc_eax                       # 7
    cmp_r8d, %0x3C                # '<'
    je %return
    cmp_r8d, %0x3E                # '>'
    je %return
    cmp_r8d, %0x3D3C              # "<="
    je %return
    cmp_r8d, %0x3D3E              # ">="
    je %return
    inc_eax                       # 8
    cmp_r8d, %0x3C3C              # "<<"
    je %return
    cmp_r8d, %0x3E3E              # ">>"
    je %return
    inc_eax                       # 9
    cmp_r8d, %0x2B                # '+'
    je %return
    cmp_r8d, %0x2D                # '-'
    je %return
    inc_eax                       # 10
    cmp_r8d, %0x2A                # '*'
    je %return
    cmp_r8d, %0x2F                # '/'
    je %return
    cmp_r8d, %0x25                # '%'
    je %return
    xor_eax,eax
    ret

# Compile the right side of the operator edi, of precedence esi and above (0: an expression), and what both sides give.
# The left side is the present expression.
:combine
    push_rdi
    push_rsi
    call %load
    pop_rsi
    push_r10                      # the type of the left side
    push_r13                      # if the right side needs no code, the left side needs not to be put aside
    push_rsi
    call %emit "push_rax\n"
    pop_rsi
    push_r13
    test_esi,esi
    jne %combine_binary
    call %expression
    jmp %combine_right
:combine_binary
    call %binary
:combine_right
    call %is_without_code
    je %combine_simple
    pop_rax
    pop_rax
    call %load
    call %emit "mov_rcx,rax\npop_rax\n"
    jmp %operate
:combine_simple
    pop_rax
    pop_r13
    call %load_rcx

# The left side is in rax, the right side in rcx, its type in r10; operator and left type have been pushed.
:operate
    pop_rsi                       # type of the left side
    pop_rax                       # the operator
    xor_r9d,r9d
    cmp_eax, %0x2B                # '+'
    je %add
    cmp_eax, %0x2D                # '-'
    je %subtract
    xor_r10d,r10d                 # all others give numbers
    cmp_eax, %0x2A                # '*'
    je %multiply
    cmp_eax, %0x2F                # '/'
    je %divide
    cmp_eax, %0x25                # '%'
    je %remainder
    cmp_eax, %0x26                # '&'
    je %bits_and
    cmp_eax, %0x7C                # '|'
    je %bits_or
    cmp_eax, %0x5E                # '^'
    je %bits_xor
    cmp_eax, %0x3C3C              # "<<"
    je %shift_left
    cmp_eax, %0x3E3E              # ">>"
    je %shift_right
# What is left compares.
    mov_r9d, %4
    push_rax
    call %emit "cmp_rax,rcx\n"
    pop_rax
    xor_r11d,r11d
    cmp_eax, %0x3D3D              # "=="
    je %return
    inc_r11
    cmp_eax, %0x3D21              # "!="
    je %return
    inc_r11
    cmp_eax, %0x3C                # '<'
    je %return
    inc_r11
    cmp_eax, %0x3D3E              # ">="
    je %return
    inc_r11
    cmp_eax, %0x3E                # '>'
    je %return
    inc_r11                       # "<="
    ret

:multiply
    call %emit "imul_rax,rcx\n"
    ret
:divide
    call %emit "cqo\nidiv_rcx\n"
    ret
:remainder
    call %emit "cqo\nidiv_rcx\nmov_rax,rdx\n"
    ret
:bits_and
    call %emit "and_rax,rcx\n"
    ret
:bits_or
    call %emit "or_rax,rcx\n"
    ret
:bits_xor
    call %emit "xor_rax,rcx\n"
    ret
:shift_left
    call %emit "shl_rax,cl\n"
    ret
:shift_right
    call %emit "sar_rax,cl\n"
    ret

# A number beside a pointer counts what that points to.
:add
    test_sil,sil
    jne %add_to_pointer
    test_r10b,r10b
    je %add_words
    mov_rax,r10                   # number + pointer
    call %pointed_size
    cmp_rax, %1
    je %add_words
    push_rax
    call %emit "imul_rax,rax, %"
    pop_rax
    call %emit_number_line
    jmp %add_words
:add_to_pointer
    test_r10b,r10b
    jne %pointers_have_no_sum
    mov_r10,rsi
    call %emit_scale
:add_words
    call %emit "add_rax,rcx\n"
    ret
:pointers_have_no_sum
    call %fail "two pointers have no sum"

:subtract
    test_sil,sil
    je %subtract_from_number
    test_r10b,r10b
    jne %subtract_pointers
    mov_r10,rsi
    call %emit_scale
:subtract_words
    call %emit "sub_rax,rcx\n"
    ret
:subtract_from_number
    test_r10b,r10b
    je %subtract_words
    call %fail "a pointer cannot be taken from a number"
:subtract_pointers
    cmp_rsi,r10
    jne %pointers_differ
    call %subtract_words
    mov_rax,r10
    xor_r10d,r10d
    call %pointed_size
    cmp_rax, %1
    je %return
    push_rax
    call %emit "mov_rcx, %"
    pop_rax
    call %emit_number_line
    jmp %divide
:pointers_differ
    call %fail "pointers to different types have no difference"

# Multiply rcx by the size of what the pointer type r10 points to.
:emit_scale
    mov_rax,r10
    call %pointed_size
    cmp_rax, %1
    je %return
    push_rax
    call %emit "imul_rcx,rcx, %"
    pop_rax
    jmp %emit_number_line

# Load a constant or a local variable into rcx.
:load_rcx
    cmp_r9d, %2
    je %load_rcx_local
    movsxd_rax,r11d
    cmp_rax,r11                   # four bytes are enough
    jne %load_rcx_large
    call %emit "mov_rcx, %"
    jmp %load_rcx_number
:load_rcx_large
    call %emit "mov_rcx,QWORD ~"
    jmp %load_rcx_number
:load_rcx_local
    call %emit "mov_rcx,[rbp+DWORD] %"
:load_rcx_number
    mov_rax,r11
    jmp %emit_number_line

